use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use spark_t2i_core::{Decimal, Status, TaskId, TaskSnapshot};

/// What a client has done since it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
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
    /// Bytes of images received.
    pub downloaded_bytes: u64,
    /// The exact sum of what all tasks seen ended have cost, in USD; every task counts once.
    pub cost: Decimal,
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
    pub(crate) retries: AtomicU64,
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

    pub(crate) fn stats(&self) -> Stats {
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
            downloaded_bytes: read(&self.downloaded_bytes),
            cost: ended.cost.clone(),
        }
    }
}
