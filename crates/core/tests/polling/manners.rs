//! How it behaves towards the server and the clock.

use std::time::Duration;

use spark_t2i_core::polling::{Engine, EngineOptions, Next, Policy, Taken, TaskHandle};

use crate::{KIND, engine, engine_with_budget};

const SECOND: Duration = Duration::from_secs(1);

/// Drives an engine in which nothing ever completes; returns when each task was asked for.
fn asked(engine: &mut Engine, from: Duration, until: Duration) -> Vec<(Duration, TaskHandle)> {
    let (mut now, mut asked) = (from, Vec::new());
    loop {
        match engine.next(now, false) {
            Next::Ask(task) => {
                asked.push((now, task));
                engine.not_yet(task, now, None, None);
            }
            Next::Sleep(time) if time <= until => now = time,
            Next::Sleep(_) | Next::Idle => return asked,
            Next::Submit => panic!("no submit waits"),
        }
    }
}

#[test]
fn a_retry_after_is_a_floor_and_a_deadline_a_ceiling() {
    let mut engine = engine(1);
    let task = engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
    let Next::Sleep(first) = engine.next(Duration::ZERO, false) else { panic!("a task takes its time") };
    assert_eq!(engine.next(first, false), Next::Ask(task));
    assert!(engine.trouble(task, first, Some(90 * SECOND)) >= 90 * SECOND);
    assert_eq!(engine.next(first, false), Next::Sleep(first + 90 * SECOND));
    engine.ask_by(task, Some(first + 20 * SECOND));
    assert_eq!(engine.next(first, false), Next::Sleep(first + 20 * SECOND));
    engine.ask_by(task, None);
    assert_eq!(engine.next(first, false), Next::Sleep(first + 90 * SECOND));
}

#[test]
fn a_machine_that_slept_wakes_without_a_burst() {
    for rate in [0.0, 50.0] {
        let mut engine = engine_with_budget(rate);
        for _ in 0..200 {
            engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
        }
        asked(&mut engine, Duration::ZERO, 20 * SECOND);
        let woken = Duration::from_secs(24 * 3600);
        let times = asked(&mut engine, woken, woken + 10 * SECOND);
        let most = (0..times.len())
            .map(|first| times[first..].iter().take_while(|(time, _)| *time < times[first].0 + SECOND / 10).count());
        let most = most.max();
        assert!(most.is_some_and(|most| (1..=20).contains(&most)), "at rate {rate}: {most:?}, {}", times.len());
        let spread: Vec<_> =
            times.iter().map(|(time, _)| *time).take_while(|time| *time < woken + 4 * SECOND).collect();
        assert!(spread.windows(2).all(|two| two[1] - two[0] >= SECOND / 50), "at rate {rate}: {spread:?}");
        let mut tasks: Vec<_> = times.iter().map(|(_, task)| *task).collect();
        tasks.sort_by_key(|task| format!("{task:?}"));
        tasks.dedup();
        assert_eq!(tasks.len(), 200, "everyone is asked for soon");
    }
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut engine = engine(1);
    let task = engine.add(100 * SECOND, KIND, Taken::Submitted(Duration::ZERO));
    let Next::Sleep(first) = engine.next(50 * SECOND, false) else { panic!("a task takes its time") };
    assert!(first > 100 * SECOND);
    assert_eq!(engine.next(first, false), Next::Ask(task));
    engine.not_yet(task, Duration::ZERO, None, None);
    assert!(matches!(engine.next(Duration::ZERO, false), Next::Sleep(time) if time > first));
}

#[test]
fn tasks_submitted_together_are_not_polled_together() {
    let mut engine = engine(1);
    for _ in 0..100 {
        engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
    }
    let times = asked(&mut engine, Duration::ZERO, 10 * SECOND);
    let crowded = (0..times.len())
        .map(|first| times[first..].iter().take_while(|(time, _)| *time < times[first].0 + SECOND / 20).count())
        .max();
    assert!(crowded.is_some_and(|crowded| crowded < 40), "{crowded:?} within 50 ms");
}

#[test]
fn a_429_slows_everyone_down() {
    let mut engine = engine_with_budget(100.0);
    engine.throttled(SECOND, Some(3 * SECOND));
    assert!((engine.rate() - 70.0).abs() < 1e-9);
    assert_eq!(engine.next(SECOND, true), Next::Sleep(4 * SECOND));
    assert_eq!(engine.next(4 * SECOND, true), Next::Submit);
}

#[test]
fn while_submits_and_polls_wait_each_has_a_third() {
    let mut engine = engine_with_budget(100.0);
    for _ in 0..500 {
        engine.add(Duration::ZERO, KIND, Taken::Up(None));
    }
    let (mut submits, mut polls, mut now) = (0, 0, Duration::ZERO);
    while submits + polls < 300 {
        match engine.next(now, true) {
            Next::Submit => submits += 1,
            Next::Ask(task) => {
                polls += 1;
                engine.trouble(task, now, None);
            }
            Next::Sleep(time) => now = time,
            Next::Idle => panic!("submits wait"),
        }
    }
    assert!(submits >= 100 && polls >= 100, "{submits} {polls}");
}

#[test]
fn a_fixed_interval_is_kept() {
    let policy = Policy::Fixed(3 * SECOND);
    let mut engine = Engine::new(EngineOptions { policy, ..EngineOptions::default() });
    engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
    let times: Vec<_> = asked(&mut engine, Duration::ZERO, 10 * SECOND).into_iter().map(|(time, _)| time).collect();
    assert_eq!(times, [3 * SECOND, 6 * SECOND, 9 * SECOND]);
}

