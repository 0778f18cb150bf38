use bigdecimal::num_bigint::BigInt;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;
use spark_t2i_core::{Decimal, Given, Parameters};

use crate::config;

/// A number as JSON writes it, and its parts: negative, digits before and after the point, exponent.
fn json_number() -> impl Strategy<Value = (String, bool, String, String, i32)> {
    let before = prop_oneof!["0", "[1-9][0-9]{0,45}", "[1-9]0{0,45}"];
    let after = prop_oneof![Just(String::new()), "[0-9]{1,45}", "0{1,45}"];
    let exponent = prop_oneof![Just(None), (-60..60).prop_map(Some)];
    (any::<bool>(), before, after, exponent, any::<(bool, bool)>()).prop_map(
        |(negative, before, after, exponent, (upper, plus))| {
            let mut text = format!("{}{before}", if negative { "-" } else { "" });
            if !after.is_empty() {
                text = format!("{text}.{after}");
            }
            if let Some(exponent) = exponent {
                let plus = if plus && exponent >= 0 { "+" } else { "" };
                text = format!("{text}{}{plus}{exponent}", if upper { "E" } else { "e" });
            }
            (text, negative, before, after, exponent.unwrap_or(0))
        },
    )
}

/// The integer that these digits stand for, with no bound on its size.
fn whole(negative: bool, before: &str, after: &str, exponent: i32) -> Option<BigInt> {
    let digits: BigInt = format!("{before}{after}").parse().expect("digits");
    let digits = if negative { -digits } else { digits };
    let shift = exponent - i32::try_from(after.len()).expect("a short text");
    let power = BigInt::from(10).pow(shift.unsigned_abs());
    if shift >= 0 {
        Some(digits * power)
    } else if &digits % &power == BigInt::ZERO {
        Some(digits / power)
    } else {
        None
    }
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-10_000_i32..10_000).prop_map(|number| f64::from(number) / 4.0),
        (0_i32..130).prop_map(|exponent| f64::from(exponent).exp2()),
    ]
}

fn decimal_text() -> impl Strategy<Value = String> {
    let before = prop_oneof!["0", "[1-9][0-9]{0,30}"];
    (any::<bool>(), before, prop_oneof![Just(String::new()), "[.][0-9]{1,30}"]).prop_map(|(negative, before, after)| {
        let text = format!("{before}{after}");
        let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if negative && !zero { format!("-{text}") } else { text }
    })
}

/// The number in units of 10^-40.
fn units(text: &str) -> BigInt {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    format!("{before}{after:0<40}").parse().expect("digits")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whole_numbers_are_read_exactly((text, negative, before, after, exponent) in json_number()) {
        let expected = match whole(negative, &before, &after, exponent) {
            None => Given::Fraction,
            Some(number) => {
                let bound = if negative { i128::MIN } else { i128::MAX };
                Given::Integer(i128::try_from(&number).unwrap_or(bound))
            }
        };
        prop_assert_eq!(&Given::from_digits(&text), &expected, "{}", text);
        let parameters = format!(r#"{{"prompt":"a","seed":{text}}}"#);
        prop_assert_eq!(&Parameters::from_json(&parameters).unwrap().seed, &expected, "{}", text);
    }

    #[test]
    fn floats_are_read_with_their_exact_value(number in float()) {
        // (Without decimals an integral float is written with all its digits.)
        let integral = number.is_finite() && number.fract() == 0.0;
        let expected = if integral { Given::from_digits(&format!("{number:.0}")) } else { Given::Fraction };
        prop_assert_eq!(Given::from_float(number), expected);
    }

    #[test]
    fn any_text_as_digits_is_harmless(text in "[-+.0-9eE_x]{0,12}") {
        let _ = Given::from_digits(&text);
    }

    #[test]
    fn decimals_keep_their_digits(text in decimal_text()) {
        let decimal: Decimal = text.parse().unwrap();
        prop_assert_eq!(decimal.to_string(), text.as_str());
        prop_assert_eq!(serde_json::to_string(&decimal).unwrap(), format!("\"{text}\""));
        prop_assert_eq!(serde_json::from_str::<Decimal>(&format!("\"{text}\"")).unwrap(), decimal);
    }

    #[test]
    fn what_is_read_as_a_decimal_is_written_as_json_writes_numbers(
        text in prop_oneof![any::<String>(), "[-+.0-9eE_ ]{0,12}", json_number().prop_map(|(text, ..)| text)]
    ) {
        if let Ok(decimal) = text.parse::<Decimal>() {
            let shown = decimal.to_string();
            prop_assert!(serde_json::from_str::<Box<RawValue>>(&shown).is_ok(), "{} of {}", shown, text);
            prop_assert!(!shown.contains(['e', 'E']), "{}", shown);
            prop_assert!(shown.len() <= 210, "{}", shown);
        }
    }

    #[test]
    fn sums_of_decimals_are_exact_in_any_order(texts in vec(decimal_text(), 0..8)) {
        let decimals: Vec<Decimal> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let forwards: Decimal = decimals.iter().cloned().sum();
        let backwards: Decimal = decimals.iter().rev().cloned().sum();
        let mut added = Decimal::default();
        for decimal in &decimals {
            added += decimal;
        }
        prop_assert_eq!(&forwards, &backwards);
        prop_assert_eq!(&forwards, &added);
        prop_assert_eq!(units(&forwards.to_string()), texts.iter().map(|text| units(text)).sum::<BigInt>());
    }
}
