use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand_distr::{Distribution, LogNormal};

/// Nothing waits longer than this, however long the tail of a distribution is.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// Beyond this a log-normal latency is mostly zero or mostly [`LONGEST`].
const WIDEST_SIGMA: f64 = 5.0;

/// How long a task takes from its creation to its end.
///
/// Written as a duration, as a log-normal distribution with its median and the σ of its logarithm, or as the path of a
/// file of recorded seconds, one number a line or a JSON array, of which each task draws one:
///
/// ```
/// use std::time::Duration;
/// use spark_t2i_emulator::Latency;
///
/// assert_eq!("500ms".parse::<Latency>()?, Latency::fixed(Duration::from_millis(500)));
/// assert_eq!("lognormal:12s:0.25".parse::<Latency>()?, Latency::lognormal(Duration::from_secs(12), 0.25)?);
/// assert!("seconds.txt".parse::<Latency>().unwrap_err().to_string().contains("cannot read"));
/// # Ok::<(), spark_t2i_emulator::InvalidLatency>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Latency(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Fixed(Duration),
    LogNormal { median: f64, sigma: f64 },
    Recorded(Vec<Duration>),
}

/// A text that is no latency, or one out of range; the message says what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLatency(String);

impl Latency {
    /// Every task takes this long, at most seven days.
    pub fn fixed(latency: Duration) -> Self {
        Self(Kind::Fixed(latency.min(LONGEST)))
    }

    /// Half of the tasks take less than `median`; `sigma`, 0 to 5, is the standard deviation of the latency's logarithm.
    ///
    /// # Errors
    /// When the median is zero or over seven days, or sigma is outside its range.
    pub fn lognormal(median: Duration, sigma: f64) -> Result<Self, InvalidLatency> {
        if median.is_zero() || median > LONGEST {
            return Err(InvalidLatency("the median of a log-normal latency is over 0 s and at most 7 days".to_owned()));
        }
        if !(0.0..=WIDEST_SIGMA).contains(&sigma) {
            return Err(InvalidLatency(format!(
                "the sigma of a log-normal latency is 0 to {WIDEST_SIGMA}, not {sigma}"
            )));
        }
        Ok(Self(Kind::LogNormal { median: median.as_secs_f64(), sigma }))
    }

    /// Each task takes one of these times, all equally probable.
    ///
    /// # Errors
    /// When there are none.
    pub fn recorded(latencies: Vec<Duration>) -> Result<Self, InvalidLatency> {
        if latencies.is_empty() {
            return Err(InvalidLatency("there are no recorded latencies to draw from".to_owned()));
        }
        Ok(Self(Kind::Recorded(latencies.into_iter().map(|latency| latency.min(LONGEST)).collect())))
    }

    /// Half of the tasks take less.
    pub fn median(&self) -> Duration {
        match &self.0 {
            Kind::Fixed(latency) => *latency,
            Kind::LogNormal { median, .. } => Duration::from_secs_f64(*median),
            Kind::Recorded(latencies) => {
                let mut sorted = latencies.clone();
                sorted.sort_unstable();
                sorted[sorted.len() / 2]
            }
        }
    }

    pub(crate) fn draw(&self, rng: &mut StdRng) -> Duration {
        match &self.0 {
            Kind::Fixed(latency) => *latency,
            Kind::LogNormal { median, sigma } => {
                let drawn = LogNormal::new(median.ln(), *sigma).expect("sigma was checked").sample(rng);
                Duration::from_secs_f64(drawn.min(LONGEST.as_secs_f64()))
            }
            Kind::Recorded(latencies) => *latencies.choose(rng).expect("there is at least one"),
        }
    }
}

impl Default for Latency {
    /// Two seconds.
    fn default() -> Self {
        Self::fixed(Duration::from_secs(2))
    }
}

impl From<Duration> for Latency {
    fn from(latency: Duration) -> Self {
        Self::fixed(latency)
    }
}

impl FromStr for Latency {
    type Err = InvalidLatency;

    fn from_str(text: &str) -> Result<Self, InvalidLatency> {
        let text = text.trim();
        if let Some(parameters) = text.strip_prefix("lognormal:") {
            let parsed = parameters
                .split_once(':')
                .and_then(|(median, sigma)| Some((duration(median)?, sigma.trim().parse().ok()?)));
            let (median, sigma) = parsed.ok_or_else(|| {
                InvalidLatency(format!("\"{text}\" is not lognormal:MEDIAN:SIGMA, such as lognormal:12s:0.25"))
            })?;
            return Self::lognormal(median, sigma);
        }
        match duration(text) {
            Some(latency) => Ok(Self::fixed(latency)),
            None => Self::read(text),
        }
    }
}

