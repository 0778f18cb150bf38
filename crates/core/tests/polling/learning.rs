//! One task after the other: how soon the engine comes near the optimum.

use std::time::Duration;

use spark_t2i_core::polling::{Engine, LatencyProfile, Taken};

use crate::world::{Random, Truth, World, asked_by, every};
use crate::{KIND, PRICE, engine};

const RUNS: u64 = 24;

/// What the engine's next task costs on average, as a multiple of the optimum.
fn over_optimum(engine: &Engine, truth: &Truth) -> f64 {
    let ages = asked_by(engine, KIND, Duration::from_secs(10_000_000), truth.exceeded_with(1e-6));
    truth.cost_of(ages).at(PRICE) / truth.optimum(PRICE, 10_000).cost().at(PRICE)
}

fn for_each_distribution(dated: bool, check: impl Fn(f64, f64, &Truth, World)) {
    for median in [2.0, 12.0, 60.0] {
        for sigma in [0.25, 0.5, 1.0] {
            check(median, sigma, &Truth::LogNormal(median, sigma), World { dated, ..World::default() });
        }
    }
}

/// The costs after 20 and after 50 completions, over the optimum.
fn after_20_and_50(truth: &Truth, world: World) -> (f64, f64) {
    let (mut after_20, mut after_50) = (0.0, 0.0);
    for seed in 0..RUNS {
        let (mut random, mut engine, mut now) = (Random(seed * 7919 + 1), engine(seed), 0.0);
        let took: Vec<f64> = (0..50).map(|_| truth.draw(&mut random)).collect();
        world.one_by_one(&mut engine, KIND, &mut now, &took[..20]);
        after_20 += over_optimum(&engine, truth) / RUNS as f64;
        world.one_by_one(&mut engine, KIND, &mut now, &took[20..]);
        after_50 += over_optimum(&engine, truth) / RUNS as f64;
    }
    (after_20, after_50)
}

#[test]
fn after_twenty_and_fifty_completions_it_is_near_the_optimum() {
    for_each_distribution(false, |median, sigma, truth, world| {
        let (after_20, after_50) = after_20_and_50(truth, world);
        println!("{median:>2} s, σ {sigma:.2}: {after_20:.3} after 20, {after_50:.3} after 50");
        // The targets are 1.16 and 1.08 (1.28 and 1.12 at 60 s with σ 0.25); it does better than that.
        let (most_20, most_50) = if median > 50.0 && sigma < 0.3 { (1.10, 1.08) } else { (1.08, 1.05) };
        assert!(after_20 <= most_20 && after_50 <= most_50, "{median} s, σ {sigma}: {after_20:.3}, {after_50:.3}");
    });
}

#[test]
fn where_the_server_dates_completions_it_is_nearer_still() {
    for_each_distribution(true, |median, sigma, truth, world| {
        let (_, after_50) = after_20_and_50(truth, world);
        println!("{median:>2} s, σ {sigma:.2}: {after_50:.4} after 50, dated");
        assert!(after_50 <= 1.05, "{median} s, σ {sigma}: {after_50:.3}");
    });
}

#[test]
fn the_first_twenty_cost_no_more_than_the_better_fixed_interval() {
    for_each_distribution(false, |median, sigma, truth, world| {
        let mut cost = 0.0;
        for seed in 0..RUNS {
            let (mut random, mut engine, mut now) = (Random(seed * 104_729 + 5), engine(seed), 0.0);
            for _ in 0..20 {
                cost += over_optimum(&engine, truth) / (20 * RUNS) as f64;
                world.one_by_one(&mut engine, KIND, &mut now, &[truth.draw(&mut random)]);
            }
        }
        let fixed = [1.0, 3.0].map(|interval| truth.cost_of(every(interval)).at(PRICE));
        let ratio = cost * truth.optimum(PRICE, 10_000).cost().at(PRICE) / fixed[0].min(fixed[1]);
        println!("{median:>2} s, σ {sigma:.2}: {ratio:.3} of the better fixed interval");
        assert!(ratio <= 1.05, "{median} s, σ {sigma}: {ratio:.3}");
    });
}

