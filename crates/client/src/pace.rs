use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Spaces the requests to the service evenly, so that no second sees more than the client may send.
pub(crate) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

/// No pause that a server asks for stops all requests of a client for longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Pace {
    /// At most `rate` requests a second; 0 for no limit.
    pub(crate) fn new(rate: f64) -> Self {
        let gap =
            if rate > 0.0 { Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX) } else { Duration::ZERO };
        Self { gap, next: Mutex::new(None) }
    }

    /// Waits for this request's turn. A turn that is given up by dropping stays unused.
    pub(crate) async fn turn(&self) {
        let turn = {
            let now = Instant::now();
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or(now, |next| next.max(now));
            *next = turn.checked_add(self.gap).or(*next);
            turn
        };
        if turn > Instant::now() {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// Lets no request go before `pause` is over, because the service asked for it.
    pub(crate) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.min(LONGEST_PAUSE);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(until, |next| next.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_rate() {
        let pace = Pace::new(50.0);
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..200 {
            pace.turn().await;
            turns.push(start.elapsed());
        }
        for window in turns.windows(51) {
            assert!(window[50] - window[0] >= Duration::from_secs(1), "{window:?}");
        }
        assert!(turns[199] < Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_but_not_for_ever() {
        let pace = Pace::new(0.0);
        pace.turn().await;
        let start = Instant::now();
        pace.pause(Duration::from_secs(2));
        pace.turn().await;
        assert!(start.elapsed() >= Duration::from_secs(2));
        pace.pause(Duration::from_secs(10_000_000));
        pace.turn().await;
        assert!(start.elapsed() < Duration::from_secs(70));
    }
}
