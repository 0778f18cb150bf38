//! JSON read leniently and exactly: values stay text until somebody asks what they are, so that no number is rounded
//! on the way and one odd field never costs the whole answer.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

/// A body that is not the JSON object it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub(crate) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// An object's members in their order, each value still as its text. Of a name given twice the last one counts, as in
/// every widespread JSON library.
pub(crate) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The object that a whole text is; a byte order mark before it is passed over.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}');
        serde_json::from_str(text).map_err(|error| Unreadable(why_no_object(text, &error)))
    }

    /// The object in an answer's body, for `read`, together with the body's text. The words `NaN` and `Infinity` are
    /// passed over (see [`without_non_numbers`]), and what is not UTF-8 becomes U+FFFD: one bad byte in a message must
    /// not cost the task's id.
    pub(crate) fn in_answer<T>(body: &[u8], read: impl FnOnce(&Object<'_>, &str) -> T) -> Result<T, Unreadable> {
        let body = String::from_utf8_lossy(body);
        let body = body.trim_start_matches('\u{feff}').trim();
        match Object::parse(body) {
            Ok(object) => Ok(read(&object, body)),
            Err(error) => {
                let repaired = without_non_numbers(body).ok_or(error)?;
                Ok(read(&Object::parse(&repaired)?, &repaired))
            }
        }
    }

    /// The object that `value` is, if it is one.
    pub(crate) fn of(value: &'a RawValue) -> Option<Self> {
        serde_json::from_str(value.get()).ok()
    }

    /// The value of `name`; null counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        self.get(name).and_then(Object::of)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    /// Whether any member holds more than null, false, zero, or an empty text, list or object.
    pub(crate) fn says_something(&self) -> bool {
        self.members().any(|(_, value)| !is_empty(value))
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(8).min(64));
                while let Some((LenientText(name), value)) = map.next_entry::<LenientText, &'de RawValue>()? {
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Why a text is no object, in words of our own: they are part of what all languages have in common.
fn why_no_object(text: &str, error: &serde_json::Error) -> String {
    match error.classify() {
        _ if text.trim().is_empty() => "not a JSON object: the text is empty".to_owned(),
        Category::Eof => "not a JSON object: the text ends too early".to_owned(),
        Category::Syntax | Category::Io => {
            format!("not a JSON object: syntax error at line {}, column {}", error.line(), error.column())
        }
        Category::Data => {
            let what = match text.trim_start().as_bytes().first() {
                Some(b'[') => "a list",
                Some(b'"') => "a text",
                Some(b't' | b'f') => "a boolean",
                Some(b'n') => "null",
                _ => "a number",
            };
            format!("not a JSON object but {what}")
        }
    }
}

/// A string with U+FFFD for every lone surrogate in it, which JSON can write and Unicode does not have: servers that
/// cut a message between two UTF-16 units send such strings, and one of them must not cost the whole answer.
struct LenientText(String);

impl<'de> Deserialize<'de> for LenientText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lenient;
        impl Visitor<'_> for Lenient {
            type Value = LenientText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<LenientText, E> {
                Ok(LenientText(replace_surrogates(bytes)))
            }
        }
        deserializer.deserialize_bytes(Lenient)
    }
}

/// Text from UTF-8 in which lone surrogates may stand as their three bytes.
fn replace_surrogates(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .utf8_chunks()
            .flat_map(|chunk| {
                // Of a surrogate's three invalid bytes (ED A0…BF 80…BF) each is a chunk of its own; the first stands
                // for all.
                let replacement = if chunk.invalid().first() == Some(&0xed) { "\u{fffd}" } else { "" };
                [chunk.valid(), replacement]
            })
            .collect(),
    }
}

/// The text of a JSON string, with U+FFFD for what is not well-formed Unicode; none for any other value.
pub(crate) fn text(value: &RawValue) -> Option<String> {
    if !value.get().starts_with('"') {
        return None;
    }
    well_formed_text(value)
        .or_else(|| serde_json::from_str::<LenientText>(value.get()).ok().map(|LenientText(text)| text))
}

/// The text of a JSON string; none for any other value and for a string that is not well-formed Unicode.
pub(crate) fn well_formed_text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// Whether a value is null, false, zero (as a text too), or an empty text, list or object.
fn is_empty(value: &RawValue) -> bool {
    match value.get().as_bytes().first() {
        Some(b'"') => text(value).is_none_or(|text| text.trim().is_empty() || whole_number(text.trim()) == Some(0)),
        Some(b'[') => elements(value).is_empty(),
        Some(b'{') => Object::of(value).is_none_or(|object| object.0.is_empty()),
        Some(b't') => false,
        Some(b'n' | b'f') | None => true,
        Some(_) => whole_number(value.get()) == Some(0),
    }
}

