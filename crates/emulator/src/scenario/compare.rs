//! What was seen against what was expected, with differences that a person can read.

use serde_json::{Map, Value};

/// How `seen` differs from `expected`; nothing if it does not. An object must have the fields that are expected and may
/// have others; a list must have just the elements that are expected; numbers are compared by value. In place of a
/// value there may stand
///
/// - `{"$from": 0.9, "$to": 1.5}`: a number in this range, both ends included; either may be missing;
/// - `{"$has": "text"}`: a text in which this stands, or each of a list of texts;
/// - `{"$one_of": [...]}`: one of these, by these same rules;
/// - `{"$some": true}`: anything but null.
pub(super) fn differences(place: &str, expected: &Value, seen: Option<&Value>, differences: &mut Vec<String>) {
    let Some(seen) = seen else {
        differences.push(format!("{place}: nothing where {} was expected", brief(expected)));
        return;
    };
    let mut differ = |wanted: &str| differences.push(format!("{place}: {} where {wanted} was expected", brief(seen)));
    match expected {
        Value::Object(fields) => match special(fields) {
            Some(special) => {
                if !special.allows(seen) {
                    differ(&special.words());
                }
            }
            None if !seen.is_object() => differ("an object"),
            None => {
                for (name, value) in fields {
                    self::differences(&format!("{place}.{name}"), value, seen.get(name), differences);
                }
            }
        },
        Value::Array(wanted) => match seen.as_array() {
            Some(elements) if elements.len() == wanted.len() => {
                for (index, (value, element)) in wanted.iter().zip(elements).enumerate() {
                    self::differences(&format!("{place}[{index}]"), value, Some(element), differences);
                }
            }
            Some(elements) => differ(&format!("a list of {} instead of {}", wanted.len(), elements.len())),
            None => differ("a list"),
        },
        _ if same(expected, seen) => {}
        _ => differ(&brief(expected)),
    }
}

enum Special<'a> {
    Range(Option<f64>, Option<f64>),
    Has(Vec<&'a str>),
    OneOf(&'a [Value]),
    Some,
}

fn special(fields: &Map<String, Value>) -> Option<Special<'_>> {
    if fields.is_empty() || !fields.keys().all(|name| name.starts_with('$')) {
        return None;
    }
    let number = |name| fields.get(name).and_then(Value::as_f64);
    Some(match (fields.get("$has"), fields.get("$one_of"), fields.get("$some")) {
        (Some(Value::String(text)), ..) => Special::Has(vec![text]),
        (Some(Value::Array(texts)), ..) => Special::Has(texts.iter().filter_map(Value::as_str).collect()),
        (_, Some(Value::Array(values)), _) => Special::OneOf(values),
        (_, _, Some(_)) => Special::Some,
        _ => Special::Range(number("$from"), number("$to")),
    })
}

impl Special<'_> {
    fn allows(&self, seen: &Value) -> bool {
        match self {
            Self::Range(from, to) => seen
                .as_f64()
                .is_some_and(|number| from.is_none_or(|from| number >= from) && to.is_none_or(|to| number <= to)),
            Self::Has(texts) => seen.as_str().is_some_and(|seen| texts.iter().all(|text| seen.contains(text))),
            Self::OneOf(values) => values.iter().any(|value| {
                let mut found = Vec::new();
                differences("", value, Some(seen), &mut found);
                found.is_empty()
            }),
            Self::Some => !seen.is_null(),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Range(Some(from), Some(to)) => format!("{from} to {to}"),
            Self::Range(Some(from), None) => format!("at least {from}"),
            Self::Range(None, Some(to)) => format!("at most {to}"),
            Self::Range(None, None) => "a number".to_owned(),
            Self::Has(texts) => format!(
                "a text with {}",
                texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" and ")
            ),
            Self::OneOf(values) => format!("one of {}", brief(&Value::from(values.to_vec()))),
            Self::Some => "something".to_owned(),
        }
    }
}

/// Equal, where `1` equals `1.0`.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(expected: &Value, seen: &Value) -> Vec<String> {
        let mut found = Vec::new();
        differences("result", expected, Some(seen), &mut found);
        found
    }

    #[test]
    fn fields_beyond_those_expected_may_be_there_and_elements_may_not() {
        assert!(
            compare(&json!({"a": 1, "b": [1, {"c": null}]}), &json!({"a": 1.0, "b": [1, {"c": null, "d": 2}], "e": 3}))
                .is_empty()
        );
        for (expected, seen) in [
            (json!({"a": 1}), json!({"a": 2})),
            (json!({"a": null}), json!({})),
            (json!([1]), json!([1, 2])),
            (json!([1]), json!(1)),
            (json!({"a": 1}), json!("a")),
            (json!("1"), json!(1)),
            (json!(true), json!("true")),
        ] {
            assert_eq!(compare(&expected, &seen).len(), 1, "{expected} {seen}");
        }
    }

    #[test]
    fn special_forms_allow_what_they_say() {
        for (form, allowed, not) in [
            (json!({"$from": 1}), json!(1), json!(0.99)),
            (json!({"$to": 1.5}), json!(1.5), json!(1.6)),
            (json!({"$from": 1, "$to": 2}), json!(1.5), json!("1.5")),
            (json!({"$has": "no room"}), json!("there is no room here"), json!("there is room")),
            (json!({"$has": ["a", "b"]}), json!("ba"), json!("a")),
            (json!({"$one_of": ["a", 1]}), json!(1.0), json!("b")),
            (json!({"$some": true}), json!(0), json!(null)),
        ] {
            assert!(compare(&form, &allowed).is_empty(), "{form}");
            assert_eq!(compare(&form, &not).len(), 1, "{form}");
        }
    }

    #[test]
    fn a_difference_says_where_what_and_what_was_expected() {
        let found = compare(&json!({"error": {"kind": "timeout"}}), &json!({"error": {"kind": "connection"}}));
        assert_eq!(found, [r#"result.error.kind: "connection" where "timeout" was expected"#]);
        assert_eq!(compare(&json!({"$from": 1, "$to": 2}), &json!(3)), ["result: 3 where 1 to 2 was expected"]);
    }
}
