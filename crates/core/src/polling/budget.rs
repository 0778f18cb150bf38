//! The budget of requests: how many may be sent, and by whom.

use std::time::Duration;

use super::flight::nanoseconds;

/// Requests may be early by so much, in nanoseconds: a timer that fires on whole milliseconds must not cost a client of
/// thousands of requests a second its rate.
const CREDIT: u64 = 4_000_000;
const SECOND: u64 = 1_000_000_000;
/// No pause that a server asks for stops all requests for longer than this.
const LONGEST_PAUSE: u64 = 60 * SECOND;
/// What a 429 leaves of the rate.
const DECREASE: f64 = 0.7;
/// What a second without a 429 gives back, as a share of the full rate.
const RECOVERY: f64 = 0.02;
/// Of the full rate so much always remains.
const LEAST_SHARE: f64 = 0.01;
/// Answers to requests that were on their way together are one 429, in nanoseconds.
const ONE_EVENT: u64 = SECOND;
/// How fast the measured rate follows, in nanoseconds.
const MEASURED_OVER: u64 = SECOND;

/// Who sends the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Submit,
    Poll,
}

/// Spaces requests, shares them between submits and polls, and gives way to a server that has had enough.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    /// Requests a second as configured; infinite for no limit.
    configured: f64,
    /// The rate that the budget recovers to: as configured, or what was sent when an unlimited budget met a 429.
    full: f64,
    rate: f64,
    recovered_at: u64,
    decreased_at: Option<u64>,
    /// When the next request would go if all were evenly spaced.
    scheduled: u64,
    paused_until: u64,
    /// Requests a second over about the last second, as of `measured_at`.
    measured: f64,
    measured_at: u64,
    /// As `measured`, of submits alone.
    submits: f64,
    /// Which of three turns comes next while both wait.
    turn: u8,
}

impl Budget {
    /// At most `rate` requests a second; anything that is not above zero for no limit.
    pub(crate) fn new(rate: f64) -> Self {
        let rate = if rate > 0.0 { rate } else { f64::INFINITY };
        Self {
            configured: rate,
            full: rate,
            rate,
            recovered_at: 0,
            decreased_at: None,
            scheduled: 0,
            paused_until: 0,
            measured: 0.0,
            measured_at: 0,
            submits: 0.0,
            turn: 0,
        }
    }

    /// Requests a second that may be sent at present; infinite for no limit.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Requests a second that were sent of late.
    pub(crate) fn measured(&self, now: u64) -> f64 {
        self.measured * decay(now.saturating_sub(self.measured_at))
    }

    /// Requests a second that are left to polls, as submits take their part at present: a third at least.
    pub(crate) fn rate_for_polls(&self, now: u64) -> f64 {
        let submits = self.submits * decay(now.saturating_sub(self.measured_at));
        (self.rate - submits).max(self.rate / 3.0)
    }

    /// When the next request may be sent.
    pub(crate) fn ready_at(&self) -> u64 {
        self.scheduled.saturating_sub(CREDIT).max(self.paused_until)
    }

    /// Lets the rate recover up to now.
    pub(crate) fn advance(&mut self, now: u64) {
        let passed = now.saturating_sub(self.recovered_at);
        self.recovered_at = now;
        if self.rate < self.full {
            self.rate = (self.rate + seconds(passed) * RECOVERY * self.full).min(self.full);
        }
        // Without a configured limit the one that a 429 set is lifted once it has recovered.
        if self.rate >= self.full {
            (self.full, self.rate) = (self.configured, self.configured);
        }
    }

    /// Whose turn it is, if both wait or only one of them. Of three turns submits have two, because a second's delay of a
    /// task that is not yet submitted is always a second, and a poll's only if the task is done.
    pub(crate) fn turn(&mut self, submits_wait: bool, polls_wait: bool) -> Option<Turn> {
        match (submits_wait, polls_wait) {
            (true, true) => {
                self.turn = (self.turn + 1) % 3;
                Some(if self.turn == 0 { Turn::Poll } else { Turn::Submit })
            }
            (true, false) => Some(Turn::Submit),
            (false, true) => Some(Turn::Poll),
            (false, false) => None,
        }
    }

