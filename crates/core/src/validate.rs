//! The rules of the specification, in the one place where they stand: `docs/spec/protocol.md`, "Validation".

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::{self, Object, Unreadable};
use crate::limits::{FEWEST_PIXELS, MOST_CHARACTERS, MOST_PIXELS, RECOMMENDED_CHARACTERS, WIDEST_RATIO};
use crate::suggest::did_you_mean;
use crate::{Code, Error, ErrorKind, printable};

/// The parameters of the specification, in the order in which violations are reported.
const PARAMETERS: [&str; 5] = ["prompt", "use_pre_llm", "seed", "width", "height"];

/// A parameter's value as a caller gave it, of whatever type it is: so that a wrong type gets the same verdict in
/// every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<'a> {
    /// Absent or null.
    Null,
    /// true or false.
    Boolean(bool),
    /// A number without a fractional part, `1.0` among them; at the bound where 128 bits do not hold it.
    Integer(i128),
    /// The same, where the language may have rounded it before it came here: another number may be meant.
    Rounded(i128),
    /// Any other number, NaN and the infinities among them.
    Fraction,
    /// A text.
    Text(Cow<'a, str>),
    /// A text that is not well-formed Unicode, such as one with a lone surrogate.
    IllFormedText,
    /// Anything else: a list, an object, bytes.
    Other,
}

impl Given<'_> {
    /// A binary float: an integer where it is integral.
    #[expect(clippy::cast_possible_truncation, reason = "a float beyond 128 bits stays at the bound, as documented")]
    pub fn from_float(number: f64) -> Self {
        if number.is_finite() && number.fract() == 0.0 { Self::Integer(number as i128) } else { Self::Fraction }
    }

    /// An integer in decimal digits, however long.
    pub fn from_digits(digits: &str) -> Self {
        json::whole_number(digits).map_or(Self::Fraction, Self::Integer)
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn integer(&self) -> Option<i128> {
        if let Self::Integer(value) | Self::Rounded(value) = self { Some(*value) } else { None }
    }

    fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(i128::MAX) => "a number of over 38 digits".to_owned(),
            Self::Integer(i128::MIN) => "a negative number of over 38 digits".to_owned(),
            Self::Integer(value) => value.to_string(),
            Self::Rounded(value) => format!("{value}, which may have been rounded: give every digit"),
            Self::Fraction => "a fractional number".to_owned(),
            Self::Text(text) => format!("the text \"{}\"", printable(text, 40)),
            Self::IllFormedText => "a text that is not well-formed Unicode".to_owned(),
            Self::Other => "a list or an object".to_owned(),
        }
    }
}

impl<'a> From<&'a RawValue> for Given<'a> {
    fn from(value: &'a RawValue) -> Self {
        match value.get().as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'"') => json::well_formed_text(value).map_or(Self::IllFormedText, |text| Self::Text(text.into())),
            Some(b'[' | b'{') | None => Self::Other,
            Some(_) => Self::from_digits(value.get()),
        }
    }
}

/// The parameters of a request as a caller gave them, before anything is known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters<'a> {
    /// The prompt.
    pub prompt: Given<'a>,
    /// Whether the prompt is expanded first.
    pub use_pre_llm: Given<'a>,
    /// The seed.
    pub seed: Given<'a>,
    /// The width.
    pub width: Given<'a>,
    /// The height.
    pub height: Given<'a>,
    /// Names that are no parameter of the specification and have a value other than null.
    pub unknown: Vec<Cow<'a, str>>,
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self {
            prompt: Given::Null,
            use_pre_llm: Given::Null,
            seed: Given::Null,
            width: Given::Null,
            height: Given::Null,
            unknown: Vec::new(),
        }
    }
}

impl<'a> Parameters<'a> {
    /// The parameters in a JSON object, every number exactly as it is written there.
    ///
    /// # Errors
    /// When the text is not a JSON object.
    pub fn from_json(text: &'a str) -> Result<Self, Unreadable> {
        Ok(Self::from_object(&Object::parse(text)?))
    }

