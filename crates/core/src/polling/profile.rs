use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::kind::WorkKind;
use super::learning::{Interval, KEPT};

/// The form of what is saved; another one is refused.
const VERSION: u32 = 1;
/// No completion time is longer, in seconds.
const LONGEST: f32 = 1e7;

/// What an [`Engine`](super::Engine) has learned, to be saved and given to another one: the latest completions of each
/// kind of work, at most 128, as intervals of age in seconds. A few kilobytes.
///
/// Serialised it is `{"version":1,"kinds":{"standard+pre_llm":[[8.5,9.75],…]}}`. Deserialising refuses another version, a
/// number that is no age, and more completions than are ever kept; kinds of work that are not known here are passed over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct LatencyProfile {
    kinds: BTreeMap<WorkKind, Vec<Interval>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    kinds: BTreeMap<String, Vec<(f32, f32)>>,
}

/// A saved profile that is damaged; the message says where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidProfile(String);

impl fmt::Display for InvalidProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidProfile {}

impl LatencyProfile {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.kinds.values().all(Vec::is_empty)
    }

    /// How many completions of a kind of work are in it.
    pub fn completions(&self, kind: WorkKind) -> usize {
        self.kinds.get(&kind).map_or(0, Vec::len)
    }

    pub(crate) fn add(&mut self, kind: WorkKind, intervals: Vec<Interval>) {
        if !intervals.is_empty() {
            self.kinds.insert(kind, intervals);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (WorkKind, &[Interval])> {
        self.kinds.iter().map(|(kind, intervals)| (*kind, intervals.as_slice()))
    }
}

impl TryFrom<Saved> for LatencyProfile {
    type Error = InvalidProfile;

    fn try_from(saved: Saved) -> Result<Self, InvalidProfile> {
        if saved.version != VERSION {
            return Err(InvalidProfile(format!("a latency profile of version {}, not {VERSION}", saved.version)));
        }
        let mut profile = Self::default();
        for (name, intervals) in saved.kinds {
            if intervals.len() > KEPT {
                return Err(InvalidProfile(format!(
                    "a latency profile with {} completions of a kind of work; at most {KEPT} are kept",
                    intervals.len()
                )));
            }
            // (Not a number is in no range.)
            let valid =
                |(after, until): &(f32, f32)| (0.0..=LONGEST).contains(after) && (*after..=LONGEST).contains(until);
            if let Some((after, until)) = intervals.iter().find(|interval| !valid(interval)) {
                return Err(InvalidProfile(format!("a latency profile with a completion after {after} to {until} s")));
            }
            if let Some(kind) = WorkKind::named(&name) {
                profile.add(kind, intervals.into_iter().map(|(after, until)| Interval { after, until }).collect());
            }
        }
        Ok(profile)
    }
}

impl From<LatencyProfile> for Saved {
    fn from(profile: LatencyProfile) -> Self {
        // Milliseconds are more than what is known.
        let rounded = |seconds: f32| (seconds * 1000.0).round() / 1000.0;
        let pairs = |intervals: Vec<Interval>| {
            intervals.into_iter().map(|interval| (rounded(interval.after), rounded(interval.until))).collect()
        };
        let kinds = profile.kinds.into_iter().map(|(kind, list)| (kind.name().to_owned(), pairs(list))).collect();
        Self { version: VERSION, kinds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_comes_back_as_it_was_saved() {
        let text = r#"{"version":1,"kinds":{"standard+pre_llm":[[8.5,9.75],[0.0,3.125]]}}"#;
        let profile: LatencyProfile = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&profile).unwrap(), text);
        assert!(!profile.is_empty());
    }

    #[test]
    fn a_damaged_profile_is_refused_and_says_why() {
        for (text, words) in [
            (r#"{"version":2,"kinds":{}}"#, "version 2"),
            (r#"{"version":1,"kinds":{"small":[[-1,2]]}}"#, "-1 to 2"),
            (r#"{"version":1,"kinds":{"small":[[3,2]]}}"#, "3 to 2"),
            (r#"{"version":1,"kinds":{"small":[[1,1e30]]}}"#, "1 to"),
            (r#"{"version":1,"kinds":{"small":[[1,1e300]]}}"#, ""),
            (r#"{"version":1,"kinds":{"small":[[null,2]]}}"#, ""),
            (r#"{"version":1,"kinds":{"small":[[1,2,3]]}}"#, ""),
            (r#"{"version":1}"#, "kinds"),
            (r#"{"version":1,"kinds":{"#, ""),
            ("[]", ""),
        ] {
            let error = serde_json::from_str::<LatencyProfile>(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let many = vec!["[1,2]"; KEPT + 1].join(",");
        let text = format!(r#"{{"version":1,"kinds":{{"small":[{many}]}}}}"#);
        assert!(serde_json::from_str::<LatencyProfile>(&text).is_err());
        assert!(
            serde_json::from_str::<LatencyProfile>(r#"{"version":1,"kinds":{"video":[[1,2]]}}"#).unwrap().is_empty()
        );
    }
}
