//! When to ask next: the one small interface behind which all waiting stands.

use std::fmt;
use std::time::Duration;

use crate::{Request, TaskId, TaskSnapshot};

/// What is known about a waited-for task when the next request is planned.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The task.
    pub task_id: &'a TaskId,
    /// How long it has been known: since its submit, or since the waiting began.
    pub age: Duration,
    /// How many times it was asked for.
    pub looks: u32,
    /// The latest readable answer.
    pub latest: Option<&'a TaskSnapshot>,
    /// What was asked for, where it was submitted here.
    pub request: Option<&'a Request>,
}

/// Decides when a task is asked for next. Pure: it sees no clock and brings no randomness of its own.
pub trait Schedule: fmt::Debug + Send + Sync + 'static {
    /// How long to wait from now until the next request. Called before the first request and after every answer, the
    /// last one included, so that a schedule can learn from it; what it returns then is not used. `jitter` is drawn
    /// evenly from 0 to 1 at each call.
    fn next(&self, known: &Known<'_>, jitter: f64) -> Duration;
}

/// Asks ever more seldom: a gap is an eighth of the task's age, but 1 s at least and 5 s at most.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stretching;

impl Schedule for Stretching {
    fn next(&self, known: &Known<'_>, jitter: f64) -> Duration {
        let gap = (known.age / 8).clamp(Duration::from_secs(1), Duration::from_secs(5));
        // Tasks submitted together are not asked for together.
        gap.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }
}

/// Asks at a fixed interval: mean lag is half of it, and every second of the task costs its share of requests.
#[derive(Debug, Clone, Copy)]
pub struct FixedInterval(pub Duration);

impl Schedule for FixedInterval {
    fn next(&self, _: &Known<'_>, _: f64) -> Duration {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_between_their_bounds() {
        let id = "a".parse().unwrap();
        for seconds in [0, 1, 10, 40, 3600, u64::MAX] {
            let known =
                Known { task_id: &id, age: Duration::from_secs(seconds), looks: 0, latest: None, request: None };
            for jitter in [0.0, 0.5, 1.0] {
                let gap = Stretching.next(&known, jitter);
                assert!(gap >= Duration::from_millis(800) && gap <= Duration::from_secs(5), "{seconds} s: {gap:?}");
            }
        }
    }
}