#[test]
fn a_shift_by_three_is_followed_within_fifty_completions() {
    for (before, after) in [(12.0, 36.0), (12.0, 4.0), (36.0, 12.0), (4.0, 12.0)] {
        for sigma in [0.25, 0.5, 1.0] {
            let (before, truth) = (Truth::LogNormal(before, sigma), Truth::LogNormal(after, sigma));
            let mut cost = 0.0;
            for seed in 0..RUNS {
                let (mut random, mut engine, mut now) = (Random(seed * 31 + 2), engine(seed), 0.0);
                let mut took: Vec<f64> = (0..150).map(|_| before.draw(&mut random)).collect();
                took.extend((0..50).map(|_| truth.draw(&mut random)));
                World::default().one_by_one(&mut engine, KIND, &mut now, &took);
                cost += over_optimum(&engine, &truth) / RUNS as f64;
            }
            println!("{before:?} to {truth:?}: {cost:.3}");
            assert!(cost <= 1.15, "{before:?} to {truth:?}: {cost:.3}");
        }
    }
}

#[test]
fn shapes_that_are_not_log_normal_are_learned_too() {
    let log_normal = |median, sigma| Box::new(Truth::LogNormal(median, sigma));
    for (truth, most) in [
        (Truth::Either(0.6, log_normal(5.0, 0.15), log_normal(20.0, 0.15)), 1.25),
        (Truth::AtLeast(10.0, log_normal(2.0, 0.8)), 1.25),
        (Truth::Recorded((0..40).map(|index| 6.0 + 0.25 * f64::from(index)).collect()), 1.25),
    ] {
        let (after_20, after_50) = after_20_and_50(&truth, World::default());
        let fixed = [1.0, 3.0, 5.0].map(|interval| truth.cost_of(every(interval)).at(PRICE));
        let best_fixed =
            fixed.into_iter().fold(f64::INFINITY, f64::min) / truth.optimum(PRICE, 10_000).cost().at(PRICE);
        println!("{truth:?}: {after_20:.3}, {after_50:.3}; fixed {best_fixed:.3}");
        assert!(after_50 <= most && after_50 < best_fixed, "{truth:?}: {after_50:.3}, fixed {best_fixed:.3}");
    }
}

#[test]
fn what_was_learned_can_be_saved_and_goes_on_elsewhere() {
    let truth = Truth::LogNormal(12.0, 0.25);
    let (mut random, mut learned, mut now) = (Random(3), engine(1), 0.0);
    let took: Vec<f64> = (0..300).map(|_| truth.draw(&mut random)).collect();
    World::default().one_by_one(&mut learned, KIND, &mut now, &took);
    let text = serde_json::to_string(&learned.profile()).expect("a profile is JSON");
    assert!(text.len() < 3000, "{} bytes", text.len());
    let profile: LatencyProfile = serde_json::from_str(&text).expect("it was just written");
    let mut other = engine(2);
    other.restore(&profile);
    let (here, there) = (over_optimum(&learned, &truth), over_optimum(&other, &truth));
    assert!(here < 1.04 && there < 1.05, "{here:.3} here, {there:.3} there");
    assert_eq!(other.completions(KIND), 128);
    assert_eq!(serde_json::to_string(&other.profile()).expect("a profile is JSON"), text);
}

#[test]
fn a_task_of_unknown_age_is_asked_for_at_once_and_then_by_what_is_left() {
    let truth = Truth::LogNormal(60.0, 0.25);
    let (mut random, mut engine, mut now) = (Random(3), engine(1), 0.0);
    let took: Vec<f64> = (0..60).map(|_| truth.draw(&mut random)).collect();
    World::default().one_by_one(&mut engine, KIND, &mut now, &took);
    let begin = Duration::from_secs_f64(now);
    let task = engine.add(begin, KIND, Taken::Up(None));
    assert_eq!(engine.next(begin, false), spark_t2i_core::polling::Next::Ask(task));
    let gap = engine.not_yet(task, begin, None, None);
    // It may be of any age, and ends with a hazard of 1/62 a second: sqrt(2 · 0.1 · 62 s), less the jitter.
    assert!((2.6..4.0).contains(&gap.as_secs_f64()), "{gap:?}");
    let seen = engine.completions(KIND);
    engine.completed(task, begin + gap, None);
    assert_eq!(engine.completions(KIND), seen, "an unknown age teaches nothing");
}
