//! A world on virtual time in which an engine polls: completion times drawn from known distributions, and what a schedule
//! costs on average under them. Used by the tests of the core and by `cargo xtask simulate`.

use std::collections::HashMap;
use std::time::Duration;

use spark_t2i_core::polling::{Cost, Engine, Next, Plan, Taken, TaskHandle, WorkKind};

/// Random numbers from a seed: `SplitMix64`.
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Evenly between 0 and 1, both excluded.
    pub(crate) fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        ((mixed >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// From a normal distribution (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.even().ln()).sqrt() * (std::f64::consts::TAU * self.even()).cos()
    }
}

/// How long tasks take.
#[derive(Clone, Debug)]
pub(crate) enum Truth {
    /// Median in seconds, σ of ln T.
    LogNormal(f64, f64),
    /// One distribution or the other, with the probability of the first.
    Either(f64, Box<Truth>, Box<Truth>),
    /// At least so many seconds, and then as long again as the other says.
    AtLeast(f64, Box<Truth>),
    /// One of these, all equally probable; sorted.
    Recorded(Vec<f64>),
}

impl Truth {
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        match self {
            Self::LogNormal(median, sigma) => median * (sigma * random.normal()).exp(),
            Self::Either(share, one, other) => {
                if random.even() < *share {
                    one.draw(random)
                } else {
                    other.draw(random)
                }
            }
            Self::AtLeast(least, rest) => least + rest.draw(random),
            Self::Recorded(seconds) => seconds[(random.even() * seconds.len() as f64) as usize],
        }
    }

    /// The probability of taking longer than this age, in seconds.
    pub(crate) fn survival(&self, age: f64) -> f64 {
        match self {
            Self::LogNormal(median, sigma) => {
                if age <= 0.0 {
                    1.0
                } else {
                    normal_survival((age / median).ln() / sigma)
                }
            }
            Self::Either(share, one, other) => share * one.survival(age) + (1.0 - share) * other.survival(age),
            Self::AtLeast(least, rest) => rest.survival(age - least),
            Self::Recorded(seconds) => {
                1.0 - seconds.partition_point(|taken| *taken <= age) as f64 / seconds.len() as f64
            }
        }
    }

    /// The age that a task exceeds with this probability.
    pub(crate) fn exceeded_with(&self, probability: f64) -> f64 {
        let (mut low, mut high) = (1e-6_f64, 1e7_f64);
        for _ in 0..200 {
            let middle = (low * high).sqrt();
            if self.survival(middle) > probability { low = middle } else { high = middle }
        }
        high
    }

    /// The optimum on so many points, evenly spaced in ln T.
    pub(crate) fn optimum(&self, price: f64, points: usize) -> Plan {
        let (low, high) = (self.exceeded_with(1.0 - 1e-7), self.exceeded_with(1e-7) * 1.0001);
        let step = (high / low).ln() / (points - 1) as f64;
        let ages: Vec<f64> = (0..points).map(|point| low * (step * point as f64).exp()).collect();
        let alive: Vec<f64> = ages.iter().map(|age| self.survival(*age)).collect();
        Plan::optimal(&ages, &alive, price).expect("ages rise and survival falls")
    }

    /// What a schedule costs on average that asks at these ages, given one after the other.
    pub(crate) fn cost_of(&self, asked_at: impl IntoIterator<Item = f64>) -> Cost {
        let mut cost = Cost::default();
        let mut before = 0.0;
        let mut alive = 1.0;
        for age in asked_at {
            cost.requests += alive;
            let after = self.survival(age);
            // E[lag] is the integral of F(t) − F(before) up to the request.
            let parts = 16;
            let step = (age - before) / f64::from(parts);
            let within: f64 =
                (0..parts).map(|part| alive - self.survival(before + step * (f64::from(part) + 0.5))).sum();
            cost.lag += within * step;
            (before, alive) = (age, after);
            if alive < 1e-7 {
                break;
            }
        }
        cost
    }
}

/// The complementary error function's series for the normal distribution (Abramowitz and Stegun 26.2.17 would give only
/// seven digits of the whole, not of the tail; this is the continued fraction beyond 3 and a sum before).
fn normal_survival(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - normal_survival(-z);
    }
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    if z > 3.0 {
        let fraction = (1..60).rev().fold(z, |below, step| z + f64::from(step) / below);
        return density / fraction;
    }
    let (mut term, mut sum) = (z, z);
    for step in 1..100 {
        term *= z * z / f64::from(2 * step + 1);
        sum += term;
        if term < 1e-17 {
            break;
        }
    }
    0.5 - density * sum
}

/// A fixed interval, as ages.
pub(crate) fn every(interval: f64) -> impl Iterator<Item = f64> {
    (1..).map(move |count| f64::from(count) * interval)
}

/// A first gap, growing by a factor up to a longest one, as ages.
pub(crate) fn growing(first: f64, factor: f64, longest: f64) -> impl Iterator<Item = f64> {
    let mut gap = first;
    let mut age = 0.0;
    std::iter::from_fn(move || {
        age += gap;
        gap = (gap * factor).min(longest);
        Some(age)
    })
}

