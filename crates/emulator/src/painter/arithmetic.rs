//! The few functions on numbers that painting needs, made of `+ - * /` and `sqrt` alone.
//!
//! What the standard library takes from the system (`sin`, `exp`, `powf`, …) differs in the last bit between systems,
//! and then so would the files.

#![expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "coordinates are far below 2^24")]

/// The next whole number at or below; not `f32::floor`, which is a call where SSE 4.1 is not a given.
#[inline]
pub(super) fn floor(value: f32) -> i32 {
    let whole = value as i32;
    whole - i32::from(value < whole as f32)
}

/// What is above the next whole number below.
#[inline]
pub(super) fn fraction(value: f32) -> f32 {
    value - floor(value) as f32
}

#[inline]
pub(super) fn lerp(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// Into 0 … 1 (and 0 for what is no number).
#[inline]
pub(super) fn saturate(value: f32) -> f32 {
    value.clamp(0.0, 1.0)
}

/// 0 at `from`, 1 at `to`, without a kink at either.
#[inline]
pub(super) fn ease(from: f32, to: f32, value: f32) -> f32 {
    let t = saturate((value - from) / (to - from));
    t * t * (3.0 - 2.0 * t)
}

/// A bell of height 1 and half width 1 with soft feet, in place of `exp(-x²)`.
#[inline]
pub(super) fn bell(value: f32) -> f32 {
    let t = 1.0 / (1.0 + value * value * 0.414_213_56);
    t * t
}

/// The sine of an angle in turns (1 is the whole circle), to about 1e-6.
#[inline]
pub(super) fn sine(turns: f32) -> f32 {
    let t = turns - floor(turns + 0.5) as f32;
    // Folded to a quarter turn either way, where the polynomial is good.
    let t = if t > 0.25 {
        0.5 - t
    } else if t < -0.25 {
        -0.5 - t
    } else {
        t
    };
    let x = t * core::f32::consts::TAU;
    let q = x * x;
    x * (1.0 - q / 6.0 * (1.0 - q / 20.0 * (1.0 - q / 42.0 * (1.0 - q / 72.0 * (1.0 - q / 110.0)))))
}

/// The cosine of an angle in turns.
#[inline]
pub(super) fn cosine(turns: f32) -> f32 {
    sine(turns + 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_are_those_of_the_circle() {
        for step in -400..400 {
            let turns = step as f32 / 160.0;
            let angle = f64::from(turns) * core::f64::consts::TAU;
            assert!((f64::from(sine(turns)) - angle.sin()).abs() < 2e-6, "{turns}");
            assert!((f64::from(cosine(turns)) - angle.cos()).abs() < 2e-6, "{turns}");
        }
    }

    #[test]
    fn floor_is_that_of_the_standard_library() {
        for step in -1000..1000 {
            let value = step as f32 / 7.0;
            assert_eq!(floor(value), value.floor() as i32);
            assert!((0.0..1.0).contains(&fraction(value)));
        }
    }
}
