use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Moment;
use crate::id::Id;
use crate::task::Record;

/// Few enough to cost nothing when empty, and enough that two requests seldom meet at one.
const SHARDS: usize = 64;

/// All tasks, in parts that are locked one at a time.
pub(crate) struct Store {
    shards: Vec<Mutex<HashMap<Id, Record>>>,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self { shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect() }
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, HashMap<Id, Record>> {
        self.shards[id.spread(SHARDS)].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task; false if there is one with this id, which then stays.
    pub(crate) fn insert(&self, id: Id, record: Record) -> bool {
        let mut shard = self.shard(id);
        let is_new = !shard.contains_key(&id);
        if is_new {
            shard.insert(id, record);
        }
        is_new
    }

    pub(crate) fn contains(&self, id: Id) -> bool {
        self.shard(id).contains_key(&id)
    }

    /// What `read` makes of a task, if there is one with this id.
    pub(crate) fn look<T>(&self, id: Id, read: impl FnOnce(&Record) -> T) -> Option<T> {
        self.shard(id).get(&id).map(read)
    }

    /// The same, for a client that asks for the task's state: it is counted.
    pub(crate) fn poll<T>(&self, id: Id, now: Moment, is_told: bool, read: impl FnOnce(&Record) -> T) -> Option<T> {
        self.shard(id).get_mut(&id).map(|record| {
            record.polled(now, is_told);
            read(record)
        })
    }

    /// Goes through all tasks, in no order.
    pub(crate) fn each(&self, mut visit: impl FnMut(&Record)) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(&mut visit);
        }
    }
}