/// The ages at which an engine would ask for the next task, if it went on and on.
pub(crate) fn asked_by(engine: &Engine, kind: WorkKind, from: Duration, until: f64) -> Vec<f64> {
    let mut engine = engine.clone();
    let task = engine.add(from, kind, Taken::Submitted(Duration::ZERO));
    let mut ages = Vec::new();
    let mut now = from;
    loop {
        match engine.next(now, false) {
            Next::Sleep(time) => now = time,
            Next::Ask(asked) if asked == task => {
                let age = (now - from).as_secs_f64();
                ages.push(age);
                if age > until {
                    return ages;
                }
                engine.not_yet(task, now, None, None);
            }
            next => panic!("one task, and no submit: {next:?}"),
        }
    }
}

/// What became of a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// When it was submitted, in seconds.
    pub(crate) submitted: f64,
    pub(crate) requests: u32,
    pub(crate) lag: f64,
}

/// How a run of many tasks went.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) outcomes: Vec<Outcome>,
    /// When requests were sent, in seconds, in their order.
    pub(crate) sent: Vec<f64>,
}

impl Run {
    pub(crate) fn mean(&self) -> Cost {
        mean(&self.outcomes)
    }
}

pub(crate) fn mean(outcomes: &[Outcome]) -> Cost {
    let count = outcomes.len() as f64;
    Cost {
        requests: outcomes.iter().map(|outcome| f64::from(outcome.requests)).sum::<f64>() / count,
        lag: outcomes.iter().map(|outcome| outcome.lag).sum::<f64>() / count,
    }
}

/// Options of a run.
#[derive(Clone, Copy, Default)]
pub(crate) struct World {
    /// Whether the server tells when a task completed.
    pub(crate) dated: bool,
    /// Whether submits wait in the engine's queue and cost a request each.
    pub(crate) submits: bool,
    /// What the server says of progress, from the age and the time that the task takes.
    pub(crate) progress: Option<fn(f64, f64) -> f64>,
}

impl World {
    /// Runs tasks through an engine: (time of submit, time taken), in seconds, in the order of submits. Answers come at once.
    pub(crate) fn run(&self, engine: &mut Engine, kind: WorkKind, tasks: &[(f64, f64)]) -> Run {
        let mut run = Run::default();
        let mut running: HashMap<TaskHandle, (f64, f64)> = HashMap::new();
        let mut coming = tasks.iter().copied().peekable();
        let mut now = 0.0_f64;
        while coming.peek().is_some() || !running.is_empty() {
            let time = Duration::from_secs_f64(now);
            if !self.submits {
                while let Some((submitted, took)) = coming.next_if(|(submitted, _)| *submitted <= now) {
                    let age = Duration::from_secs_f64(now - submitted);
                    running.insert(engine.add(time, kind, Taken::Submitted(age)), (submitted, took));
                }
            }
            let submits_wait = self.submits && coming.peek().is_some_and(|(submitted, _)| *submitted <= now);
            let arrival = coming.peek().map_or(f64::INFINITY, |(submitted, _)| *submitted);
            match engine.next(time, submits_wait) {
                Next::Ask(task) => {
                    run.sent.push(now);
                    let (submitted, took) = running[&task];
                    let (age, lag) = (now - submitted, now - submitted - took);
                    if lag >= 0.0 {
                        let noticed = engine.completed(task, time, self.dated.then_some(lag)).expect("it is watched");
                        running.remove(&task);
                        run.outcomes.push(Outcome { submitted, requests: noticed.requests, lag });
                    } else {
                        engine.not_yet(task, time, self.progress.map(|progress| progress(age, took)), None);
                    }
                }
                Next::Submit => {
                    run.sent.push(now);
                    let (_, took) = coming.next().expect("a submit waited");
                    running.insert(engine.add(time, kind, Taken::Submitted(Duration::ZERO)), (now, took));
                }
                Next::Sleep(until) => {
                    let until = until.as_secs_f64();
                    // (A submit that waits already is no later event.)
                    now = if arrival > now { until.min(arrival) } else { until };
                }
                Next::Idle => now = arrival.max(now),
            }
        }
        run
    }

    /// Tasks one after the other: each is submitted when the one before was noticed. `now` goes on.
    pub(crate) fn one_by_one(&self, engine: &mut Engine, kind: WorkKind, now: &mut f64, took: &[f64]) -> Run {
        let mut all = Run::default();
        for took in took {
            let one = self.one_from(engine, kind, *now, *took);
            *now += took + one.lag + 0.001;
            all.outcomes.push(one);
        }
        all
    }

    fn one_from(&self, engine: &mut Engine, kind: WorkKind, begin: f64, took: f64) -> Outcome {
        let mut now = begin;
        let task = engine.add(Duration::from_secs_f64(now), kind, Taken::Submitted(Duration::ZERO));
        loop {
            let time = Duration::from_secs_f64(now);
            match engine.next(time, false) {
                Next::Sleep(until) => now = until.as_secs_f64(),
                Next::Ask(_) => {
                    let lag = now - begin - took;
                    if lag >= 0.0 {
                        let noticed = engine.completed(task, time, self.dated.then_some(lag)).expect("it is watched");
                        return Outcome { submitted: begin, requests: noticed.requests, lag };
                    }
                    engine.not_yet(task, time, self.progress.map(|progress| progress(now - begin, took)), None);
                }
                next => panic!("one task, and no submit: {next:?}"),
            }
        }
    }
}
