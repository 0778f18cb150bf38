//! Many tasks at once, and a budget that is too small for all.

use std::collections::VecDeque;

use spark_t2i_core::polling::Engine;

use crate::world::{Outcome, Random, Truth, World, mean};
use crate::{KIND, PRICE, engine, engine_with_budget};

#[test]
fn a_thousand_tasks_at_once_with_nothing_learned_teach_each_other() {
    for median in [2.0, 12.0, 60.0] {
        for sigma in [0.25, 0.5, 1.0] {
            let truth = Truth::LogNormal(median, sigma);
            let mut ratio = 0.0;
            for seed in 0..3 {
                let (mut random, mut engine) = (Random(seed + 3), engine(seed));
                let tasks: Vec<_> = (0..1000).map(|_| (0.0, truth.draw(&mut random))).collect();
                let cost = World::default().run(&mut engine, KIND, &tasks).mean();
                ratio += cost.at(PRICE) / truth.optimum(PRICE, 10_000).cost().at(PRICE) / 3.0;
                assert_eq!(engine.in_flight(), 0);
            }
            println!("{median:>2} s, σ {sigma:.2}: {ratio:.3}");
            assert!(ratio <= 1.35, "{median} s, σ {sigma}: {ratio:.3}");
        }
    }
}

/// No window of a second holds more requests than this.
fn most_in_a_second(sent: &[f64]) -> usize {
    let mut window = VecDeque::new();
    let mut most = 0;
    for time in sent {
        window.push_back(*time);
        // Nanoseconds became floating-point seconds.
        while window.front().is_some_and(|first| first + 1.0 - 1e-7 <= *time) {
            window.pop_front();
        }
        most = most.max(window.len());
    }
    most
}

/// The mean lag of polling everyone in turn, each as often as the budget allows.
fn lag_in_turn(tasks: &[(f64, f64)], rate: f64) -> Vec<Outcome> {
    let mut coming = tasks.iter().copied().peekable();
    let (mut turn, mut now, mut outcomes) = (VecDeque::new(), 0.0, Vec::new());
    while coming.peek().is_some() || !turn.is_empty() {
        while let Some(task) = coming.next_if(|(submitted, _)| *submitted <= now) {
            turn.push_back((task, 0));
        }
        if let Some(((submitted, took), requests)) = turn.pop_front() {
            let lag = now - submitted - took;
            if lag >= 0.0 {
                outcomes.push(Outcome { submitted, requests: requests + 1, lag });
            } else {
                turn.push_back(((submitted, took), requests + 1));
            }
        }
        now += 1.0 / rate;
    }
    outcomes
}

/// Those submitted when the stream was in full flow.
fn warm(outcomes: &[Outcome]) -> Vec<Outcome> {
    outcomes.iter().filter(|outcome| (30.0..70.0).contains(&outcome.submitted)).copied().collect()
}

#[test]
fn under_a_short_budget_requests_go_where_a_completion_is_likely() {
    const BUDGET: f64 = 2000.0;
    for (sigma, times_better) in [(0.25, 2.2), (0.5, 1.4)] {
        let truth = Truth::LogNormal(12.0, sigma);
        let mut random = Random(11);
        let tasks: Vec<_> = (0..800 * 90).map(|index| (f64::from(index) / 800.0, truth.draw(&mut random))).collect();
        let mut engine = engine_with_budget(BUDGET);
        let run = World::default().run(&mut engine, KIND, &tasks);
        let (ours, in_turn) = (mean(&warm(&run.outcomes)), mean(&warm(&lag_in_turn(&tasks, BUDGET))));
        let ratio = in_turn.lag / ours.lag;
        println!("σ {sigma}: {ours:?}, in turn {in_turn:?}: {ratio:.2} times better");
        assert_eq!(run.outcomes.len(), tasks.len());
        assert!(most_in_a_second(&run.sent) <= BUDGET as usize, "{}", most_in_a_second(&run.sent));
        assert!(ratio >= times_better, "σ {sigma}: {ratio:.2}");
    }
}

#[test]
fn when_the_rush_is_over_the_price_falls_back() {
    let truth = Truth::LogNormal(12.0, 0.25);
    let (mut random, mut engine) = (Random(5), engine_with_budget(50.0));
    let mut tasks: Vec<_> = (0..2000).map(|_| (0.0, truth.draw(&mut random))).collect();
    tasks.extend((0..100).map(|index| (300.0 + 20.0 * f64::from(index), truth.draw(&mut random))));
    let run = World { submits: true, ..World::default() }.run(&mut engine, KIND, &tasks);
    assert!(most_in_a_second(&run.sent) <= 50);
    let calm: Vec<_> = run.outcomes.iter().filter(|outcome| outcome.submitted > 1000.0).copied().collect();
    let ratio = mean(&calm).at(PRICE) / truth.optimum(PRICE, 10_000).cost().at(PRICE);
    assert!(ratio < 1.25, "{ratio:.2} {:?}", mean(&calm));
    assert!((engine.price() - PRICE).abs() < 1e-9, "{}", engine.price());
}

#[test]
fn ten_thousand_at_once_are_submitted_and_polled_within_the_budget() {
    let truth = Truth::LogNormal(12.0, 0.25);
    let (mut random, mut engine): (_, Engine) = (Random(5), engine_with_budget(1000.0));
    let tasks: Vec<_> = (0..10_000).map(|_| (0.0, truth.draw(&mut random))).collect();
    let run = World { submits: true, ..World::default() }.run(&mut engine, KIND, &tasks);
    assert_eq!(run.outcomes.len(), 10_000);
    assert!(most_in_a_second(&run.sent) <= 1000);
    println!("{:?} in {:?} s", run.mean(), run.sent.last());
}