/// The digits of a number, whether it came as a number or as a number in a string.
pub(crate) fn number_text(value: &RawValue) -> Option<String> {
    let given = value.get();
    let text = if given.starts_with('"') { text(value)?.trim().to_owned() } else { given.to_owned() };
    text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')).then_some(text)
}

/// A finite number, rounded to the nearest binary float: never for money.
pub(crate) fn float(value: &RawValue) -> Option<f64> {
    number_text(value)?.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A whole number that is not negative.
pub(crate) fn unsigned(value: &RawValue) -> Option<u64> {
    whole_number(&number_text(value)?).and_then(|number| u64::try_from(number).ok())
}

/// The elements of an array; a single value stands for an array of one, as some gateways unwrap such lists.
pub(crate) fn elements(value: &RawValue) -> Vec<&RawValue> {
    if value.get().starts_with('[') { serde_json::from_str(value.get()).unwrap_or_default() } else { vec![value] }
}

/// The integer that a JSON number stands for, exactly, in any of its spellings (`7`, `7.0`, `70e-1`); none if it is
/// not integral. Beyond 128 bits it stays at the bound, which lies far outside of every rule's range.
pub(crate) fn whole_number(text: &str) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || before.bytes().chain(after.bytes());
    if before.len() + after.len() == 0 || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let exponent: i64 = match exponent {
        // An exponent too long for 64 bits is as good as its bound: no mantissa in memory makes up for it.
        Some(text) => text.parse().ok().or_else(|| beyond(text))?,
        None => 0,
    };
    if digits().all(|digit| digit == b'0') {
        return Some(0);
    }
    let trailing_zeros = digits().rev().take_while(|&digit| digit == b'0').count();
    // The value is (digits without trailing zeros) × 10^shift.
    let shift = exponent
        .saturating_sub(i64::try_from(after.len()).unwrap_or(i64::MAX))
        .saturating_add(i64::try_from(trailing_zeros).unwrap_or(i64::MAX));
    if shift < 0 {
        return None;
    }
    let significant = before.len() + after.len() - trailing_zeros;
    let magnitude = digits()
        .take(significant)
        .try_fold(0_i128, |value, digit| value.checked_mul(10)?.checked_add(i128::from(digit - b'0')))
        .and_then(|value| value.checked_mul(10_i128.checked_pow(u32::try_from(shift).ok()?)?));
    Some(match (magnitude, negative) {
        (Some(value), false) => value,
        (Some(value), true) => -value,
        (None, false) => i128::MAX,
        (None, true) => i128::MIN,
    })
}

fn beyond(exponent: &str) -> Option<i64> {
    let (digits, bound) = match exponent.strip_prefix('-') {
        Some(digits) => (digits, i64::MIN),
        None => (exponent.strip_prefix('+').unwrap_or(exponent), i64::MAX),
    };
    (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(bound)
}

/// The text with the words `NaN`, `Infinity` and `-Infinity` outside of strings made null: some servers write them,
/// and a finished image must not be lost for a progress that is not a number. None where there are none.
pub(crate) fn without_non_numbers(text: &str) -> Option<String> {
    let mut repaired = String::with_capacity(text.len());
    let (mut rest, mut in_string, mut found) = (text, false, false);
    while let Some(first) = rest.chars().next() {
        let word = ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| !in_string && rest.starts_with(word));
        let taken = if let Some(word) = word {
            found = true;
            repaired.push_str("null");
            word.len()
        } else {
            let taken = match first {
                '\\' if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                _ => first.len_utf8(),
            };
            in_string ^= first == '"';
            repaired.push_str(&rest[..taken]);
            taken
        };
        rest = &rest[taken..];
    }
    found.then_some(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact_in_every_spelling() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("0.000e99999999999999999999", Some(0)),
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("1.50e1", Some(15)),
            ("150e-1", Some(15)),
            ("15e-1", None),
            ("1.5", None),
            ("9223372036854775807.0", Some(i128::from(i64::MAX))),
            ("9223372036854775808", Some(i128::from(i64::MAX) + 1)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("1e400", Some(i128::MAX)),
            ("-1e99999999999999999999", Some(i128::MIN)),
            ("1e-99999999999999999999", None),
            ("", None),
            ("-", None),
            ("1e", None),
            ("0e", None),
            ("0exyz", None),
            ("abc", None),
        ] {
            assert_eq!(whole_number(text), expected, "{text}");
        }
    }

    #[test]
    fn words_that_are_no_numbers_are_nulled_outside_of_strings_only() {
        assert_eq!(
            without_non_numbers(r#"{"progress":NaN,"x":-Infinity,"s":"NaN \" Infinity"}"#).as_deref(),
            Some(r#"{"progress":null,"x":null,"s":"NaN \" Infinity"}"#)
        );
        assert_eq!(without_non_numbers(r#"{"s":"NaN","é":"\\"}"#), None);
    }
}