impl Latency {
    fn read(path: &str) -> Result<Self, InvalidLatency> {
        let text = std::fs::read_to_string(Path::new(path)).map_err(|error| {
            InvalidLatency(format!(
                "\"{path}\" is no latency such as 2s, 500ms or lognormal:12s:0.25, and cannot read it as a file of seconds: {error}"
            ))
        })?;
        let wrong = |reason: String| InvalidLatency(format!("{path}: {reason}"));
        let numbers: Vec<f64> = if text.trim_start().starts_with('[') {
            serde_json::from_str(&text).map_err(|error| wrong(format!("not a JSON array of seconds: {error}")))?
        } else {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            lines
                .map(|(index, line)| {
                    let line = line.trim();
                    line.parse()
                        .map_err(|_| wrong(format!("line {} is not a number of seconds: \"{line}\"", index + 1)))
                })
                .collect::<Result<_, _>>()?
        };
        let latencies = numbers
            .into_iter()
            .map(|number| seconds(number).ok_or_else(|| wrong(format!("{number} seconds is no latency"))))
            .collect::<Result<_, _>>()?;
        Self::recorded(latencies).map_err(|_| wrong("the file holds no number".to_owned()))
    }
}

/// A number with its unit: `2s`, `1.5s`, `500ms`, `2m`, `1h`.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
    let unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    seconds(number.trim().parse::<f64>().ok()? * unit)
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().filter(|latency| *latency <= LONGEST)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn drawn(latency: &Latency, count: usize) -> Vec<Duration> {
        let mut rng = StdRng::seed_from_u64(7);
        let mut drawn: Vec<_> = (0..count).map(|_| latency.draw(&mut rng)).collect();
        drawn.sort();
        drawn
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, millis) in [
            ("2s", 2000),
            ("500ms", 500),
            ("0s", 0),
            ("1.5s", 1500),
            (" 2 s ", 2000),
            ("3m", 180_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(text.parse(), Ok(Latency::fixed(Duration::from_millis(millis))), "{text}");
        }
    }

    #[test]
    fn what_is_no_latency_says_what_would_be_one() {
        for text in ["", "2", "2x", "-2s", "NaNs", "infs", "1e300s", "lognormal", "lognormal:12s", "lognormal:12:0.2"] {
            let message = text.parse::<Latency>().unwrap_err().to_string();
            assert!(message.contains("lognormal:12s:0.25"), "{text}: {message}");
        }
        for text in ["lognormal:0s:0.2", "lognormal:12s:-1", "lognormal:12s:NaN", "lognormal:12s:9"] {
            assert!(text.parse::<Latency>().unwrap_err().to_string().contains("a log-normal latency is"), "{text}");
        }
    }

    #[test]
    fn a_log_normal_latency_has_its_median() {
        let latency: Latency = "lognormal:12s:0.25".parse().unwrap();
        assert_eq!(latency.median(), Duration::from_secs(12));
        let drawn = drawn(&latency, 4001);
        assert!((11.5..12.5).contains(&drawn[2000].as_secs_f64()), "{:?}", drawn[2000]);
        // A log-normal of σ 0.25 has 15.9 % above median × e^0.25.
        assert!((14.8..16.0).contains(&drawn[3365].as_secs_f64()), "{:?}", drawn[3365]);
        let wide = Latency::lognormal(LONGEST, WIDEST_SIGMA).unwrap();
        assert_eq!(self::drawn(&wide, 1000).last(), Some(&LONGEST));
    }

    #[test]
    fn recorded_seconds_are_read_from_lines_and_from_an_array() {
        let directory = tempfile::tempdir().unwrap();
        let read = |content: &str| {
            let path = directory.path().join("seconds");
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().parse::<Latency>()
        };
        let expected = Latency::recorded(vec![Duration::from_secs(1), Duration::from_millis(2500)]).unwrap();
        assert_eq!(read("1\n\n2.5\n").unwrap(), expected);
        assert_eq!(read("9\n1\n2\n").unwrap().median(), Duration::from_secs(2));
        assert_eq!(read(" [1, 2.5]\n").unwrap(), expected);
        assert_eq!(drawn(&expected, 100)[99], Duration::from_millis(2500));
        for (content, words) in [
            ("1\nx\n", "line 2"),
            ("1\n-1\n", "-1 seconds"),
            ("NaN", "NaN seconds"),
            ("", "no number"),
            ("[]", "no number"),
            ("[1,", "JSON array"),
        ] {
            let message = read(content).unwrap_err().to_string();
            assert!(message.contains(words), "{content}: {message}");
        }
    }
}
