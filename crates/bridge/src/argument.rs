//! Values of languages whose own are of any type: one conversion in a binding serves parameters and options alike.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use spark_t2i::{Error, ErrorKind, Given, InvalidSize, Parameters, Report, Request, Size, printable};

/// A value as a caller gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// Nothing: null, none, undefined.
    Absent,
    /// true or false.
    Boolean(bool),
    /// A whole number; at the bound where 128 bits do not hold it.
    Integer(i128),
    /// A whole number that may have been rounded already: one beyond 2^53, where a language has no others.
    Rounded(i128),
    /// A binary float.
    Number(f64),
    /// A text.
    Text(String),
    /// A text or a path that is not well-formed Unicode, as the system would have it.
    IllFormedText(OsString),
    /// A list.
    List(Vec<Argument>),
    /// A map or an object.
    Map(Vec<(String, Argument)>),
    /// Anything else.
    Other,
}

impl Argument {
    /// A text of a language whose texts are UTF-16, and may hold half a surrogate pair.
    pub fn from_utf16(text: &[u16]) -> Self {
        match String::from_utf16(text) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::IllFormedText(ill_formed(text)),
        }
    }

    /// A number of a language whose whole numbers are binary floats, too: beyond 2^53 - 1 another one may be meant.
    #[expect(clippy::cast_possible_truncation, reason = "what 64 bits do not hold is refused whatever was meant")]
    pub fn from_only_number(number: f64) -> Self {
        let whole = number as i64;
        let is_whole = number.fract() == 0.0 && whole != i64::MAX;
        if is_whole && whole.unsigned_abs() >= 1 << 53 { Self::Rounded(whole.into()) } else { Self::Number(number) }
    }

    fn given(&self) -> Given<'_> {
        match self {
            Self::Absent => Given::Null,
            Self::Boolean(value) => Given::Boolean(*value),
            Self::Integer(number) => Given::Integer(*number),
            Self::Rounded(number) => Given::Rounded(*number),
            Self::Number(number) => Given::from_float(*number),
            Self::Text(text) => Given::Text(text.into()),
            Self::IllFormedText(_) => Given::IllFormedText,
            Self::List(_) | Self::Map(_) | Self::Other => Given::Other,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(number) | Self::Rounded(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            // It may be a secret in the wrong place.
            Self::Text(_) => "a text".to_owned(),
            Self::IllFormedText(_) => "a text that is not well-formed Unicode".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
            Self::Other => "a value of that type".to_owned(),
        }
    }
}

#[cfg(windows)]
fn ill_formed(text: &[u16]) -> OsString {
    std::os::windows::ffi::OsStringExt::from_wide(text)
}

/// Elsewhere no file is called so.
#[cfg(not(windows))]
fn ill_formed(text: &[u16]) -> OsString {
    String::from_utf16_lossy(text).into()
}

fn wrong(name: &str, expected: &str, given: &Argument) -> Error {
    Error::new(ErrorKind::InvalidRequest, format!("{name} must be {expected}, not {}", given.shown()))
}

/// What an option may be made of.
pub(crate) trait FromArgument: Sized {
    /// # Errors
    /// `invalid_request` that names the option.
    fn read(name: &str, argument: Argument) -> Result<Self, Error>;
}

impl FromArgument for bool {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        if let Argument::Boolean(value) = argument { Ok(value) } else { Err(wrong(name, "true or false", &argument)) }
    }
}

impl FromArgument for String {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        if let Argument::Text(text) = argument { Ok(text) } else { Err(wrong(name, "a text", &argument)) }
    }
}

impl FromArgument for PathBuf {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        match argument {
            Argument::Text(text) => Ok(text.into()),
            Argument::IllFormedText(text) => Ok(text.into()),
            other => Err(wrong(name, "a path", &other)),
        }
    }
}

impl FromArgument for f64 {
    #[expect(clippy::cast_precision_loss, reason = "an option of so many digits is far beyond its range")]
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        match argument {
            Argument::Integer(number) | Argument::Rounded(number) => Ok(number as Self),
            Argument::Number(number) => Ok(number),
            other => Err(wrong(name, "a number", &other)),
        }
    }
}

