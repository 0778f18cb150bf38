use std::collections::HashMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use spark_t2i_core::polling::{Engine, EngineOptions, Next, Policy, Taken, TaskHandle, WorkKind};

use crate::config;

/// What happens to an engine, each after a while.
#[derive(Debug, Clone)]
enum Event {
    Add { taken_up: bool, age: f64 },
    Remove,
    Throttled(Option<f64>),
    ClockJumps(f64),
    Nothing,
}

/// What is answered to a request.
#[derive(Debug, Clone)]
enum Answer {
    NotYet { progress: Option<f64>, floor: Option<f64> },
    Completed { lag: Option<f64> },
    Failed,
    Trouble { floor: Option<f64> },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<bool>(), 0.0..500.0).prop_map(|(taken_up, age)| Event::Add { taken_up, age }),
        1 => Just(Event::Remove),
        1 => proptest::option::of(0.0..20.0).prop_map(Event::Throttled),
        1 => (0.0..1e6).prop_map(Event::ClockJumps),
        3 => Just(Event::Nothing),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let anything = prop_oneof![-1e9..1e9, Just(f64::NAN), Just(f64::INFINITY), 0.0..1.0, 0.0..10.0];
    let floor = proptest::option::weighted(0.2, 0.0..100.0);
    prop_oneof![
        6 => (proptest::option::of(anything.clone()), floor.clone())
            .prop_map(|(progress, floor)| Answer::NotYet { progress, floor }),
        2 => proptest::option::of(anything).prop_map(|lag| Answer::Completed { lag }),
        1 => Just(Answer::Failed),
        1 => floor.prop_map(|floor| Answer::Trouble { floor }),
    ]
}

fn options() -> impl Strategy<Value = EngineOptions> {
    let policy = prop_oneof![
        4 => (1e-4..100.0).prop_map(|poll_cost| Policy::Learning { poll_cost }),
        1 => (0.0..20.0).prop_map(|interval| Policy::Fixed(Duration::from_secs_f64(interval))),
    ];
    let rate = prop_oneof![Just(0.0), 0.2..3.0, 1.0..200.0];
    (policy, rate, any::<u64>()).prop_map(|(policy, max_requests_per_second, seed)| EngineOptions {
        policy,
        max_requests_per_second,
        seed,
    })
}

/// A driver that notes whatever must not happen.
struct Driver {
    engine: Engine,
    options: EngineOptions,
    now: Duration,
    sent: Vec<Duration>,
    /// When a task was last asked for (or added), and the floor that was set then.
    watched: HashMap<TaskHandle, (Duration, Duration)>,
    answers: Vec<Answer>,
    answered: usize,
    longest: Duration,
}

impl Driver {
    fn until(&mut self, end: Duration, submits_wait: bool) -> Result<(), TestCaseError> {
        for _ in 0..20_000 {
            match self.engine.next(self.now, submits_wait) {
                Next::Sleep(time) => {
                    prop_assert!(time > self.now, "a gap below zero, or none");
                    if time > end {
                        break;
                    }
                    self.now = time;
                }
                Next::Idle => break,
                Next::Submit => {
                    prop_assert!(submits_wait);
                    self.sent.push(self.now);
                }
                Next::Ask(task) => self.ask(task)?,
            }
        }
        self.now = self.now.max(end);
        Ok(())
    }

