use std::fmt;
use std::str::FromStr;

use spark_t2i_core::{did_you_mean, printable};

use crate::stats::Kind;

mod active;
mod spoil;
mod strike;
mod table;

pub(crate) use active::Faults;
pub(crate) use strike::{Lost, struck};
use table::{Effect, Known, TABLE};

/// Something that goes wrong on purpose: which, how often, and with which requests.
///
/// Written `NAME[:PROBABILITY][@KIND]`. The probability is 0 to 1, by default 1; the kind is `create`, `estimate`,
/// `status` or `image`, by default every kind that the fault can happen to.
///
/// ```
/// use spark_t2i_emulator::{Emulator, Fault};
///
/// let lost: Fault = "reset-after-accept:0.2@create".parse()?;
/// assert!(lost.is_accepted(), "the task is created and charged all the same");
/// let emulator = Emulator::builder().fault(lost).seed(7).start()?;
///
/// let error = "http-5000".parse::<Fault>().unwrap_err().to_string();
/// assert!(error.contains("did you mean \"http-500\"?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Of several faults at most one strikes a request. One number is drawn for each request, and each fault has a share
/// of its range, as long as there is any left: after `http-500:0.1`, `slow-body` has the other nine tenths.
#[derive(Clone, Copy)]
pub struct Fault {
    known: &'static Known,
    probability: f64,
    only: Option<Kind>,
}

/// A text that is no fault; the message says what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(String);

impl Fault {
    /// Every fault there is, each with probability 1 and for every kind of request that it can happen to.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|known| Self { known, probability: 1.0, only: None })
    }

    /// Its name, as the counters have it.
    pub fn name(&self) -> &'static str {
        self.known.name
    }

    /// What happens, in one sentence without a full stop.
    pub fn description(&self) -> &'static str {
        self.known.description
    }

    /// How probably it strikes a request, 0 to 1.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// The kinds of requests that it strikes: `create`, `estimate`, `status`, `image`.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let only = self.only;
        self.known.kinds.iter().filter(move |kind| only.is_none_or(|only| only == **kind)).map(|kind| kind.name())
    }

    /// Whether the service does what it was asked before the fault strikes: a task is created and charged, and only the
    /// answer suffers. Requests that the service refuses are then not struck. Otherwise the service never sees the
    /// request, and nothing is created or charged.
    pub fn is_accepted(&self) -> bool {
        matches!(self.known.effect, Effect::After(_))
    }

    fn strikes(&self, kind: Kind) -> bool {
        self.known.kinds.contains(&kind) && self.only.is_none_or(|only| only == kind)
    }
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.probability == other.probability && self.only == other.only
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if self.probability < 1.0 {
            write!(f, ":{}", self.probability)?;
        }
        self.only.map_or(Ok(()), |kind| write!(f, "@{}", kind.name()))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({self})")
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let text = text.trim();
        let (rest, kind) = text.split_once('@').map_or((text, None), |(rest, kind)| (rest, Some(kind)));
        let (name, probability) = rest.split_once(':').map_or((rest, None), |(name, part)| (name, Some(part)));
        let known = TABLE.iter().find(|known| known.name == name).ok_or_else(|| unknown(name))?;
        let probability = probability.map_or(Ok(1.0), |part| {
            // Zero below zero would be written with its sign.
            let number = part.parse::<f64>().ok().filter(|part| (0.0..=1.0).contains(part)).map(f64::abs);
            number.ok_or_else(|| {
                let part = printable(part, 40);
                InvalidFault(format!("the probability of {name} is 0 to 1, not \"{part}\": write {name}:0.25"))
            })
        })?;
        let only = kind.map(|kind| known.kind(kind)).transpose()?;
        Ok(Self { known, probability, only })
    }
}

impl Known {
    fn kind(&self, given: &str) -> Result<Kind, InvalidFault> {
        let kinds = || self.kinds.iter().map(|kind| kind.name());
        self.kinds.iter().find(|kind| kind.name() == given).copied().ok_or_else(|| {
            let (name, given, kinds) = (self.name, printable(given, 40), kinds().collect::<Vec<_>>().join(", "));
            InvalidFault(format!("{name} does not happen to \"{given}\" requests: write {name}@KIND, of {kinds}"))
        })
    }
}

fn unknown(name: &str) -> InvalidFault {
    let names = || TABLE.iter().map(|known| known.name);
    let hint = Some(did_you_mean(name, names())).filter(|hint| !hint.is_empty()).unwrap_or_else(|| ".".to_owned());
    let (given, all) = (printable(name, 40), names().collect::<Vec<_>>().join(", "));
    InvalidFault(format!("there is no fault \"{given}\"{hint} The faults are {all}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Fault>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for text in ["http-500", "http-500:0.25", "slow-body@image", "reset-after-accept:0.001@create", "no-id:0"] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        for fault in Fault::all() {
            assert_eq!(fault.name().parse(), Ok(fault));
        }
        assert_eq!("http-500:1".parse::<Fault>().unwrap(), " http-500:1.0 ".parse().unwrap());
        assert_eq!("http-500:-0.0".parse::<Fault>().unwrap().to_string(), "http-500:0");
    }

    #[test]
    fn what_is_no_fault_is_told_with_what_is_one() {
        let unknown = refused("truncated-jsno");
        assert!(unknown.contains("did you mean \"truncated-json\"?") && unknown.contains("wrong-size"), "{unknown}");
        assert!(refused("").starts_with("there is no fault \"\". The faults are reset-before-accept, "));
        for text in ["http-500:2", "http-500:-0.1", "http-500:NaN", "http-500:", "http-500:often", "http-500:0.1:0.2"] {
            assert!(refused(text).contains("0 to 1"), "{text}");
        }
        assert!(refused("wrong-size@create").contains("of image"));
        assert!(refused("http-500@").contains("create, estimate, status, image"));
        assert!(!refused("\u{1b}[31m").contains('\u{1b}'));
    }

    #[test]
    fn names_are_unique_and_say_whether_a_task_is_made() {
        let mut names: Vec<_> = Fault::all().map(|fault| fault.name()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        for fault in Fault::all() {
            assert!(fault.kinds().count() > 0 && !fault.description().ends_with('.'), "{fault}");
            let name = fault.name();
            assert!(!name.ends_with("-after-accept") || fault.is_accepted(), "{name}");
            assert!(!name.ends_with("-before-accept") || !fault.is_accepted(), "{name}");
        }
    }
}
