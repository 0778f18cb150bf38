//! Ages on a logarithmic scale: completion times spread by factors, not by seconds.

/// How many bins there are.
pub(crate) const BINS: usize = 512;
/// The upper end of the first bin, in seconds: nothing completes faster than a few round trips.
const FIRST: f64 = 0.02;
/// The width of a bin in ln T. The last bin ends at about two hours.
pub(crate) const STEP: f64 = 0.025;

/// One number for each bin.
pub(crate) type Binned = [f64; BINS];

/// The bin an age lies in. What is shorter or longer than the scale belongs to its first or last bin.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins before")]
pub(crate) fn bin(age: f64) -> usize {
    if age <= FIRST {
        return 0;
    }
    // An age that is no number is as good as endless.
    let index = ((age / FIRST).ln() / STEP + 1.0).min((BINS - 1) as f64);
    index as usize
}

/// Where a bin begins, in seconds; `edge(bin + 1)` is where it ends. The first begins at 0.
pub(crate) fn edge(bin: usize) -> f64 {
    if bin == 0 { 0.0 } else { FIRST * (STEP * (bin - 1) as f64).exp() }
}

/// The logarithm of a bin's middle.
pub(crate) fn middle_ln(bin: usize) -> f64 {
    FIRST.ln() + STEP * (bin as f64 - 0.5)
}

/// Adds what lies `width` bins around, weighed by a bell: three passes of a running mean, which is nearly a Gaussian.
/// `spare` is overwritten. What leaves the scale at an end stays in its last bin.
pub(crate) fn smooth(values: &mut Binned, spare: &mut Binned, width: f64) {
    // A mean over 2r + 1 bins has the variance r(r + 1)/3. Between two whole radii the outermost bins count in part.
    let variance = width * width / 3.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width of a few bins")]
    let whole = (((3.0 * variance + 0.25).sqrt() - 0.5).max(0.0) as usize).min(BINS / 4);
    let r = whole as f64;
    let part = (2.0 * r + 1.0) * (variance - r * (r + 1.0) / 3.0) / (2.0 * ((r + 1.0).powi(2) - variance));
    let part = part.clamp(0.0, 1.0);
    let scale = 1.0 / (2.0 * r + 1.0 + 2.0 * part);
    for _ in 0..3 {
        let at = |values: &Binned, index: isize| values[usize::try_from(index).unwrap_or(0).min(BINS - 1)];
        let signed = |index: usize| isize::try_from(index).unwrap_or(isize::MAX);
        let mut sum: f64 = (-signed(whole)..=signed(whole)).map(|index| at(values, index)).sum();
        for (index, smoothed) in spare.iter_mut().enumerate() {
            let (left, right) = (signed(index) - signed(whole) - 1, signed(index) + signed(whole) + 1);
            let (before, after) = (at(values, left), at(values, right));
            *smoothed = (sum + part * (before + after)) * scale;
            sum += after - at(values, left + 1);
        }
        std::mem::swap(values, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_lies_between_the_edges_of_its_bin() {
        for age in [0.001, 0.02, 0.021, 1.0, 12.34, 600.0, 7000.0] {
            let bin = bin(age);
            assert!(edge(bin) < age && age <= edge(bin + 1) * (1.0 + 1e-9), "{age}: {bin}");
        }
        assert_eq!((bin(-1.0), bin(0.0), bin(1e9), bin(f64::INFINITY), bin(f64::NAN)), (0, 0, 511, 511, 511));
    }

    #[test]
    fn smoothing_keeps_the_sum_and_has_the_width_asked_for() {
        for width in [0.0, 0.7, 2.4, 11.0] {
            let (mut values, mut spare) = ([0.0; BINS], [0.0; BINS]);
            values[200] = 1.0;
            smooth(&mut values, &mut spare, width);
            let sum: f64 = values.iter().sum();
            let variance: f64 = (0..BINS).map(|bin| values[bin] * (bin as f64 - 200.0).powi(2)).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{width}: {sum}");
            assert!((variance.sqrt() - width).abs() < 0.01, "{width}: {}", variance.sqrt());
        }
    }
}
