use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Moment;

/// A limit on the rate of requests: one second's worth may come at once, then one each interval.
#[derive(Debug)]
pub(crate) struct RateLimit {
    interval: Duration,
    /// How far the requests may run ahead of one each interval.
    ahead: Duration,
    /// When a request would come that is exactly on time.
    due: Mutex<Moment>,
}

impl RateLimit {
    /// A limit of `per_second` requests, a positive number.
    pub(crate) fn new(per_second: f64) -> Self {
        let interval = Duration::from_secs_f64(1.0 / per_second);
        Self {
            interval,
            ahead: Duration::from_secs(1).saturating_sub(interval),
            due: Mutex::new(Moment::from_micros(0)),
        }
    }

    /// Admits a request, or says how long to wait.
    pub(crate) fn admit(&self, now: Moment) -> Result<(), Duration> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let early = due.since(now);
        if early > self.ahead {
            return Err(early.saturating_sub(self.ahead));
        }
        *due = (*due).max(now).plus(self.interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seconds_worth_at_once_then_one_each_interval() {
        let limit = RateLimit::new(4.0);
        let at = |millis: u64| Moment::from_micros(1_000_000_000 + millis * 1000);
        assert!((0..4).all(|_| limit.admit(at(0)).is_ok()));
        assert_eq!(limit.admit(at(0)), Err(Duration::from_millis(250)));
        assert_eq!(limit.admit(at(100)), Err(Duration::from_millis(150)));
        assert_eq!(limit.admit(at(250)), Ok(()));
        assert!(limit.admit(at(250)).is_err(), "a refused request must not push the limit on");
        assert!((0..4).all(|_| limit.admit(at(60_000)).is_ok()));
        assert!(limit.admit(at(60_000)).is_err(), "a long rest saves up no more than a second");
    }

    #[test]
    fn less_than_one_a_second_is_a_limit_too() {
        let limit = RateLimit::new(0.1);
        assert_eq!(limit.admit(Moment::from_micros(5_000_000)), Ok(()));
        assert_eq!(limit.admit(Moment::from_micros(6_000_000)), Err(Duration::from_secs(9)));
    }
}
