//! The prior knowledge of how completion times spread: log-normal, with a median and a width that are learned first.
//!
//! A grid of such shapes is weighed by Bayes' rule. Until the first completion this is a wide distribution around 8 s;
//! after a handful of completions (or after a thousand tasks that were all seen running at 20 s) it is a narrow one.
//! It fills in where nothing was seen yet, above all the tail.

use std::sync::LazyLock;

use super::bins::{BINS, Binned, STEP, middle_ln};

/// Fine bins in a coarse one, in which shapes are compared.
const COARSE: usize = 4;
const COARSE_BINS: usize = BINS / COARSE;
/// The widths considered, as σ of ln T, and what each is believed beforehand.
const WIDTHS: [(f64, f64); 7] =
    [(0.09, 0.05), (0.15, 0.10), (0.25, 0.20), (0.4, 0.25), (0.6, 0.20), (0.9, 0.14), (1.4, 0.06)];
/// Before anything is learned the median is near 8 s ...
const PRIOR_MEDIAN: f64 = 8.0;
/// ... give or take this in ln T. With the widths above a completion time has σ of about 1.
const PRIOR_SPREAD: f64 = 1.0;
/// No hazard is taken for smaller than this: one odd task must not rule out a shape.
const LEAST_HAZARD: f64 = 2e-4;

/// Cumulative hazards of one width, by the distance in coarse bins from the median.
struct Hazards {
    /// What a coarse bin adds to the cumulative hazard, and the logarithm of that.
    added: Vec<(f64, f64)>,
    /// The probability of each fine bin, by its distance from the median.
    fine: Vec<f64>,
}

static HAZARDS: LazyLock<[Hazards; WIDTHS.len()]> = LazyLock::new(|| WIDTHS.map(|(width, _)| Hazards::of(width)));

impl Hazards {
    fn of(width: f64) -> Self {
        let survival = |distance: f64, step: f64| normal_survival(distance * step / width);
        let added = (0..2 * COARSE_BINS)
            .map(|index| {
                let distance = index as f64 - COARSE_BINS as f64;
                let step = STEP * COARSE as f64;
                let (before, after) = (survival(distance, step), survival(distance + 1.0, step));
                // Far out the quotient of two tiny numbers is replaced by the tail's own hazard.
                let hazard = if before > 1e-280 {
                    (before / after.max(1e-300)).ln()
                } else {
                    distance * step * step / (width * width)
                };
                let hazard = hazard.clamp(LEAST_HAZARD, 50.0);
                (hazard, hazard.ln())
            })
            .collect();
        let fine = (0..2 * BINS)
            .map(|index| {
                let distance = index as f64 - BINS as f64;
                survival(distance, STEP) - survival(distance + 1.0, STEP)
            })
            .collect();
        Self { added, fine }
    }
}

/// Fills `predictive` with the probabilities of the bins, given how many tasks died in each bin (`events`) and how many
/// were there to die (`at_risk`). Both may be weights.
pub(crate) fn predict(events: &Binned, at_risk: &Binned, predictive: &mut Binned) {
    let (mut dead, mut exposed) = ([0.0; COARSE_BINS], [0.0; COARSE_BINS]);
    for (bin, (events, at_risk)) in events.iter().zip(at_risk).enumerate() {
        dead[bin / COARSE] += events;
        // Who dies in a bin was there for half of it.
        exposed[bin / COARSE] += (at_risk - events / 2.0).max(0.0) / COARSE as f64;
    }
    let seen: Vec<(usize, f64, f64)> = (0..COARSE_BINS)
        .filter(|&bin| dead[bin] > 0.0 || exposed[bin] > 1e-9)
        .map(|bin| (bin, dead[bin], exposed[bin]))
        .collect();

    let mut beliefs = [[0.0_f64; COARSE_BINS]; WIDTHS.len()];
    let mut best = f64::NEG_INFINITY;
    for ((row, hazards), (_, believed)) in beliefs.iter_mut().zip(HAZARDS.iter()).zip(WIDTHS) {
        for (median, belief) in row.iter_mut().enumerate() {
            let away = (coarse_median_ln(median) - PRIOR_MEDIAN.ln()) / PRIOR_SPREAD;
            let prior: f64 = believed.ln() - 0.5 * away * away;
            let shape = &hazards.added[COARSE_BINS - median..2 * COARSE_BINS - median];
            let mut likelihood = 0.0;
            for &(bin, dead, exposed) in &seen {
                let (added, added_ln) = shape[bin];
                likelihood += dead * added_ln - exposed * added;
            }
            *belief = prior + likelihood;
            best = best.max(*belief);
        }
    }

    predictive.fill(0.0);
    for (row, hazards) in beliefs.iter().zip(HAZARDS.iter()) {
        for (median, belief) in row.iter().enumerate() {
            let weight = (belief - best).exp();
            // What is less likely by so much is not worth the time to add it up.
            if weight > 1e-4 {
                let shape = &hazards.fine[BINS - median * COARSE..2 * BINS - median * COARSE];
                for (bin, probability) in predictive.iter_mut().zip(shape) {
                    *bin += weight * probability;
                }
            }
        }
    }
    let sum: f64 = predictive.iter().sum();
    for bin in predictive.iter_mut() {
        *bin /= sum;
    }
}

/// The logarithm of the median that a shape at this place of the grid has.
fn coarse_median_ln(median: usize) -> f64 {
    middle_ln(median * COARSE) - STEP / 2.0
}

/// The probability that a standard normal exceeds `z`: Numerical Recipes' Chebyshev fit of the complementary error
/// function, good to 1.2e-7 of its value, far out too.
pub(crate) fn normal_survival(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let series = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let polynomial = series.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient);
    let upper = 0.5 * t * (-x * x + polynomial).exp();
    if z >= 0.0 { upper } else { 1.0 - upper }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polling::bins::{bin, edge};

    fn quantile(density: &Binned, share: f64) -> f64 {
        let mut sum = 0.0;
        edge(
            density
                .iter()
                .take_while(|bin| {
                    sum += **bin;
                    sum < share
                })
                .count()
                + 1,
        )
    }

    #[test]
    fn the_normal_distribution_is_the_tabled_one() {
        for (z, survival) in [(0.0, 0.5), (1.0, 0.158_655_25), (-1.96, 0.975_002_1), (5.0, 2.866_516e-7)] {
            let got = normal_survival(z);
            assert!((got / survival - 1.0).abs() < 1e-5, "{z}: {got}");
        }
    }

    #[test]
    fn before_anything_is_learned_it_is_wide_around_eight_seconds() {
        let mut density = [0.0; BINS];
        predict(&[0.0; BINS], &[0.0; BINS], &mut density);
        let (low, median, high) = (quantile(&density, 0.16), quantile(&density, 0.5), quantile(&density, 0.84));
        assert!((7.0..9.0).contains(&median), "{median}");
        assert!((0.8..1.3).contains(&((high / low).ln() / 2.0)), "{low} {high}");
    }

    #[test]
    fn a_thousand_tasks_that_are_still_running_move_the_median() {
        let mut at_risk = [0.0; BINS];
        at_risk[..bin(20.0)].fill(1000.0);
        let mut density = [0.0; BINS];
        predict(&[0.0; BINS], &at_risk, &mut density);
        assert!(quantile(&density, 0.02) > 18.0, "{}", quantile(&density, 0.02));
    }
}