    /// A request is sent now.
    pub(crate) fn sent(&mut self, now: u64, turn: Turn) {
        if self.rate.is_finite() {
            // Any window of a second then holds at most `rate` requests, those sent early on credit included.
            let spacing = (SECOND + CREDIT) as f64 / self.rate;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a spacing is positive")]
            let spacing = spacing.ceil() as u64;
            self.scheduled = self.scheduled.max(now).saturating_add(spacing.max(1));
        }
        let kept = decay(now.saturating_sub(self.measured_at));
        let one = SECOND as f64 / MEASURED_OVER as f64;
        self.measured = self.measured * kept + one;
        self.submits = self.submits * kept + if turn == Turn::Submit { one } else { 0.0 };
        self.measured_at = now;
    }

    /// The server refused a request with 429, and asked for a pause perhaps.
    pub(crate) fn throttled(&mut self, now: u64, pause: Option<Duration>) {
        self.advance(now);
        if let Some(pause) = pause {
            let pause = nanoseconds(pause).min(LONGEST_PAUSE);
            self.paused_until = self.paused_until.max(now.saturating_add(pause));
        }
        if self.decreased_at.is_some_and(|at| now.saturating_sub(at) < ONE_EVENT) {
            return;
        }
        self.decreased_at = Some(now);
        if self.rate.is_infinite() {
            self.full = self.measured(now).max(1.0);
            self.rate = self.full;
        }
        self.rate = (self.rate * DECREASE).max(self.full * LEAST_SHARE);
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / SECOND as f64
}

fn decay(passed: u64) -> f64 {
    (-(passed as f64) / MEASURED_OVER as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(budget: &mut Budget, until: u64, granularity: u64) -> Vec<u64> {
        let (mut now, mut times) = (0, Vec::new());
        while now < until {
            budget.advance(now);
            if budget.ready_at() <= now {
                budget.sent(now, Turn::Poll);
                times.push(now);
            } else {
                now = budget.ready_at().next_multiple_of(granularity);
            }
        }
        times
    }

    #[test]
    fn no_second_sees_more_than_the_rate_and_coarse_timers_lose_little() {
        for rate in [1.0, 2.5, 50.0, 333.0, 2000.0] {
            for granularity in [1, 1_000_000] {
                let times = sent(&mut Budget::new(rate), 10 * SECOND, granularity);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
                let most = f64::ceil(rate) as usize;
                assert!(times.windows(most + 1).all(|window| window[most] - window[0] >= SECOND), "{rate}");
                assert!(times.len() as f64 >= 9.8 * rate, "{rate}, {granularity}: {}", times.len());
            }
        }
    }

    #[test]
    fn a_429_costs_a_third_and_time_brings_it_back() {
        let mut budget = Budget::new(100.0);
        budget.throttled(SECOND, Some(Duration::from_secs(2)));
        budget.throttled(SECOND + 1, None);
        assert!((budget.rate() - 70.0).abs() < 1e-6);
        assert_eq!(budget.ready_at(), 3 * SECOND);
        budget.advance(6 * SECOND);
        assert!((budget.rate() - 80.0).abs() < 1e-6);
        budget.advance(60 * SECOND);
        assert!((budget.rate() - 100.0).abs() < 1e-6);
        for second in 60..1000 {
            budget.throttled(second * SECOND, None);
        }
        assert!(budget.rate() >= 1.0);
    }

    #[test]
    fn without_a_limit_a_429_sets_one_for_a_while() {
        let mut budget = Budget::new(0.0);
        for request in 0..1000 {
            budget.sent(request * SECOND / 500, Turn::Poll);
        }
        budget.throttled(2 * SECOND, None);
        assert!((250.0..400.0).contains(&budget.rate()), "{}", budget.rate());
        budget.advance(60 * SECOND);
        assert!(budget.rate().is_infinite());
    }

    #[test]
    fn while_both_wait_each_has_a_third() {
        let mut budget = Budget::new(100.0);
        let turns: Vec<_> = (0..300).filter_map(|_| budget.turn(true, true)).collect();
        let submits = turns.iter().filter(|turn| **turn == Turn::Submit).count();
        assert_eq!((turns.len(), submits), (300, 200));
    }
}
