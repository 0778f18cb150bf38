//! The polling engine of a client, for all tasks that it waits for. One driver runs as long as somebody waits: it asks for
//! the tasks when the engine says so, and tells those who wait what it learned.

mod driver;
mod inbox;

use std::sync::Arc;
use std::time::Duration;

use spark_t2i_core::polling::{Engine, EngineOptions, Lag, Taken, TaskHandle, WorkKind};
use spark_t2i_core::{Error, Status};
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::driver::{Shared, Watched, Watcher};
use self::inbox::Inbox;
use crate::latency_profile::ProfileFile;
use crate::task::Task;

pub(crate) use self::driver::Turn;
pub(crate) use self::inbox::News;

/// Shared by a client and everything that waits.
#[derive(Clone)]
pub(crate) struct Polling(Arc<Shared>);

/// The present state of the polling, for the counters.
pub(crate) struct PollingStats {
    pub(crate) queued: u64,
    pub(crate) running: u64,
    pub(crate) lag: Lag,
    pub(crate) price: f64,
    pub(crate) budget: f64,
    pub(crate) budget_in_use: f64,
}

impl Polling {
    pub(crate) fn new(options: EngineOptions, file: Option<ProfileFile>) -> Self {
        let mut engine = Engine::new(options);
        if let Some(profile) = file.as_ref().and_then(ProfileFile::load) {
            engine.restore(&profile);
        }
        Self(Arc::new(Shared::new(engine, file)))
    }

    /// Waits for the turn of a request other than a look. A turn that is given up by dropping stays unused.
    pub(crate) async fn turn(&self) -> Turn {
        loop {
            let (grant, granted) = oneshot::channel();
            {
                let mut state = self.0.state();
                state.turns.push_back(grant);
                self.0.drive(&mut state);
            }
            self.0.wake.notify_one();
            // It is gone only if the runtime that drove has ended: then this one drives.
            if let Ok(turn) = granted.await {
                return turn;
            }
        }
    }

    /// Lets no request go for a while, because the service limits their rate.
    pub(crate) fn throttled(&self, pause: Option<Duration>) {
        let now = self.0.now();
        self.0.state().engine.throttled(now, pause);
    }

    /// Begins to look after a task for somebody who waits until the deadline.
    pub(crate) fn watch(&self, task: &Task, deadline: Instant, everything: bool) -> Watching {
        let inbox = Arc::new(Inbox::new(everything));
        let now = Instant::now();
        let timeout = deadline.saturating_duration_since(now);
        let mut state = self.0.state();
        state.watchers += 1;
        let number = state.watchers;
        let watcher = Watcher {
            number,
            task: task.clone(),
            deadline,
            last_look: deadline.checked_sub(margin(task.round_trip(), timeout)).unwrap_or(now),
            inbox: Arc::clone(&inbox),
        };
        let known = state.by_id.get(task.id()).copied();
        let handle = known.unwrap_or_else(|| {
            let (kind, taken) = match task.request() {
                Some(request) => (WorkKind::of(request), Taken::Submitted(task.age())),
                // What was seen before tells nothing of what it is now.
                None => (WorkKind::UNKNOWN, Taken::Up(task.age_at_service(now))),
            };
            let handle = state.engine.add(self.0.since_origin(now), kind, taken);
            state.by_id.insert(task.id().clone(), handle);
            state.watched.insert(handle, Watched::new(task.id().clone()));
            handle
        });
        if let Some(task) = state.watched.get_mut(&handle) {
            // Hardly ever are there two.
            task.watchers.reserve_exact(1);
            task.watchers.push(watcher);
        }
        self.0.set_last_look(&mut state, handle, now);
        self.0.drive(&mut state);
        drop(state);
        self.0.wake.notify_one();
        Watching { shared: Arc::clone(&self.0), handle, number, inbox }
    }

    pub(crate) fn stats(&self) -> PollingStats {
        let state = self.0.state();
        let (mut queued, mut running) = (0, 0);
        for watcher in state.watched.values().filter_map(|watched| watched.watchers.first()) {
            match watcher.task.snapshot().as_ref().map(|snapshot| &snapshot.status) {
                Some(Status::Queued) => queued += 1,
                Some(Status::Running) => running += 1,
                _ => {}
            }
        }
        PollingStats {
            queued,
            running,
            lag: state.engine.lag(),
            price: state.engine.price(),
            budget: state.engine.rate(),
            budget_in_use: state.engine.rate_in_use(),
        }
    }
}

/// Somebody's interest in a task. Dropping it ends that, and the polling of the task if nobody else is interested.
pub(crate) struct Watching {
    shared: Arc<Shared>,
    handle: TaskHandle,
    number: u64,
    inbox: Arc<Inbox>,
}

impl Watching {
    /// Waits for news. It may wait for ever: who waits has a deadline.
    pub(crate) async fn news(&self) -> News {
        loop {
            // Before the look into the inbox, so that nothing that comes in between is missed.
            let arrived = self.inbox.arrived.notified();
            if let Some(news) = self.take() {
                return news;
            }
            arrived.await;
            // The runtime that drove may have ended, which wakes everybody.
            let mut state = self.shared.state();
            if !state.watched.is_empty() {
                self.shared.drive(&mut state);
            }
        }
    }

    pub(crate) fn take(&self) -> Option<News> {
        self.inbox.mail().news.pop_front()
    }

    /// Why the latest look told nothing.
    pub(crate) fn trouble(&self) -> Option<Error> {
        self.inbox.mail().trouble.clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        let Some(watched) = state.watched.get_mut(&self.handle) else { return };
        watched.watchers.retain(|watcher| watcher.number != self.number);
        if watched.watchers.is_empty() {
            state.remove(self.handle);
            state.engine.remove(self.handle);
        } else {
            self.shared.set_last_look(&mut state, self.handle, Instant::now());
        }
        drop(state);
        self.shared.wake.notify_one();
    }
}

/// How long before the deadline the last look is sent: so that its answer comes in time from a service that takes twice
/// as long as it did (and from a machine that has other things to do for a moment), or is on another continent where nothing
/// is known; but at most a quarter of the whole wait.
fn margin(round_trip: Option<Duration>, timeout: Duration) -> Duration {
    let unknown = Duration::from_millis(250);
    let twice = round_trip.map_or(unknown, |round_trip| round_trip * 2);
    twice.clamp(Duration::from_millis(100), Duration::from_secs(1)).min(timeout / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_look_leaves_time_for_its_answer() {
        let millis = Duration::from_millis;
        for (round_trip, timeout, expected) in [
            (None, millis(600_000), millis(250)),
            (None, millis(400), millis(100)),
            (Some(millis(1)), millis(600_000), millis(100)),
            (Some(millis(300)), millis(600_000), millis(600)),
            (Some(millis(30_000)), millis(600_000), millis(1000)),
        ] {
            assert_eq!(margin(round_trip, timeout), expected, "{round_trip:?} {timeout:?}");
        }
    }
}