#[test]
fn a_task_goes_along_with_one_that_is_asked_for_shortly_before_it() {
    let millis = Duration::from_millis;
    let fixed = |interval| Engine::new(EngineOptions { policy: Policy::Fixed(interval), ..EngineOptions::default() });
    let mut engine = fixed(3 * SECOND);
    let [first, second, third] =
        [0, 90, 150].map(|added| engine.add(millis(added), KIND, Taken::Submitted(Duration::ZERO)));
    let times = asked(&mut engine, millis(150), 4 * SECOND);
    assert_eq!(times, [(millis(3000), first), (millis(3000), second), (millis(3150), third)]);

    // A thirtieth of its gap at most, and 100 ms.
    for (interval, before, after) in [(SECOND, 33, 34), (60 * SECOND, 99, 101)] {
        let mut engine = fixed(interval);
        let [first, second, third] =
            [0, before, after].map(|added| engine.add(millis(added), KIND, Taken::Submitted(Duration::ZERO)));
        let times = asked(&mut engine, millis(after), interval + millis(500));
        assert_eq!(times, [(interval, first), (interval, second), (interval + millis(after), third)]);
    }

    // But not before the server or a deadline wants it.
    let mut engine = fixed(3 * SECOND);
    let first = engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
    let [slowed, ends] = [0, 0].map(|added| engine.add(millis(added), KIND, Taken::Submitted(Duration::ZERO)));
    engine.ask_by(ends, Some(millis(2990)));
    assert_eq!(asked(&mut engine, millis(2980), millis(2989)), []);
    assert_eq!(engine.next(millis(2990), false), Next::Ask(ends));
    assert!(matches!(engine.next(millis(2990), false), Next::Ask(task) if task != ends));
    assert!(matches!(engine.next(millis(2990), false), Next::Ask(task) if task != ends));
    engine.trouble(slowed, millis(2990), Some(millis(3005)));
    engine.not_yet(first, millis(2990), None, None);
    engine.completed(ends, millis(2990), None);
    let times = asked(&mut engine, millis(2990), 6 * SECOND);
    assert_eq!(times, [(millis(5990), first), (millis(5995), slowed)]);
}

#[test]
fn where_requests_would_follow_each_other_closely_only_close_ones_go_along() {
    let millis = Duration::from_millis;
    let mut engine = engine(1);
    for task in 0..100 {
        let (submitted, ended) = (task * 20 * SECOND, (task * 20 + 10) * SECOND);
        let task = engine.add(submitted, KIND, Taken::Submitted(Duration::ZERO));
        while engine.next(ended, false) == Next::Ask(task) {
            engine.not_yet(task, ended, None, None);
        }
        engine.completed(task, ended, Some(0.0));
    }
    let now = 2000 * SECOND;
    let both = [0, 50].map(|added| engine.add(now + millis(added), KIND, Taken::Submitted(Duration::ZERO)));
    let times = asked(&mut engine, now + millis(50), now + millis(10_500));
    let [first, second] = both.map(|task| times.iter().find(|(_, asked)| *asked == task).expect("it is asked for").0);
    assert!(first > now + millis(9500) && second - first > millis(20), "{first:?} {second:?}");
}

#[test]
fn a_date_that_makes_no_sense_is_not_believed() {
    for lag in [-5.0, 1e9, f64::NAN, f64::INFINITY] {
        let mut engine = engine(1);
        let task = engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
        assert_eq!(engine.completed(task, 10 * SECOND, Some(lag)).map(|noticed| noticed.lag), Some(None), "{lag}");
        assert_eq!((engine.lag().count, engine.completions(KIND)), (0, 1));
    }
    let mut engine = engine(1);
    let task = engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
    assert_eq!(engine.completed(task, 10 * SECOND, Some(0.25)).and_then(|noticed| noticed.lag), Some(0.25));
    assert!(engine.completed(task, 10 * SECOND, None).is_none(), "it was taken out");
}

#[test]
fn a_task_takes_at_most_two_hundred_bytes() {
    for tasks in [10_000, 16_385, 20_000] {
        let mut engine = engine(1);
        let task = engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
        engine.remove(task);
        let before = engine.memory();
        for _ in 0..tasks {
            engine.add(Duration::ZERO, KIND, Taken::Submitted(Duration::ZERO));
        }
        let each = (engine.memory() - before) / tasks;
        assert!(each <= 200, "{each} bytes");
    }
}

#[test]
fn options_and_times_out_of_their_range_are_harmless() {
    let policies = [f64::NAN, -1.0, 0.0, 1e300, f64::INFINITY].map(|poll_cost| Policy::Learning { poll_cost });
    let fixed = [Duration::ZERO, Duration::MAX].map(Policy::Fixed);
    for policy in policies.into_iter().chain(fixed) {
        for max_requests_per_second in [f64::NAN, -1.0, 1e-300, 1e300, f64::INFINITY] {
            let mut engine = Engine::new(EngineOptions { policy, max_requests_per_second, seed: 1 });
            for time in [Duration::ZERO, Duration::MAX] {
                let task = engine.add(time, KIND, Taken::Up(Some(Duration::MAX)));
                for now in [time, Duration::MAX] {
                    if engine.next(now, true) == Next::Ask(task) {
                        engine.not_yet(task, now, Some(0.5), Some(Duration::MAX));
                    }
                }
                engine.throttled(time, Some(Duration::MAX));
                engine.completed(task, time, Some(f64::MAX));
            }
            assert!(engine.longest_gap() >= 30 * SECOND && engine.price().is_finite());
        }
    }
}
