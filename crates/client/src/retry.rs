//! Whether and when a request is repeated: full jitter, a floor that the service sets, and one budget for all.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

/// A longer wait than this is no advice for a request that somebody is waiting for.
const LONGEST_SENSIBLE_WAIT: Duration = Duration::from_secs(600);

/// How long to wait before the retry that follows `failures` failures in a row: evenly drawn from nothing to a bound
/// that doubles ("full jitter"), and never less than the service asked for. `random` lies in 0 to 1.
pub(crate) fn backoff(failures: u32, random: f64, retry_after: Option<Duration>) -> Duration {
    let bound = FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_BACKOFF);
    bound.mul_f64(random).max(retry_after.unwrap_or_default())
}

/// The wait that an answer asks for by `Retry-After`, in seconds or as an HTTP date; none where it makes no sense.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let given = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match given.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => {
            // Against the server's own clock where it tells the time: the two machines' clocks may differ.
            let here = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(http_date).unwrap_or(now);
            http_date(given)?.duration_since(here).ok()?
        }
    };
    (!wait.is_zero() && wait <= LONGEST_SENSIBLE_WAIT).then_some(wait)
}

pub(crate) fn http_date(text: &str) -> Option<SystemTime> {
    let timestamp = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(timestamp.as_second().try_into().ok()?))
}

/// What all retries of a client draw on: every first attempt earns a tenth of one, so that a failing service sees at
/// most a tenth more requests once the reserve is spent.
pub(crate) struct RetryBudget(Mutex<f64>);

impl RetryBudget {
    /// Enough for a burst of refusals at the start of a large job.
    const RESERVE: f64 = 50.0;
    const EARNED_BY_AN_ATTEMPT: f64 = 0.1;

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Self::RESERVE))
    }

    pub(crate) fn first_attempt(&self) {
        let mut reserve = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *reserve = (*reserve + Self::EARNED_BY_AN_ATTEMPT).min(Self::RESERVE);
    }

    /// Takes one retry out, if there is one.
    pub(crate) fn take(&self) -> bool {
        let mut reserve = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = *reserve >= 1.0;
        if enough {
            *reserve -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn wait(retry_after_value: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after_value).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        // Sun, 06 Nov 1994 08:49:37 GMT
        retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
    }

    #[test]
    fn retry_after_is_a_floor_where_it_is_sensible() {
        assert_eq!(wait("2", None), Some(Duration::from_secs(2)));
        assert_eq!(wait("1.5", None), Some(Duration::from_millis(1500)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:42 GMT", None), Some(Duration::from_secs(5)));
        assert_eq!(
            wait("Sun, 06 Nov 1994 09:49:42 GMT", Some("Sun, 06 Nov 1994 09:49:35 GMT")),
            Some(Duration::from_secs(7))
        );
        for nonsense in [
            "0",
            "-5",
            "abc",
            "",
            "10000000",
            "NaN",
            "inf",
            "1e300",
            "Sun, 06 Nov 1994 08:49:30 GMT",
            "Sun, 99 Nov 1994",
        ] {
            assert_eq!(wait(nonsense, None), None, "{nonsense}");
        }
    }

    #[test]
    fn backoff_doubles_to_a_bound_and_keeps_the_floor() {
        assert_eq!(backoff(1, 1.0, None), Duration::from_millis(500));
        assert_eq!(backoff(3, 1.0, None), Duration::from_secs(2));
        assert_eq!(backoff(3, 0.5, None), Duration::from_secs(1));
        assert_eq!(backoff(1_000_000, 1.0, None), LONGEST_BACKOFF);
        assert_eq!(backoff(1, 0.0, Some(Duration::from_secs(3))), Duration::from_secs(3));
    }

    #[test]
    fn a_failing_server_sees_a_tenth_more_requests_once_the_reserve_is_spent() {
        let budget = RetryBudget::new();
        while budget.take() {}
        let mut retries = 0;
        for _ in 0..1_000 {
            budget.first_attempt();
            while budget.take() {
                retries += 1;
            }
        }
        assert!((95..=100).contains(&retries), "{retries}");
    }
}
