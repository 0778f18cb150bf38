//! What stands in a scenario's texts for things that are known only when it runs.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::slow::Slowness;
use crate::painter::{self, Picture};

/// The values of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    pub(super) base_url: String,
    pub(super) elsewhere: String,
    pub(super) key: String,
    pub(super) ca_bundle_pem: String,
    pub(super) slowness: Slowness,
}

impl Values {
    /// The text with its placeholders filled in: `{base_url}`, `{elsewhere}`, `{key}`, `{ca_bundle_pem}`
    /// `{date+SECONDS}`, an HTTP date so long from now (or, with `-`, before), `{seconds:SECONDS}`, a time of the client's that
    /// is given in seconds, and the numbers of [`number`].
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            let value = from.find('}').and_then(|end| Some((end, self.value(&from[1..end])?)));
            match value {
                Some((end, value)) => {
                    filled.push_str(&value);
                    rest = &from[end + 1..];
                }
                // Any other brace is a brace.
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled + rest
    }

    fn value(&self, name: &str) -> Option<String> {
        Some(match name {
            "base_url" => self.base_url.clone(),
            "elsewhere" => self.elsewhere.clone(),
            "key" => self.key.clone(),
            "ca_bundle_pem" => self.ca_bundle_pem.clone(),
            _ if let Some(seconds) = name.strip_prefix("seconds:") => {
                self.slowness.of(seconds.parse().ok()?).to_string()
            }
            _ if name.contains(':') => number(name)?.to_string(),
            _ => {
                let seconds: i64 = name.strip_prefix("date")?.parse().ok()?;
                let shift = Duration::from_secs(seconds.unsigned_abs());
                let now = SystemTime::now();
                let date = if seconds < 0 { now.checked_sub(shift)? } else { now.checked_add(shift)? };
                httpdate::fmt_http_date(date)
            }
        })
    }

    /// Adds what every client of the run needs to the options that the case sets itself.
    pub(super) fn offer(&self, options: &mut Value) {
        if options.is_null() {
            *options = Value::Object(serde_json::Map::new());
        }
        let offered = [("base_url", &self.base_url), ("api_key", &self.key), ("ca_bundle_pem", &self.ca_bundle_pem)];
        for (name, value) in offered.into_iter().filter(|(_, value)| !value.is_empty()) {
            if options.get(name).is_none() {
                options[name] = Value::from(value.as_str());
            }
        }
    }

    /// The same for every text in a value. A text that is nothing but the placeholder of a number becomes
    /// that number.
    pub(super) fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let whole = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).and_then(number);
                whole.map_or_else(|| self.fill(text).into(), Value::from)
            }
            Value::Array(values) => values.iter().map(|value| self.fill_all(value)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), self.fill_all(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

/// What stands for a number: `size:64x48` the bytes of the picture of these sides, `last:64x48` the place of the last of
/// them, `crc32:64x48` their CRC-32.
fn number(name: &str) -> Option<u64> {
    let (what, picture) = name.split_once(':')?;
    let (width, height) = sides(picture)?;
    match what {
        "size" => Some(painter::file_size(width, height)),
        "last" => Some(painter::file_size(width, height) - 1),
        "crc32" => Some(crc32fast::hash(&png(width, height)).into()),
        _ => None,
    }
}

/// The sides of a picture, each 1 to 4096.
pub(super) fn sides(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=4096).contains(side));
    Some((side(width)?, side(height)?))
}

/// The picture of these sides: always the same.
pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    painter::paint(&Picture { prompt: "a scenario", seed: 1, width, height, text: &[] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_placeholder_stays_as_it_is() {
        let values = Values { base_url: "http://a".to_owned(), key: "k".to_owned(), ..Values::default() };
        for (text, filled) in [
            ("{base_url}/x {key}{key}", "http://a/x kk"),
            (r#"{"a":{"b":"{key}"}}"#, r#"{"a":{"b":"k"}}"#),
            ("{date}{unknown}{", "{date}{unknown}{"),
            ("雪{key}雪", "雪k雪"),
        ] {
            assert_eq!(values.fill(text), filled);
        }
        assert!(values.fill("{date+2}").ends_with(" GMT"));
        assert!(values.fill("{date-86400}").ends_with(" GMT"));
    }

    #[test]
    fn sizes_and_checksums_are_those_of_the_picture() {
        let png = png(64, 48);
        let filled =
            Values::default().fill_all(&serde_json::json!(["{size:64x48}", {"a": "{crc32:64x48}"}, "{size:}"]));
        assert_eq!(filled, serde_json::json!([png.len(), {"a": crc32fast::hash(&png)}, "{size:}"]));
    }
}
