use std::fmt;

use serde::{Serialize, Serializer};

/// An error code of the specification, or one that it does not know yet: shown everywhere as nine digits.
///
/// ```
/// use spark_t2i_core::Code;
///
/// assert_eq!(Code::INVALID_PROMPT.to_string(), "003001002");
/// assert_eq!(Code::new(3_001_002), Some(Code::INVALID_PROMPT));
/// assert_eq!(Code::new(3_001_500).and_then(Code::description), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u32);

impl Code {
    /// 003001001: the prompt is missing.
    pub const MISSING_PROMPT: Self = Self(3_001_001);
    /// 003001002: the prompt is empty, too long or no text.
    pub const INVALID_PROMPT: Self = Self(3_001_002);
    /// 003001003: `use_pre_llm` is not a boolean.
    pub const INVALID_USE_PRE_LLM: Self = Self(3_001_003);
    /// 003001004: the seed is neither −1 nor a positive integer.
    pub const INVALID_SEED: Self = Self(3_001_004);
    /// 003001005: the width or the height is zero or negative.
    pub const INVALID_SIZE: Self = Self(3_001_005);
    /// 003001006: the aspect ratio is outside 1:3 to 3:1.
    pub const INVALID_ASPECT_RATIO: Self = Self(3_001_006);
    /// 003001007: only one of width and height was given.
    pub const INCOMPLETE_SIZE: Self = Self(3_001_007);
    /// 003001008: the width or the height is not an integer.
    pub const SIZE_NOT_INTEGER: Self = Self(3_001_008);
    /// 003001009: there are too few or too many pixels.
    pub const SIZE_OUT_OF_RANGE: Self = Self(3_001_009);
    /// 003001095: the generation failed inside the service.
    pub const GENERATION_ERROR: Self = Self(3_001_095);
    /// 003001096: the service could not read its own result.
    pub const RESULT_PARSING_ERROR: Self = Self(3_001_096);
    /// 003001097: the service got an HTTP error from behind.
    pub const HTTP_ERROR_RESPONSE: Self = Self(3_001_097);
    /// 003001098: the service could not read the state of the task.
    pub const STATUS_CHECK_ERROR: Self = Self(3_001_098);
    /// 003001099: the service could not create the task.
    pub const TASK_CREATION_ERROR: Self = Self(3_001_099);

    /// The specification's table of error codes with its descriptions, in its order.
    pub const TABLE: [(Self, &'static str); 14] = [
        (Self::MISSING_PROMPT, "Missing prompt"),
        (Self::INVALID_PROMPT, "Invalid prompt length (1-800 characters)"),
        (Self::INVALID_USE_PRE_LLM, "Invalid use_pre_llm parameter"),
        (Self::INVALID_SEED, "Invalid seed parameter (must be -1 or positive integer)"),
        (Self::INVALID_SIZE, "Invalid size parameter"),
        (Self::INVALID_ASPECT_RATIO, "Invalid aspect ratio (must be between 1:3 and 3:1)"),
        (Self::INCOMPLETE_SIZE, "Width and height must both be provided"),
        (Self::SIZE_NOT_INTEGER, "Width and height must be integers"),
        (Self::SIZE_OUT_OF_RANGE, "Width and height must be in 512-2048 range"),
        (Self::GENERATION_ERROR, "Internal generation error"),
        (Self::RESULT_PARSING_ERROR, "Result parsing error"),
        (Self::HTTP_ERROR_RESPONSE, "HTTP error response"),
        (Self::STATUS_CHECK_ERROR, "Status check error"),
        (Self::TASK_CREATION_ERROR, "Task creation error"),
    ];

    /// The code with this number, 1 to 999 999 999; none outside, where nine digits would not show it.
    pub fn new(number: u64) -> Option<Self> {
        u32::try_from(number).ok().filter(|number| (1..=999_999_999).contains(number)).map(Self)
    }

    /// The number without leading zeros, as the wire carries it.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The specification's description, or none for a code that is not in its table.
    pub fn description(self) -> Option<&'static str> {
        Self::TABLE.iter().find(|(code, _)| *code == self).map(|(_, description)| *description)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