    fn ask(&mut self, task: TaskHandle) -> Result<(), TestCaseError> {
        self.sent.push(self.now);
        let (_, floor) = self.watched.get(&task).copied().ok_or_else(|| TestCaseError::fail("nobody waits for it"))?;
        prop_assert!(self.now >= floor, "{:?} before the server's floor", floor.saturating_sub(self.now));
        let answer = self.answers[self.answered % self.answers.len()].clone();
        self.answered += 1;
        let duration = |floor: Option<f64>| floor.map(Duration::from_secs_f64);
        let (gap, floor) = match answer {
            Answer::NotYet { progress, floor } => {
                (self.engine.not_yet(task, self.now, progress, duration(floor)), duration(floor))
            }
            Answer::Trouble { floor } => (self.engine.trouble(task, self.now, duration(floor)), duration(floor)),
            Answer::Completed { lag } => {
                prop_assert!(self.engine.completed(task, self.now, lag).is_some());
                self.watched.remove(&task);
                return Ok(());
            }
            Answer::Failed => {
                prop_assert!(self.engine.failed(task).is_some());
                self.watched.remove(&task);
                return Ok(());
            }
        };
        let floor = floor.unwrap_or_default();
        prop_assert!(gap >= floor);
        if let Policy::Learning { .. } = self.options.policy {
            let longest = self.engine.longest_gap().max(floor);
            prop_assert!(gap <= longest + Duration::from_micros(1), "{gap:?} is over {longest:?}");
        }
        self.longest = self.longest.max(gap);
        self.watched.insert(task, (self.now, self.now + floor));
        Ok(())
    }

    fn most_in_a_second(&self) -> usize {
        let window = |first: usize| {
            self.sent[first..].iter().take_while(|time| **time < self.sent[first] + Duration::from_secs(1)).count()
        };
        (0..self.sent.len()).map(window).max().unwrap_or(0)
    }
}

fn driver(options: EngineOptions, answers: Vec<Answer>) -> Driver {
    Driver {
        engine: Engine::new(options),
        options,
        now: Duration::ZERO,
        sent: Vec::new(),
        watched: HashMap::new(),
        answers,
        answered: 0,
        longest: Duration::ZERO,
    }
}

