//! From arguments to a request: the specification's rules judge everything, so that a wrong value has the same code
//! here as in every language.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Read};

use spark_t2i::{Error, ErrorKind, Given, Parameters, Request, Size};

use crate::arguments::RequestOptions;
use crate::output::Output;

/// Far more than 800 characters, so that a prompt that is too long is told how long it is.
const MOST_PROMPT_BYTES: u64 = 1 << 20;

/// A width and a height as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sides {
    width: String,
    height: String,
}

/// A preset's name or `WIDTHxHEIGHT`. Sides that are numbers, but impossible ones, are left to the specification.
pub(crate) fn size(text: &str) -> Result<Sides, String> {
    text.parse().map(|Size { width, height }| Sides { width: width.to_string(), height: height.to_string() }).or_else(
        |unknown: spark_t2i::InvalidSize| match text.split_once(['x', 'X', '×']) {
            Some((width, height)) if is_number(width) && is_number(height) => {
                Ok(Sides { width: width.to_owned(), height: height.to_owned() })
            }
            _ => Err(unknown.to_string()),
        },
    )
}

impl RequestOptions {
    /// Reads the prompt from standard input where that is asked for, and checks everything.
    pub(crate) fn read(&self, output: Output) -> Result<Request, Error> {
        let prompt = if self.prompt == "-" { prompt_from_input(output)? } else { text(&self.prompt) };
        let sides = self.size.as_ref().map(|size| (Some(&size.width), Some(&size.height)));
        let (width, height) = sides.unwrap_or((self.width.as_ref(), self.height.as_ref()));
        let parameters = Parameters {
            prompt,
            use_pre_llm: if self.no_pre_llm { Given::Boolean(false) } else { Given::Null },
            seed: number(self.seed.as_ref()),
            width: number(width),
            height: number(height),
            unknown: Vec::new(),
        };
        let mut request = Request::from_parameters(&parameters)?;
        if let Some(model) = &self.model {
            request = request.model(model);
        }
        for warning in request.validate().warnings {
            output.warning(&warning.message);
        }
        Ok(request)
    }
}

fn text(given: &OsStr) -> Given<'_> {
    given.to_str().map_or(Given::IllFormedText, |text| Given::Text(text.into()))
}

fn number(given: Option<&String>) -> Given<'_> {
    match given {
        None => Given::Null,
        Some(text) if is_number(text) => Given::from_digits(text),
        Some(text) => Given::Text(text.as_str().into()),
    }
}

/// Whether JSON would call this a number: any other text is judged as a text.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok_and(|value| value.get() == text)
}

fn prompt_from_input(output: Output) -> Result<Given<'static>, Error> {
    if io::stdin().is_terminal() {
        output.note("Type the prompt; end it with Ctrl-D on a line of its own (Ctrl-Z on Windows).");
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(MOST_PROMPT_BYTES).read_to_end(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Io, format!("the prompt cannot be read from standard input: {error}")).with_source(error)
    })?;
    Ok(match String::from_utf8(bytes) {
        Ok(mut prompt) => {
            // The line break that `echo` and editors add is none of the prompt.
            if prompt.ends_with('\n') {
                prompt.pop();
                if prompt.ends_with('\r') {
                    prompt.pop();
                }
            }
            Given::Text(prompt.into())
        }
        Err(_) => Given::IllFormedText,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_sides_are_left_to_the_specification() {
        let sides = |width: &str, height: &str| Ok(Sides { width: width.to_owned(), height: height.to_owned() });
        assert_eq!(size("16:9-2k"), sides("2560", "1440"));
        assert_eq!(size("1000x800"), sides("1000", "800"));
        assert_eq!(size("99999999999x1"), sides("99999999999", "1"));
        assert_eq!(size("-5x1.5"), sides("-5", "1.5"));
        assert!(size("16;9").unwrap_err().contains("did you mean"));
        assert!(size("boxes").is_err());
    }

    #[test]
    fn what_is_no_number_is_judged_as_a_text() {
        let given = |text: &str| number(Some(&text.to_owned())) == Given::Text(text.to_owned().into());
        for text in ["", "abc", "0x10", "+5", "1_000", "NaN", "true", "null", "-", "１２", " 7", "7 "] {
            assert!(given(text), "{text}");
        }
        for text in ["7", "-1", "1.5", "1e3", "99999999999999999999999999999999999999999"] {
            assert!(!given(text), "{text}");
        }
    }
}
