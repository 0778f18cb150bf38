//! Numbers for people.

use std::time::Duration;

/// `734 bytes`, `12.3 kB`, `1.8 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => in_thousandths(bytes, 1_000, "kB"),
        _ => in_thousandths(bytes, 1_000_000, "MB"),
    }
}

fn in_thousandths(number: u64, unit: u64, name: &str) -> String {
    let tenths = number.saturating_add(unit / 20) / (unit / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// `0.3 s`, `7.2 s`, `2 min 7 s`, `1 h 3 min`.
pub(crate) fn duration(duration: Duration) -> String {
    let whole = duration.as_secs();
    match whole {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `1 request`, `2 requests`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Seconds to the millisecond: more digits would claim more than a clock of a computer knows.
pub(crate) fn to_millis(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_and_have_a_unit() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(12_345), "12.3 kB");
        assert_eq!(bytes(1_834_221), "1.8 MB");
        assert_eq!(bytes(1_999_999), "2.0 MB");
        assert_eq!(duration(Duration::from_millis(7_230)), "7.2 s");
        assert_eq!(duration(Duration::from_secs(127)), "2 min 7 s");
        assert_eq!(duration(Duration::from_secs(3_780)), "1 h 3 min");
        assert_eq!(count(1, "request"), "1 request");
    }
}
