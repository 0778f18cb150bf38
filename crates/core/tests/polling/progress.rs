//! What the server says of progress: of use where it is right, harmless where it is not.

use crate::world::{Random, Truth, World, mean};
use crate::{KIND, PRICE, engine};

/// The cost of tasks after the first 100, over what it is without any progress.
fn with(progress: fn(f64, f64) -> f64) -> f64 {
    let truth = Truth::LogNormal(12.0, 0.5);
    let cost = |progress| {
        let (mut random, mut engine, mut now) = (Random(4), engine(4), 0.0);
        let took: Vec<_> = (0..900).map(|_| truth.draw(&mut random)).collect();
        let run = World { progress, ..World::default() }.one_by_one(&mut engine, KIND, &mut now, &took);
        mean(&run.outcomes[100..]).at(PRICE)
    };
    cost(Some(progress)) / cost(None)
}

#[test]
fn progress_that_is_right_saves_much() {
    let exact = with(|age, took| age / took);
    let in_percent_after_a_queue =
        with(|age, took| (((age - 0.2 * took) / (0.8 * took)).max(0.0) * 100.0).floor() / 100.0);
    println!("exact {exact:.2}, in percent after a queue {in_percent_after_a_queue:.2}");
    assert!(exact < 0.75 && in_percent_after_a_queue < 0.85, "{exact:.2} {in_percent_after_a_queue:.2}");
}

#[test]
fn progress_that_is_stuck_or_lies_costs_little() {
    for (name, ratio) in [
        ("stuck at 1 %", with(|_, _| 0.01)),
        ("stuck at half", with(|_, _| 0.5)),
        ("stuck at 99 %", with(|_, _| 0.99)),
        ("always done", with(|_, _| 1.0)),
        ("backwards", with(|age, took| 1.0 - age / took)),
        ("in halves", with(|age, took| (age / took * 2.0).floor() / 2.0)),
    ] {
        println!("{name}: {ratio:.2}");
        assert!(ratio < 1.12, "{name}: {ratio:.2}");
    }
}
