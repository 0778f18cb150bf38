//! What the polling engine costs: `cargo bench -p spark-t2i-core --bench polling`. The targets: choosing the next request
//! under 1 µs among 10 000 tasks and under 2 µs among 1 000 000, at most 200 bytes a task, a table anew under 200 µs.

use std::time::Duration;

use divan::{Bencher, black_box};
use spark_t2i_core::polling::{Engine, EngineOptions, Next, Plan, Taken, TaskHandle, WorkKind};

fn main() {
    println!("bytes a task: {} among 10 000, {} among 1 000 000\n", bytes_a_task(10_000), bytes_a_task(1_000_000));
    divan::main();
}

/// What a task adds, in the middle between two doublings of the vectors and right after one.
fn bytes_a_task(tasks: u32) -> usize {
    let empty = crowd(0).0.memory();
    (crowd(tasks).0.memory() - empty) / tasks as usize
}

/// Tasks in flight, submitted over the last 12 s, after a few completions.
fn crowd(tasks: u32) -> (Engine, Duration) {
    let mut engine = Engine::new(EngineOptions { seed: 7, ..EngineOptions::default() });
    let mut now = Duration::ZERO;
    for took in [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 16.0] {
        let task = engine.add(now, WorkKind::UNKNOWN, Taken::Submitted(Duration::from_secs_f64(took)));
        now += Duration::from_secs(60);
        engine.completed(task, now, Some(60.0));
    }
    for index in 0..tasks {
        let age = Duration::from_secs(12).mul_f64(f64::from(index) / f64::from(tasks));
        engine.add(now, WorkKind::UNKNOWN, Taken::Submitted(age));
    }
    (engine, now)
}

/// The time goes on until a task is due.
fn next_task(engine: &mut Engine, now: &mut Duration) -> TaskHandle {
    loop {
        match engine.next(*now, false) {
            Next::Ask(task) => return task,
            Next::Sleep(until) => *now = until,
            next => panic!("tasks are in flight, and no submit waits: {next:?}"),
        }
    }
}

#[divan::bench(args = [10_000, 1_000_000], sample_count = 20, sample_size = 5000)]
fn choosing_the_next_request_and_putting_it_back(bencher: Bencher, tasks: u32) {
    let (mut engine, mut now) = crowd(tasks);
    bencher.bench_local(move || {
        let task = next_task(&mut engine, &mut now);
        // No answer: nothing is learned, the task is only planned again.
        engine.trouble(task, now, None)
    });
}

#[divan::bench(args = [10_000, 1_000_000], sample_count = 20, sample_size = 5000)]
fn a_request_and_its_not_yet(bencher: Bencher, tasks: u32) {
    let (mut engine, mut now) = crowd(tasks);
    bencher.bench_local(move || {
        let task = next_task(&mut engine, &mut now);
        engine.not_yet(task, now, None, None)
    });
}

/// One task after the other: each completion is an observation, and the fit and the table follow most of them.
#[divan::bench]
fn a_completion_with_its_fit_and_table(bencher: Bencher) {
    let (mut engine, mut now) = crowd(0);
    bencher.bench_local(move || {
        let task = engine.add(now, WorkKind::UNKNOWN, Taken::Submitted(Duration::ZERO));
        now += Duration::from_secs(12);
        engine.completed(task, now, Some(0.5))
    });
}

/// An observation among 10 000 tasks in flight, where one fit serves hundreds.
#[divan::bench]
fn feeding_an_observation(bencher: Bencher) {
    let (mut engine, mut now) = crowd(10_000);
    bencher.bench_local(move || {
        let task = next_task(&mut engine, &mut now);
        engine.completed(task, now, Some(0.5));
        engine.add(now, WorkKind::UNKNOWN, Taken::Submitted(Duration::ZERO))
    });
}

#[divan::bench]
fn a_table_anew(bencher: Bencher) {
    let ages: Vec<f64> = (0..512).map(|point| 2.0 * (f64::from(point) * 0.007).exp()).collect();
    let alive: Vec<f64> = ages.iter().map(|age| 1.0 / (1.0 + (age / 12.0).powi(8))).collect();
    bencher.bench_local(|| Plan::optimal(black_box(&ages), black_box(&alive), 0.1));
}
