use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time: microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    pub(crate) const fn micros(self) -> u64 {
        self.0
    }

    pub(crate) const fn unix_seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds with their fraction, as the API writes times.
    #[expect(clippy::cast_precision_loss, reason = "exact to the microsecond until the year 2255")]
    pub(crate) fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` to this; zero if it was not earlier.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// The time of day as it was at the start, and from there a clock that never jumps: a task must not get younger
/// because somebody sets the machine's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    at: Moment,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), at: Moment(0).plus(since_epoch) }
    }

    pub(crate) fn now(&self) -> Moment {
        self.at.plus(self.started.elapsed())
    }
}
