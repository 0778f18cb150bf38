use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// How far the service's clock is from ours, as its `Date` headers tell: each bounds the difference from both sides, and
/// together they narrow it down to far less than the second in which they count.
#[derive(Debug)]
pub(crate) struct ServerClock {
    origin: Instant,
    /// The service's Unix time at the origin lies between these.
    bounds: Option<(f64, f64)>,
}

/// A completion that is known no better than this says nothing about the lag.
const MOST_UNCERTAINTY: f64 = 0.2;

impl ServerClock {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), bounds: None }
    }

    /// Notes the `Date` of an answer to a request that was sent and answered at these times.
    pub(crate) fn note(&mut self, date: SystemTime, sent: Instant, received: Instant) {
        let Ok(date) = date.duration_since(SystemTime::UNIX_EPOCH) else { return };
        // The service wrote its whole seconds down somewhen between sending and receiving.
        let since_origin = |at: Instant| at.saturating_duration_since(self.origin).as_secs_f64();
        let (least, most) =
            (date.as_secs_f64() - since_origin(received), date.as_secs_f64() + 1.0 - since_origin(sent));
        self.bounds = match self.bounds {
            Some((lower, upper)) if least <= upper && most >= lower => Some((lower.max(least), upper.min(most))),
            // One of the two clocks was set, or another machine answers: what was known before is worth nothing.
            _ => Some((least, most)),
        };
    }

    /// How long before `now` the service's clock showed this Unix time; none where the clocks are not known well enough,
    /// and negative where it has not shown it yet.
    pub(crate) fn seconds_since(&self, unix_seconds: f64, now: Instant) -> Option<f64> {
        let (lower, upper) = self.bounds?;
        let known = upper - lower <= 2.0 * MOST_UNCERTAINTY;
        let now = now.saturating_duration_since(self.origin).as_secs_f64();
        known.then(|| now - (unix_seconds - f64::midpoint(lower, upper)))
    }

    /// The age of a task by the second of its creation, to about a second; none where that makes no sense.
    pub(crate) fn age(&self, created_at: i64, now: Instant) -> Option<Duration> {
        let (lower, upper) = self.bounds?;
        #[expect(clippy::cast_precision_loss, reason = "exact for every date of this millennium")]
        let created_at = created_at as f64 + 0.5;
        let now = now.saturating_duration_since(self.origin).as_secs_f64();
        let age = now - (created_at - f64::midpoint(lower, upper));
        // Half a second is what the rounding may hide.
        (age > -1.0).then(|| Duration::try_from_secs_f64(age.max(0.0)).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service whose clock is this many seconds ahead of the Unix time 1 000 000 at our origin.
    fn narrowed(ahead: f64) -> (ServerClock, Instant) {
        let mut clock = ServerClock::new();
        let origin = clock.origin;
        for look in 0..40 {
            let sent = f64::from(look) * 0.37;
            let service = 1_000_000.0 + ahead + sent + 0.01;
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(service.floor());
            let at = |seconds: f64| origin + Duration::from_secs_f64(seconds);
            clock.note(date, at(sent), at(sent + 0.02));
        }
        (clock, origin)
    }

    #[test]
    fn many_whole_seconds_tell_parts_of_a_second() {
        for ahead in [0.0, 0.31, -5000.25, 86_400.0] {
            let (clock, origin) = narrowed(ahead);
            let now = origin + Duration::from_secs(100);
            let since = clock.seconds_since(1_000_000.0 + ahead + 98.5, now).unwrap();
            assert!((since - 1.5).abs() < 0.1, "{ahead}: {since}");
        }
    }

    #[test]
    fn one_answer_tells_too_little_and_a_clock_that_was_set_begins_anew() {
        let mut clock = ServerClock::new();
        let (now, date) = (clock.origin, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        assert_eq!(clock.seconds_since(1_000_000.0, now), None);
        clock.note(date, now, now + Duration::from_millis(5));
        assert_eq!(clock.seconds_since(1_000_000.0, now), None);
        let age = clock.age(1_000_000 - 7, now).unwrap().as_secs_f64();
        assert!((age - 7.0).abs() < 0.1, "{age}");
        assert_eq!(clock.age(1_000_000 + 60, now), None, "it was not created in the future");

        let (mut clock, origin) = narrowed(0.0);
        clock.note(date + Duration::from_secs(3600), origin, origin + Duration::from_millis(5));
        assert_eq!(clock.seconds_since(1_000_000.0, now), None);
    }
}