    pub(crate) fn from_object(object: &Object<'a>) -> Self {
        let mut parameters = Self::default();
        // Of a name given twice the last value counts, here too.
        let mut unknown = BTreeMap::new();
        for (name, value) in object.members() {
            match parameters.known(name) {
                Some(parameter) => *parameter = value.into(),
                None => _ = unknown.insert(name, value.get() != "null"),
            }
        }
        parameters.unknown =
            unknown.into_iter().filter(|(_, given)| *given).map(|(name, _)| name.to_owned().into()).collect();
        parameters
    }

    /// Sets the parameter of this name. Any other name is noted as unknown, unless its value is null: null counts as
    /// absent, whatever the name.
    pub fn set(&mut self, name: &str, value: Given<'a>) {
        match self.known(name) {
            Some(parameter) => *parameter = value,
            None => {
                self.unknown.retain(|unknown| unknown != name);
                if value != Given::Null {
                    self.unknown.push(name.to_owned().into());
                }
            }
        }
    }

    fn known(&mut self, name: &str) -> Option<&mut Given<'a>> {
        Some(match name {
            "prompt" => &mut self.prompt,
            "use_pre_llm" => &mut self.use_pre_llm,
            "seed" => &mut self.seed,
            "width" => &mut self.width,
            "height" => &mut self.height,
            _ => return None,
        })
    }

    /// Checks the parameters by the rules of the specification: every violation, in the order prompt, `use_pre_llm`,
    /// seed, size, unknown parameters; the last by name, as an object of many languages keeps no order.
    pub fn check(&self) -> Report {
        let mut report = Report::default();
        self.check_prompt(&mut report);
        if !matches!(self.use_pre_llm, Given::Null | Given::Boolean(_)) {
            let message = format!("use_pre_llm must be true or false, not {}", self.use_pre_llm.shown());
            report.violation(Code::INVALID_USE_PRE_LLM, "use_pre_llm", message);
        }
        match self.seed {
            Given::Null | Given::Integer(-1 | 1..=0x7fff_ffff_ffff_ffff) => {}
            _ => {
                let message =
                    format!("seed must be -1 or an integer from 1 to {}, not {}", i64::MAX, self.seed.shown());
                report.violation(Code::INVALID_SEED, "seed", message);
            }
        }
        self.check_size(&mut report);
        let mut unknown: Vec<&str> = self.unknown.iter().map(AsRef::as_ref).collect();
        unknown.sort_unstable();
        for name in unknown {
            let meant = did_you_mean(&name.to_ascii_lowercase(), PARAMETERS);
            let message = format!("unknown parameter \"{}\"{meant}", printable(name, 40));
            report.violations.push(Violation { code: None, field: printable(name, 40).into(), message });
        }
        report
    }

    fn check_prompt(&self, report: &mut Report) {
        let prompt = match &self.prompt {
            Given::Null => return report.violation(Code::MISSING_PROMPT, "prompt", "prompt is missing".to_owned()),
            Given::Text(prompt) => prompt,
            Given::IllFormedText => {
                let message = "prompt is not well-formed Unicode: it holds half of a surrogate pair".to_owned();
                return report.violation(Code::INVALID_PROMPT, "prompt", message);
            }
            other => {
                let message = format!("prompt must be a text, not {}", other.shown());
                return report.violation(Code::INVALID_PROMPT, "prompt", message);
            }
        };
        let characters = prompt.chars().count();
        if characters > MOST_CHARACTERS {
            let message = format!("prompt has {characters} characters; at most {MOST_CHARACTERS} are allowed");
            report.violation(Code::INVALID_PROMPT, "prompt", message);
        } else if prompt.chars().all(char::is_whitespace) {
            let message = if characters == 0 { "prompt is empty" } else { "prompt is only white space" };
            report.violation(Code::INVALID_PROMPT, "prompt", message.to_owned());
        } else if characters > RECOMMENDED_CHARACTERS {
            report.warnings.push(Warning {
                field: "prompt".into(),
                message: format!(
                    "prompt has {characters} characters; at most {RECOMMENDED_CHARACTERS} are recommended: more may give an abnormal image or have no effect"
                ),
            });
        }
    }

    /// Only one side given, a side that is no integer, and a side that is not positive stop the rules after them.
    fn check_size(&self, report: &mut Report) {
        let sides = [("width", &self.width), ("height", &self.height)];
        if sides.iter().all(|(_, side)| **side == Given::Null) {
            return;
        }
        for ((name, side), (other, _)) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            if *side == Given::Null {
                let message = format!("{name} is missing: width and height go together, and {other} is given");
                return report.violation(Code::INCOMPLETE_SIZE, name, message);
            }
        }
        let (Some(width), Some(height)) = (self.width.integer(), self.height.integer()) else {
            for (name, side) in sides.into_iter().filter(|(_, side)| side.integer().is_none()) {
                let message = format!("{name} must be an integer, not {}", side.shown());
                report.violation(Code::SIZE_NOT_INTEGER, name, message);
            }
            return;
        };
        if width <= 0 || height <= 0 {
            for (name, side) in [("width", width), ("height", height)].into_iter().filter(|(_, side)| *side <= 0) {
                let message = format!("{name} must be positive, not {}", Given::Integer(side).shown());
                report.violation(Code::INVALID_SIZE, name, message);
            }
            return;
        }
        let size = || format!("{} × {}", Given::Integer(width).shown(), Given::Integer(height).shown());
        let widest_ratio = i128::from(WIDEST_RATIO);
        if width > height.saturating_mul(widest_ratio) || height > width.saturating_mul(widest_ratio) {
            let message = format!("the aspect ratio of {} is outside 1:3 to 3:1", size());
            report.violation(Code::INVALID_ASPECT_RATIO, "size", message);
        }
        let pixels = width.saturating_mul(height);
        if !(FEWEST_PIXELS.into()..=MOST_PIXELS.into()).contains(&pixels) {
            let message = format!(
                "{} has too {} pixels: the area must lie between 512×512 = {FEWEST_PIXELS} and 2048×2048 = {MOST_PIXELS}",
                size(),
                if pixels < FEWEST_PIXELS.into() { "few" } else { "many" }
            );
            report.violation(Code::SIZE_OUT_OF_RANGE, "size", message);
        }
    }
}

