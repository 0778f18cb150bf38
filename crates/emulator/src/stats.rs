use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use spark_t2i_core::Decimal;

use crate::clock::Moment;
use crate::store::Store;
use crate::task::Phase;

/// What an emulator has seen so far, as `GET /_emulator/stats` answers it.
///
/// ```json
/// {"tasks":{"created":3,"restored":0,"queued":0,"running":1,"completed":2,"failed":0},
///  "charges":{"count":3,"total":"0.107142857142"},
///  "requests":{"create":3,"estimate":0,"status":9,"image":2,"catalogue":0,"other":0},
///  "refused":{"429":1},
///  "faults":{"http-429":1},
///  "polls_per_task":{"mean":3.0,"max":4,"told":4.0},
///  "downloads":2,
///  "lag_seconds":{"count":2,"mean":0.21,"p95":0.3}}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// The tasks, by their state now.
    pub tasks: Tasks,
    /// What was charged.
    pub charges: Charges,
    /// The requests that arrived, refused ones among them.
    pub requests: Requests,
    /// Answers with an error status, by that status.
    pub refused: BTreeMap<u16, u64>,
    /// How often each [`Fault`](crate::Fault) struck, by its name.
    pub faults: BTreeMap<String, u64>,
    /// Status requests per task.
    pub polls_per_task: Polls,
    /// Images that were sent, whole or in part.
    pub downloads: u64,
    /// How long clients did not know that their task had ended.
    pub lag_seconds: Lag,
}

impl Stats {
    /// How many answers had this HTTP status.
    pub fn refused(&self, status: u16) -> u64 {
        self.refused.get(&status).copied().unwrap_or(0)
    }

    /// How often the fault of this name struck.
    pub fn faults(&self, name: &str) -> u64 {
        self.faults.get(name).copied().unwrap_or(0)
    }
}

/// Tasks by their state at the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tasks {
    /// All that were created, the restored ones among them.
    pub created: u64,
    /// Those that come from the state file of an earlier run.
    pub restored: u64,
    /// Those that wait.
    pub queued: u64,
    /// Those that are being generated.
    pub running: u64,
    /// Those that ended with an image.
    pub completed: u64,
    /// Those that ended without one.
    pub failed: u64,
}

/// Charges: each task is charged when it is created, at the price of that moment and whatever becomes of it, so that a
/// request sent twice shows here. The restored tasks are among them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Charges {
    /// How many.
    pub count: u64,
    /// Their exact sum in USD.
    pub total: Decimal,
}

/// Requests by kind. Those for the counters and the faults themselves are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Requests {
    /// To create a task.
    pub create: u64,
    /// To estimate a cost.
    pub estimate: u64,
    /// To read a task.
    pub status: u64,
    /// To fetch an image, `HEAD` among them.
    pub image: u64,
    /// To find models and read their descriptions.
    pub catalogue: u64,
    /// Anything else.
    pub other: u64,
}

/// Status requests per task.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Polls {
    /// On average over all tasks; 0 when there is no task.
    pub mean: f64,
    /// Of the task that was asked for most.
    pub max: u32,
    /// On average over the tasks whose end was told, for which nothing more is to be asked; none when there is none.
    pub told: Option<f64>,
}

/// Seconds from a task's end to the first status answer that told it, over the tasks of which one did.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Lag {
    /// Tasks whose end was told.
    pub count: u64,
    /// On average; none when there is none.
    pub mean: Option<f64>,
    /// 95 of 100 were told sooner.
    pub p95: Option<f64>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Estimate,
    Status,
    Image,
    Catalogue,
    Other,
}

impl Kind {
    /// As users write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Estimate => "estimate",
            Self::Status => "status",
            Self::Image => "image",
            Self::Catalogue => "catalogue",
            Self::Other => "other",
        }
    }
}

/// Counts that do not follow from the tasks.
#[derive(Default)]
pub(crate) struct Counters {
    requests: [AtomicU64; 6],
    downloads: AtomicU64,
    restored: AtomicU64,
    refused: Mutex<BTreeMap<u16, u64>>,
    faults: Mutex<BTreeMap<&'static str, u64>>,
    charges: Mutex<Charges>,
}

