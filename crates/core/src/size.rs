use std::fmt;
use std::str::FromStr;

use crate::suggest::did_you_mean;

/// Width and height of an image in pixels.
///
/// Written as a preset's name or as `WIDTHxHEIGHT`:
///
/// ```
/// use spark_t2i_core::Size;
///
/// assert_eq!("16:9-2k".parse(), Ok(Size { width: 2560, height: 1440 }));
/// assert_eq!("9:16".parse(), Ok(Size { width: 936, height: 1664 }));
/// assert_eq!("1000x800".parse(), Ok(Size { width: 1000, height: 800 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// A size that the specification recommends, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Preset {
    /// The aspect ratio, with `-2k` for the high-definition one: `16:9`, `9:16-2k`.
    pub name: &'static str,
    /// Its pixels.
    pub size: Size,
}

const fn preset(name: &'static str, width: u32, height: u32) -> Preset {
    Preset { name, size: Size { width, height } }
}

impl Size {
    /// What the service takes when no size is given.
    pub const DEFAULT: Self = Self { width: 1328, height: 1328 };

    /// The specification's table of recommended sizes, and each of them turned upright.
    pub const PRESETS: [Preset; 18] = [
        preset("1:1", 1328, 1328),
        preset("4:3", 1472, 1104),
        preset("3:2", 1584, 1056),
        preset("16:9", 1664, 936),
        preset("21:9", 2016, 864),
        preset("3:4", 1104, 1472),
        preset("2:3", 1056, 1584),
        preset("9:16", 936, 1664),
        preset("9:21", 864, 2016),
        preset("1:1-2k", 2048, 2048),
        preset("4:3-2k", 2304, 1728),
        preset("3:2-2k", 2496, 1664),
        preset("16:9-2k", 2560, 1440),
        preset("21:9-2k", 3024, 1296),
        preset("3:4-2k", 1728, 2304),
        preset("2:3-2k", 1664, 2496),
        preset("9:16-2k", 1440, 2560),
        preset("9:21-2k", 1296, 3024),
    ];
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A text that is neither a preset's name nor `WIDTHxHEIGHT`; the message says what was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSize(String);

impl fmt::Display for InvalidSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidSize {}

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let text = text.trim();
        if let Some(preset) = Self::PRESETS.iter().find(|preset| preset.name.eq_ignore_ascii_case(text)) {
            return Ok(preset.size);
        }
        if let Some((Ok(width), Ok(height))) =
            text.split_once(['x', 'X', '×']).map(|(width, height)| (width.trim().parse(), height.trim().parse()))
        {
            return Ok(Self { width, height });
        }
        let names = || Self::PRESETS.iter().map(|preset| preset.name);
        Err(InvalidSize(format!(
            "unknown size \"{}\"{}\nA size is WIDTHxHEIGHT, such as 2560x1440, or one of {}.",
            crate::printable(text, 40),
            did_you_mean(&text.to_ascii_lowercase(), names()),
            names().collect::<Vec<_>>().join(", ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in Size::PRESETS {
            assert_eq!(preset.name.parse(), Ok(preset.size));
            let request = crate::Request::new("a fox").with_size(preset.size);
            assert!(request.validate().is_valid(), "{}", preset.name);
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_answered_with_what_was_meant() {
        let message = "16;9-2k".parse::<Size>().unwrap_err().to_string();
        assert!(message.contains("did you mean \"16:9-2k\"?"), "{message}");
        assert!("banana".parse::<Size>().unwrap_err().to_string().contains("WIDTHxHEIGHT"));
        assert!("-5x10".parse::<Size>().is_err());
    }
}