/// A rule that a request breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The code of the specification; none for an unknown parameter, which the specification has no code for.
    pub code: Option<Code>,
    /// The parameter, or `size` where width and height only together break the rule, or `parameters` for the whole.
    pub field: Cow<'static, str>,
    /// What is wrong, for people.
    pub message: String,
}

/// Something allowed that probably gives a poor image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The parameter.
    pub field: Cow<'static, str>,
    /// What may go wrong, for people.
    pub message: String,
}

/// The verdict on a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The broken rules; none in a valid request.
    pub violations: Vec<Violation>,
    /// Advice that keeps nobody from sending.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// The verdict on parameters in JSON, whatever the text is.
    ///
    /// ```
    /// use spark_t2i_core::{Code, Report};
    ///
    /// let report = Report::of_json(r#"{"prompt": "a fox", "seed": 0, "widht": 1024}"#);
    /// assert_eq!(report.violations[0].code, Some(Code::INVALID_SEED));
    /// assert_eq!(report.violations[1].message, r#"unknown parameter "widht"; did you mean "width"?"#);
    /// ```
    pub fn of_json(parameters: &str) -> Self {
        match Parameters::from_json(parameters) {
            Ok(parameters) => parameters.check(),
            Err(unreadable) => Self::unreadable(&unreadable),
        }
    }

    pub(crate) fn unreadable(unreadable: &Unreadable) -> Self {
        let message = format!("the parameters are {}", printable(&unreadable.to_string(), 200));
        Self { violations: vec![Violation { code: None, field: "parameters".into(), message }], warnings: Vec::new() }
    }

    /// Whether no rule is broken.
    pub fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }

    /// The violations as an error of kind `invalid_request`, nothing sent and nothing charged.
    pub fn into_error(self) -> Error {
        let message = match self.violations.as_slice() {
            [only] => only.message.clone(),
            all => all.iter().map(|violation| violation.message.as_str()).collect::<Vec<_>>().join("; "),
        };
        Error::new(ErrorKind::InvalidRequest, message)
            .with_code(self.violations.iter().find_map(|violation| violation.code))
            .with_violations(self.violations)
    }

    fn violation(&mut self, code: Code, field: &'static str, message: String) {
        self.violations.push(Violation { code: Some(code), field: field.into(), message });
    }
}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut report = serializer.serialize_struct("Report", 3)?;
        report.serialize_field("valid", &self.is_valid())?;
        report.serialize_field("violations", &self.violations)?;
        report.serialize_field("warnings", &self.warnings)?;
        report.end()
    }
}
