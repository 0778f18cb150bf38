use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use spark_t2i_core::{Decimal, Status, TaskId, TaskSnapshot};

use crate::polling::PollingStats;

/// What a client has done since it was made.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Requests sent to create a task, repetitions included.
    pub create_requests: u64,
    /// Requests sent to read a task.
    pub status_requests: u64,
    /// Requests sent to estimate a cost.
    pub estimate_requests: u64,
    /// Requests sent to image hosts, redirects and resumptions included.
    pub download_requests: u64,
    /// How many of all these repeated one that had failed.
    pub retries: u64,
    /// Tasks created.
    pub submitted: u64,
    /// Submits of which nobody can say whether the service took them.
    pub outcomes_unknown: u64,
    /// Tasks seen completed.
    pub completed: u64,
    /// Tasks seen failed.
    pub failed: u64,
    /// Waits under way now.
    pub waiting: u64,
    /// Tasks waited for now that were last seen queued.
    pub queued: u64,
    /// Tasks waited for now that were last seen running.
    pub running: u64,
    /// How late completions were noticed, in seconds, over those that the service dated and whose date can be believed.
    pub lag_seconds: LagStats,
    /// What a request for the state of a task is worth at present, in seconds of lag: `poll_cost`, or more while
    /// `max_requests_per_second` does not allow as many as that would be worth.
    pub poll_price: f64,
    /// Requests a second that may be sent at present: `max_requests_per_second`, or less after a 429; none for no limit.
    pub requests_per_second_allowed: Option<f64>,
    /// Requests a second that were sent over about the last second.
    pub requests_per_second_used: f64,
    /// Bytes of images received.
    pub downloaded_bytes: u64,
    /// The exact sum of what all tasks seen ended have cost, in USD; every task counts once.
    pub cost: Decimal,
}

/// How late completions were noticed, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct LagStats {
    /// Over how many completions.
    pub count: u64,
    /// The mean; none where there is none.
    pub mean: Option<f64>,
    /// What 95 of 100 stayed within, to within 3 %.
    pub p95: Option<f64>,
}

impl Stats {
    /// All requests to the service and to image hosts.
    pub fn requests(&self) -> u64 {
        self.create_requests + self.status_requests + self.estimate_requests + self.download_requests
    }
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requests {
    Create,
    Status,
    Estimate,
    Download,
}

#[derive(Default)]
pub(crate) struct Counters {
    create: AtomicU64,
    status: AtomicU64,
    estimate: AtomicU64,
    download: AtomicU64,
    retries: AtomicU64,
    pub(crate) submitted: AtomicU64,
    pub(crate) outcomes_unknown: AtomicU64,
    pub(crate) waiting: AtomicU64,
    pub(crate) downloaded_bytes: AtomicU64,
    ended: Mutex<Ended>,
}

#[derive(Default)]
struct Ended {
    /// Hashes of the ids counted, for eight bytes a task.
    seen: HashSet<u64>,
    hasher: RandomState,
    completed: u64,
    failed: u64,
    cost: Decimal,
}

impl Counters {
    pub(crate) fn count(&self, requests: Requests) {
        let counter = match requests {
            Requests::Create => &self.create,
            Requests::Status => &self.status,
            Requests::Estimate => &self.estimate,
            Requests::Download => &self.download,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a task that was seen ended, once however often it is seen.
    pub(crate) fn ended(&self, id: &TaskId, snapshot: &TaskSnapshot) {
        if !snapshot.status.is_terminal() {
            return;
        }
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = ended.hasher.hash_one(id);
        if ended.seen.insert(hash) {
            if snapshot.status == Status::Completed {
                ended.completed += 1;
            } else {
                ended.failed += 1;
            }
            if let Some(cost) = snapshot.usage.as_ref().and_then(|usage| usage.cost.as_ref()) {
                ended.cost += cost;
            }
        }
    }

    /// Counts a request that repeats one that failed.
    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, polling: &PollingStats) -> Stats {
        let lag = polling.lag;
        let known = |seconds: f64| (lag.count > 0).then_some(seconds);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        Stats {
            create_requests: read(&self.create),
            status_requests: read(&self.status),
            estimate_requests: read(&self.estimate),
            download_requests: read(&self.download),
            retries: read(&self.retries),
            submitted: read(&self.submitted),
            outcomes_unknown: read(&self.outcomes_unknown),
            completed: ended.completed,
            failed: ended.failed,
            waiting: read(&self.waiting),
            queued: polling.queued,
            running: polling.running,
            lag_seconds: LagStats { count: lag.count, mean: known(lag.mean), p95: known(lag.p95) },
            poll_price: polling.price,
            requests_per_second_allowed: Some(polling.budget).filter(|rate| rate.is_finite()),
            requests_per_second_used: polling.budget_in_use,
            downloaded_bytes: read(&self.downloaded_bytes),
            cost: ended.cost.clone(),
        }
    }
}
