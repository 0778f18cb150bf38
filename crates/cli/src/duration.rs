//! Durations as people write them.

use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// `90s`, `2m`, `1.5h`, `500ms`, or a plain number of seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len()));
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("unknown unit \"{unit}\": write a duration as 90s, 2m, 1h or 500ms")),
    };
    let number: f64 = number.trim().parse().map_err(|_| "write a duration as 90s, 2m, 1h or 500ms".to_owned())?;
    let duration =
        Duration::try_from_secs_f64(number * seconds).map_err(|_| "a duration cannot be negative".to_owned())?;
    if duration > LONGEST { Err("a duration is at most 365 days (8760h)".to_owned()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_and_without_a_unit() {
        for (text, millis) in [
            ("90s", 90_000),
            ("2m", 120_000),
            ("500ms", 500),
            ("1h", 3_600_000),
            ("1.5", 1_500),
            ("0", 0),
            (" 3 min ", 180_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "1x", "NaN", "inf", "1e300", "1s2", "9999h", "1 000s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