impl Counters {
    pub(crate) fn request(&self, kind: Kind) {
        self.requests[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn download(&self) {
        self.downloads.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn restored(&self) {
        self.restored.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, status: u16) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }

    pub(crate) fn fault(&self, name: &'static str) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    pub(crate) fn charge(&self, cost: &Decimal) {
        let mut charges = self.charges.lock().unwrap_or_else(PoisonError::into_inner);
        charges.count += 1;
        charges.total += cost;
    }

    /// How many tasks were charged.
    pub(crate) fn charged(&self) -> u64 {
        self.charges.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// All counts at this moment. Goes through every task.
    #[expect(clippy::cast_precision_loss, reason = "means of counts")]
    pub(crate) fn stats(&self, store: &Store, now: Moment) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut tasks = Tasks { restored: load(&self.restored), ..Tasks::default() };
        let (mut polls, mut polls_of_told, mut most_polls, mut lags) = (0_u64, 0_u64, 0, Vec::new());
        store.each(|record| {
            tasks.created += 1;
            match record.phase(now) {
                Phase::Queued => tasks.queued += 1,
                Phase::Running(_) => tasks.running += 1,
                Phase::Completed => tasks.completed += 1,
                Phase::Failed => tasks.failed += 1,
            }
            polls += u64::from(record.polls);
            most_polls = most_polls.max(record.polls);
            if let Some(told) = record.told {
                polls_of_told += u64::from(record.polls);
                lags.push(told.since(record.ends()));
            }
        });
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = faults.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let request = |kind: Kind| load(&self.requests[kind as usize]);
        Stats {
            tasks,
            charges: self.charges.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            requests: Requests {
                create: request(Kind::Create),
                estimate: request(Kind::Estimate),
                status: request(Kind::Status),
                image: request(Kind::Image),
                catalogue: request(Kind::Catalogue),
                other: request(Kind::Other),
            },
            refused: self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            faults,
            polls_per_task: Polls {
                mean: polls as f64 / tasks.created.max(1) as f64,
                max: most_polls,
                told: (!lags.is_empty()).then(|| polls_of_told as f64 / lags.len() as f64),
            },
            downloads: load(&self.downloads),
            lag_seconds: Lag::of(lags),
        }
    }
}

impl Lag {
    #[expect(clippy::cast_precision_loss, reason = "a mean of counts")]
    fn of(mut lags: Vec<Duration>) -> Self {
        let count = lags.len() as u64;
        if lags.is_empty() {
            return Self::default();
        }
        let sum: Duration = lags.iter().sum();
        let rank = (lags.len() * 95).div_ceil(100) - 1;
        let (_, p95, _) = lags.select_nth_unstable(rank);
        Self { count, mean: Some(sum.as_secs_f64() / count as f64), p95: Some(p95.as_secs_f64()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_p95_is_the_nearest_rank() {
        let lag = |count: u64| Lag::of((1..=count).map(Duration::from_secs).collect());
        assert_eq!(lag(0), Lag { count: 0, mean: None, p95: None });
        assert_eq!(lag(1), Lag { count: 1, mean: Some(1.0), p95: Some(1.0) });
        assert_eq!(lag(100), Lag { count: 100, mean: Some(50.5), p95: Some(95.0) });
    }

    #[test]
    fn the_documented_answer_is_the_answer() {
        let documented = r#"{"tasks":{"created":3,"restored":0,"queued":0,"running":1,"completed":2,"failed":0},
            "charges":{"count":3,"total":"0.107142857142"},
            "requests":{"create":3,"estimate":0,"status":9,"image":2,"catalogue":0,"other":0},
            "refused":{"429":1},
            "faults":{"http-429":1},
            "polls_per_task":{"mean":3.0,"max":4,"told":4.0},
            "downloads":2,
            "lag_seconds":{"count":2,"mean":0.21,"p95":0.3}}"#;
        let stats: Stats = serde_json::from_str(documented).unwrap();
        assert_eq!((stats.refused(429), stats.faults("http-429"), stats.faults("http-500")), (1, 1, 0));
        let value: serde_json::Value = serde_json::from_str(documented).unwrap();
        assert_eq!(serde_json::to_value(&stats).unwrap(), value);
    }
}
