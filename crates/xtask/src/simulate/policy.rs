//! The policies that are compared, and what each costs.

use std::time::Duration;

use spark_t2i_core::polling::{Cost, Engine, EngineOptions, Policy, WorkKind};

use super::PRICE;
use super::world::{Random, Truth, World, asked_by, every, growing};

const KIND: WorkKind = WorkKind::UNKNOWN;
/// Engines that learn, each from tasks of its own; what is shown is their mean.
const RUNS: u64 = 16;
/// Points of the grid on which the optimum is computed.
const POINTS: usize = 20_000;

/// A distribution to be polled under.
pub(crate) struct Case {
    pub(crate) name: String,
    /// What the first 200 tasks were drawn from, where that was another one.
    before: Option<Truth>,
    truth: Truth,
}

/// What a policy costs.
pub(crate) struct Line {
    pub(crate) policy: String,
    pub(crate) cost: Cost,
    pub(crate) over_optimum: f64,
}

impl Case {
    pub(crate) fn steady(name: &str, truth: Truth) -> Self {
        Self { name: name.to_owned(), before: None, truth }
    }

    pub(crate) fn shift(name: &str, before: Truth, truth: Truth) -> Self {
        Self { name: name.to_owned(), before: Some(before), truth }
    }
}

/// Google's generated clients: first after 5 s, then 1.5 times as long each, up to 45 s (the defaults that its service
/// configuration documents for long-running operations). `scale` is 1 for just that.
pub(crate) fn google(scale: f64) -> impl Iterator<Item = f64> {
    growing(5.0 * scale, 1.5, 45.0 * scale)
}

/// Waiters of the AWS SDKs: before the n-th request a delay evenly drawn from 2 s to 2 s · 2^(n−1), up to 120 s (the Smithy
/// specification's defaults). `scale` is 1 for just that.
pub(crate) fn aws(scale: f64, mut random: Random) -> impl Iterator<Item = f64> {
    let (mut most, mut age) = (2.0 * scale, 0.0);
    std::iter::from_fn(move || {
        age += 2.0 * scale + random.even() * (most - 2.0 * scale);
        most = (most * 2.0).min(120.0 * scale);
        Some(age)
    })
}

/// The mean cost of a schedule that is drawn anew for each task.
pub(crate) fn mean_aws(truth: &Truth, scale: f64, seed: u64) -> Cost {
    const DRAWN: u64 = 400;
    mean((0..DRAWN).map(|run| truth.cost_of(aws(scale, Random(seed.wrapping_mul(1000).wrapping_add(run))))))
}

pub(crate) fn optimum(truth: &Truth, price: f64) -> Cost {
    truth.optimum(price, POINTS).cost()
}

/// What our engine costs after it has seen so many tasks complete, for each of these numbers, rising.
pub(crate) fn ours(before: Option<&Truth>, truth: &Truth, price: f64, completions: &[usize], seed: u64) -> Vec<Cost> {
    let mut costs = vec![Vec::new(); completions.len()];
    let until = truth.exceeded_with(1e-6).min(1e6);
    for run in 0..RUNS {
        let seed = seed.wrapping_mul(7919).wrapping_add(run);
        let options = EngineOptions { policy: Policy::Learning { poll_cost: price }, seed, ..EngineOptions::default() };
        let (mut random, mut engine, mut now, mut done) = (Random(seed), Engine::new(options), 0.0, 0);
        let mut complete = |engine: &mut Engine, truth: &Truth, count: usize| {
            let took: Vec<f64> = (0..count).map(|_| truth.draw(&mut random)).collect();
            World::default().one_by_one(engine, KIND, &mut now, &took);
        };
        if let Some(before) = before {
            complete(&mut engine, before, 200);
        }
        for (count, costs) in completions.iter().zip(&mut costs) {
            complete(&mut engine, truth, count - done);
            done = *count;
            costs.push(truth.cost_of(asked_by(&engine, KIND, Duration::from_secs(100_000_000), until)));
        }
    }
    costs.into_iter().map(mean).collect()
}

fn mean(costs: impl IntoIterator<Item = Cost>) -> Cost {
    let (mut sum, mut count) = (Cost::default(), 0.0);
    for cost in costs {
        sum.requests += cost.requests;
        sum.lag += cost.lag;
        count += 1.0;
    }
    Cost { requests: sum.requests / count, lag: sum.lag / count }
}

/// Every policy on one distribution.
pub(crate) fn compare(case: &Case, seed: u64) -> (Case, Vec<Line>) {
    let truth = &case.truth;
    let best = optimum(truth, PRICE);
    let (completions, when): (&[usize], &str) =
        if case.before.is_some() { (&[0, 10, 50], "completions after it") } else { (&[0, 20, 50, 200], "completions") };
    let learned = ours(case.before.as_ref(), truth, PRICE, completions, seed);
    let mut lines = vec![("optimum".to_owned(), best)];
    lines.extend(completions.iter().zip(learned).map(|(count, cost)| (format!("ours, {count} {when}"), cost)));
    lines.extend([1.0, 3.0, 5.0].map(|interval| (format!("fixed {interval} s"), truth.cost_of(every(interval)))));
    lines.push(("Google's clients".to_owned(), truth.cost_of(google(1.0))));
    lines.push(("AWS waiters".to_owned(), mean_aws(truth, 1.0, seed)));
    let lines = lines
        .into_iter()
        .map(|(policy, cost)| Line { policy, cost, over_optimum: cost.at(PRICE) / best.at(PRICE) })
        .collect();
    let case = Case { name: case.name.clone(), before: case.before.clone(), truth: truth.clone() };
    (case, lines)
}