impl FromArgument for Duration {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        let shown = argument.shown();
        let seconds = f64::read(name, argument).unwrap_or(f64::NAN);
        if seconds.is_nan() || seconds < 0.0 {
            let message = format!("{name} must be a number of seconds of at least 0, not {shown}");
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        // What is more than a clock can count is "never".
        Ok(Self::try_from_secs_f64(seconds).unwrap_or(Self::MAX))
    }
}

macro_rules! whole {
    ($($number:ty)+) => {
        $(impl FromArgument for $number {
            fn read(name: &str, argument: Argument) -> Result<Self, Error> {
                let number = if let Given::Integer(number) = argument.given() { number.try_into().ok() } else { None };
                number.ok_or_else(|| wrong(name, &format!("a whole number from 0 to {}", <$number>::MAX), &argument))
            }
        })+
    };
}
whole!(u32 u64 usize);

impl FromArgument for Vec<String> {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        match argument {
            Argument::List(texts) => texts.into_iter().map(|text| String::read(name, text)).collect(),
            other => Err(wrong(name, "a list of texts", &other)),
        }
    }
}

impl FromArgument for HashMap<String, String> {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        match argument {
            Argument::Map(pairs) => {
                pairs.into_iter().map(|(key, value)| Ok((key, String::read(name, value)?))).collect()
            }
            other => Err(wrong(name, "a map of texts", &other)),
        }
    }
}

impl<T: FromArgument> FromArgument for Option<T> {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        if argument == Argument::Absent { Ok(None) } else { T::read(name, argument).map(Some) }
    }
}

/// The timeout of one call, in seconds, where one is given.
///
/// # Errors
/// `invalid_request` for anything but a number of seconds of at least 0.
pub fn timeout(argument: Argument) -> Result<Option<Duration>, Error> {
    Option::read("timeout", argument)
}

/// A file's path.
///
/// # Errors
/// `invalid_request` for anything but a text.
pub fn path(argument: Argument) -> Result<PathBuf, Error> {
    PathBuf::read("path", argument)
}

/// Options by name, for a struct that has a field for each.
pub(crate) fn options(
    argument: Argument,
    mut set: impl FnMut(&str, Argument) -> Result<bool, Error>,
) -> Result<(), Error> {
    let Argument::Map(pairs) = argument else { return Err(wrong("the options", "a map", &argument)) };
    for (name, value) in pairs {
        if !set(&name, value)? {
            let message = format!("there is no option \"{}\"", printable(&name, 40));
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
    }
    Ok(())
}

/// `baseUrl` as `base_url`.
pub(crate) fn snake_case(name: &str) -> String {
    let spelled = |letter: char| [letter.is_ascii_uppercase().then_some('_'), Some(letter.to_ascii_lowercase())];
    name.chars().flat_map(spelled).flatten().collect()
}

fn parameters(pairs: &[(String, Argument)]) -> Parameters<'_> {
    let mut parameters = Parameters::default();
    for (name, value) in pairs {
        parameters.set(name, value.given());
    }
    parameters
}

/// The request that a map of parameters stands for.
///
/// # Errors
/// `invalid_request` with every violation.
pub fn request(argument: &Argument, model: Option<String>) -> Result<Request, Error> {
    let Argument::Map(pairs) = argument else { return Err(report(argument).into_error()) };
    let request = Request::from_parameters(&parameters(pairs))?;
    Ok(match model {
        Some(model) => request.model(model),
        None => request,
    })
}

/// The verdict on parameters: a map, or JSON text.
pub fn report(argument: &Argument) -> Report {
    match argument {
        Argument::Map(pairs) => parameters(pairs).check(),
        Argument::Text(text) => Report::of_json(text),
        // No JSON text either, and told so.
        _ => Report::of_json(""),
    }
}

/// Width and height of a preset's name or of `WIDTHxHEIGHT`.
///
/// # Errors
/// `invalid_request` with what the text may be.
pub fn size(text: &str) -> Result<Size, Error> {
    // Two lines on a terminal, one in an error.
    let said = |error: InvalidSize| error.to_string().replace('\n', "; ");
    text.parse().map_err(|error| Error::new(ErrorKind::InvalidRequest, said(error)))
}
