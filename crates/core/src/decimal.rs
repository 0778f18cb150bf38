use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal number, exact from the wire to the caller and in every sum: money is never a binary float.
///
/// The digits are kept as they came, trailing zeros included. In JSON it is a string.
///
/// ```
/// use spark_t2i_core::Decimal;
///
/// let cost: Decimal = "0.035714285714".parse()?;
/// let total: Decimal = std::iter::repeat_n(cost, 1_000_000).sum();
/// assert_eq!(total.to_string(), "35714.285714000000");
/// # Ok::<(), spark_t2i_core::InvalidDecimal>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(BigDecimal);

/// Far more than money needs, and few enough that a hostile `1e999999999` costs nothing.
const MOST_CHARACTERS: usize = 100;
const LARGEST_EXPONENT: u64 = 100;

impl Decimal {
    /// Whether this is zero, however many zeros it was written with.
    pub fn is_zero(&self) -> bool {
        self.0.sign() == bigdecimal::num_bigint::Sign::NoSign
    }
}

/// A text that is no decimal number, or one of over 100 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDecimal;

impl fmt::Display for InvalidDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a decimal number of at most {MOST_CHARACTERS} characters")
    }
}

impl std::error::Error for InvalidDecimal {}

impl FromStr for Decimal {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        let text = text.trim();
        // The library also takes `_` between digits, which no server means as a number.
        if text.len() > MOST_CHARACTERS || text.contains('_') {
            return Err(InvalidDecimal);
        }
        let number = BigDecimal::from_str(text).map_err(|_| InvalidDecimal)?;
        let (_, scale) = number.as_bigint_and_exponent();
        if scale.unsigned_abs() > LARGEST_EXPONENT {
            return Err(InvalidDecimal);
        }
        // Digits left of the point only: the library writes a zero with an exponent as many zeros.
        Ok(Self(if scale < 0 { number.with_scale(0) } else { number }))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign<&Decimal> for Decimal {
    fn add_assign(&mut self, other: &Decimal) {
        self.0 += &other.0;
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::default(), Add::add)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A decimal as a JSON number with exactly its digits.
#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(crate) fn as_number<S: Serializer>(number: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => {
            RawValue::from_string(number.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
        }
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn digits_are_kept_as_they_came() {
        for text in ["0.035714285714", "1.50", "0", "-2.5", "0.123456789012345678901234567890", "12345678901234567890"]
        {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("3.5e-2").to_string(), "0.035");
        assert_eq!(decimal("2E3").to_string(), "2000");
        assert_eq!(decimal("0e50").to_string(), "0");
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!((decimal("0.1") + decimal("0.2")).to_string(), "0.3");
        let tiny = "0.000000000000000000000000000001";
        assert_eq!(
            (decimal("79228162514264337593543950335") + decimal(tiny)).to_string(),
            format!("79228162514264337593543950335{}", &tiny[1..])
        );
    }

    #[test]
    fn what_is_no_number_or_a_bomb_is_refused() {
        for text in [
            "",
            " ",
            "abc",
            "1e999999999",
            "1e-999999999",
            "1e9223372036854775808",
            "1_000",
            "0x10",
            "NaN",
            "1.2.3",
            &"9".repeat(101),
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(InvalidDecimal), "{text}");
        }
    }
}