proptest! {
    #![proptest_config(config())]

    /// Gaps are never below zero, over the longest gap or under a `Retry-After`, and no second sees more than the budget,
    /// whatever is answered and however the clock jumps.
    #[test]
    fn gaps_and_the_budget_are_kept(
        options in options(),
        events in vec((0.0..20.0, event(), any::<bool>()), 1..40),
        answers in vec(answer(), 1..30),
    ) {
        let mut driver = driver(options, answers);
        for (after, event, submits_wait) in events {
            // (A submit that waits for ever would send as many as the budget allows.)
            let submits_wait = submits_wait && options.max_requests_per_second > 0.0 && options.max_requests_per_second < 20.0;
            let end = driver.now + Duration::from_secs_f64(after);
            driver.until(end, submits_wait)?;
            match event {
                Event::Add { taken_up, age } => {
                    let age = Duration::from_secs_f64(age);
                    let taken = if taken_up { Taken::Up((age.as_secs().is_multiple_of(2)).then_some(age)) } else { Taken::Submitted(age) };
                    let task = driver.engine.add(driver.now, WorkKind::UNKNOWN, taken);
                    driver.watched.insert(task, (driver.now, Duration::ZERO));
                }
                Event::Remove => {
                    if let Some(task) = driver.watched.keys().next().copied() {
                        prop_assert!(driver.engine.remove(task).is_some());
                        driver.watched.remove(&task);
                        prop_assert!(driver.engine.remove(task).is_none());
                    }
                }
                Event::Throttled(pause) => driver.engine.throttled(driver.now, pause.map(Duration::from_secs_f64)),
                Event::ClockJumps(by) => driver.now += Duration::from_secs_f64(by),
                Event::Nothing => {}
            }
            prop_assert_eq!(driver.engine.in_flight(), driver.watched.len());
        }
        if options.max_requests_per_second > 0.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
            let most = options.max_requests_per_second.ceil() as usize;
            prop_assert!(driver.most_in_a_second() <= most, "{} of {most}", driver.most_in_a_second());
        }
        let profile = serde_json::to_string(&driver.engine.profile()).expect("a profile is JSON");
        prop_assert!(serde_json::from_str::<spark_t2i_core::polling::LatencyProfile>(&profile).is_ok(), "{}", profile);
    }

    /// However many tasks share however small a budget, and however many submits wait beside them: everyone's turn comes, within
    /// 30 s and twice what it takes the budget to go round.
    #[test]
    fn nobody_starves(tasks in 1_usize..120, rate in 0.5..30.0, submits_wait in any::<bool>(), seed in any::<u64>()) {
        let options = EngineOptions { max_requests_per_second: rate, seed, ..EngineOptions::default() };
        let mut driver = driver(options, vec![Answer::NotYet { progress: None, floor: None }]);
        for _ in 0..tasks {
            let task = driver.engine.add(Duration::ZERO, WorkKind::UNKNOWN, Taken::Submitted(Duration::ZERO));
            driver.watched.insert(task, (Duration::ZERO, Duration::ZERO));
        }
        let share = if submits_wait { rate / 3.0 } else { rate };
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let longest = Duration::from_secs_f64(30.0 + 2.0 * (tasks + 1) as f64 / share);
        for _ in 0..40 {
            let end = driver.now + longest / 8;
            driver.until(end, submits_wait)?;
            for (since, _) in driver.watched.values() {
                let waited = driver.now.saturating_sub(*since);
                prop_assert!(waited <= longest, "{tasks} tasks at {rate} a second: waited {waited:?}, over {longest:?}");
            }
        }
    }

    /// After a sleep of the machine what came due is asked for evenly, one each 20 ms (or all within 5 s).
    #[test]
    fn a_clock_that_jumps_causes_no_burst(tasks in 1_usize..300, after in 0.0..40.0, jump in 10.0..1e7, seed in any::<u64>()) {
        let mut driver =
            driver(EngineOptions { seed, ..EngineOptions::default() }, vec![Answer::NotYet { progress: None, floor: None }]);
        for _ in 0..tasks {
            let task = driver.engine.add(Duration::ZERO, WorkKind::UNKNOWN, Taken::Submitted(Duration::ZERO));
            driver.watched.insert(task, (Duration::ZERO, Duration::ZERO));
        }
        driver.until(Duration::from_secs_f64(after), false)?;
        driver.now += Duration::from_secs_f64(jump + 60.0);
        driver.sent.clear();
        driver.until(driver.now + Duration::from_secs(3), false)?;
        for first in 0..driver.sent.len() {
            let window = driver.sent[first] + Duration::from_millis(100);
            let most = driver.sent[first..].iter().take_while(|time| **time < window).count();
            prop_assert!(most <= 6 + tasks / 50, "{most} of {tasks} at once");
        }
    }

    /// Whatever bytes a saved profile has become: it is read or refused, and what was read can be used.
    #[test]
    fn a_damaged_profile_is_refused_or_harmless(
        text in prop_oneof![
            ".*",
            vec((any::<f32>(), any::<f32>()), 0..140).prop_map(|list| format!("{{\"version\":1,\"kinds\":{{\"small\":{list:?}}}}}").replace('(', "[").replace(')', "]")),
            vec((0.0_f32..1e7, 0.0_f32..1e7), 0..140).prop_map(|list| {
                let list: Vec<_> = list.into_iter().map(|(one, other)| [one.min(other), one.max(other)]).collect();
                format!("{{\"version\":1,\"kinds\":{{\"unknown\":{list:?}}}}}")
            }),
        ],
    ) {
        if let Ok(profile) = serde_json::from_str(&text) {
            let mut engine = Engine::new(EngineOptions::default());
            engine.restore(&profile);
            let task = engine.add(Duration::ZERO, WorkKind::UNKNOWN, Taken::Submitted(Duration::ZERO));
            let Next::Sleep(until) = engine.next(Duration::ZERO, false) else { panic!("a task takes its time") };
            prop_assert!(until > Duration::ZERO && until <= Duration::from_secs(30));
            prop_assert_eq!(engine.next(until, false), Next::Ask(task));
        }
    }
}
