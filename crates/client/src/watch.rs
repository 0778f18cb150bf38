//! Waiting for a task: a state machine that yields one event after the other. `wait`, `generate` and `events` are
//! views on it, and [`Schedule`](spark_t2i_core::Schedule) decides when it asks.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use spark_t2i_core::{Charged, Error, ErrorKind, Known, Status, TaskSnapshot};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use crate::event::{Event, EventKind};
use crate::retry;
use crate::task::Task;
use crate::transport::deadline_passed;

/// A task that is not found right after its submit may only not be known everywhere yet.
const GRACE: Duration = Duration::from_secs(10);

/// The back-off of polling grows over so many failures, to a bound of 4 s: looks are spaced already, and a task that
/// completed while the service was in trouble has waited long enough.
const LONGEST_BACKOFF: u32 = 4;

pub(crate) struct Watch {
    task: Task,
    deadline: Instant,
    submitted_now: bool,
    looks: u32,
    failures: u32,
    refused_since: Option<Instant>,
    next_look: Option<Instant>,
    last_look_done: bool,
    /// The whole of the wait.
    timeout: Duration,
    /// How long the service took for its latest answer.
    round_trip: Option<Duration>,
    told: Option<(Status, Option<f64>)>,
    ended: bool,
    /// Why the latest look told nothing, for the error at the deadline.
    trouble: Option<Error>,
    span: Span,
}

/// What a look at the task came to.
pub(crate) enum Look {
    Seen(Arc<TaskSnapshot>),
    /// Not now; the wait goes on.
    Later(Error),
    /// Not found, or refused in a way that may be a passing state of the service: the wait goes on for the grace.
    Refused(Error),
    /// The wait is over.
    Over(Error),
}

impl Watch {
    /// `submitted_now`: the stream begins with the submit.
    pub(crate) fn new(task: Task, deadline: Instant, submitted_now: bool) -> Self {
        task.client().counters().waiting.fetch_add(1, Ordering::Relaxed);
        Self {
            span: tracing::info_span!("wait", task_id = %task.id()),
            task,
            deadline,
            submitted_now,
            looks: 0,
            failures: 0,
            refused_since: None,
            next_look: None,
            last_look_done: false,
            timeout: deadline.saturating_duration_since(Instant::now()),
            round_trip: None,
            told: None,
            ended: false,
            trouble: None,
        }
    }

    /// Waits for the next event; none after the terminal one.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        let span = self.span.clone();
        let kind = self.next_kind().instrument(span.clone()).await;
        let _in_span = span.enter();
        let event = Event { task_id: self.task.id().clone(), elapsed: self.task.age(), kind };
        if event.is_terminal() {
            self.ended = true;
            match &event.kind {
                EventKind::Failed(error) => tracing::info!(task_id = %event.task_id, %error, "waiting ended"),
                _ => {
                    tracing::info!(task_id = %event.task_id, elapsed = ?event.elapsed, looks = self.looks, "task completed");
                }
            }
        }
        Some(event)
    }

    async fn next_kind(&mut self) -> EventKind {
        if std::mem::take(&mut self.submitted_now) {
            return EventKind::Submitted;
        }
        // What a submit's answer told is news until it was told.
        if self.looks == 0
            && let Some(kind) = self.task.snapshot().and_then(|snapshot| self.news(&snapshot))
        {
            return kind;
        }
        loop {
            let look_at = match self.next_look {
                Some(planned) => planned,
                // A task taken up by its id may have ended long ago.
                None if self.task.snapshot().is_none() => Instant::now(),
                None => Instant::now() + self.gap(),
            };
            // Requests late enough to be the last look are moved to it: just early enough for the answer.
            let last_look = self.deadline.checked_sub(margin(self.round_trip, self.timeout)).unwrap_or(self.deadline);
            if self.last_look_done {
                tokio::time::sleep_until(self.deadline).await;
                return EventKind::Failed(self.timed_out());
            }
            let look_at = look_at.min(last_look);
            self.last_look_done = look_at == last_look;
            self.next_look = Some(look_at);
            tokio::time::sleep_until(look_at).await;
            if let Some(kind) = self.look().await {
                return kind;
            }
        }
    }

    async fn look(&mut self) -> Option<EventKind> {
        let asked = Instant::now();
        let look = self.task.look(self.deadline).await;
        self.looks = self.looks.saturating_add(1);
        match look {
            Look::Seen(snapshot) => {
                self.round_trip = Some(asked.elapsed());
                (self.failures, self.refused_since, self.trouble) = (0, None, None);
                self.next_look = Some(Instant::now() + self.gap());
                self.news(&snapshot)
            }
            Look::Over(error) => Some(EventKind::Failed(error)),
            Look::Refused(error) => {
                let since = *self.refused_since.get_or_insert(asked);
                if asked.duration_since(since) >= GRACE {
                    return Some(EventKind::Failed(error));
                }
                let delay = self.gap().max(error.retry_after().unwrap_or_default());
                Some(self.retrying(error, delay))
            }
            Look::Later(error) => {
                if Instant::now() >= self.deadline {
                    self.trouble.get_or_insert(error);
                    return Some(EventKind::Failed(self.timed_out()));
                }
                self.refused_since = None;
                self.failures += 1;
                let backoff = retry::backoff(self.failures.min(LONGEST_BACKOFF), rand::random(), error.retry_after());
                let delay = self.gap().max(backoff);
                Some(self.retrying(error, delay))
            }
        }
    }

    /// Plans the next look after a failed one: never sooner than the schedule would, so that trouble brings the
    /// service no more requests.
    fn retrying(&mut self, cause: Error, delay: Duration) -> EventKind {
        self.task.client().counters().retries.fetch_add(1, Ordering::Relaxed);
        self.next_look = Some(Instant::now() + delay);
        tracing::debug!(task_id = %self.task.id(), error = %cause, ?delay, "the task could not be asked for");
        self.trouble = Some(cause.clone());
        EventKind::Retrying { cause, delay }
    }

    fn gap(&self) -> Duration {
        let snapshot = self.task.snapshot();
        let known = Known {
            task_id: self.task.id(),
            age: self.task.age(),
            looks: self.looks,
            latest: snapshot.as_deref(),
            request: self.task.request(),
        };
        self.task.client().settings().schedule.next(&known, rand::random())
    }

    /// What a snapshot tells that was not told before.
    fn news(&mut self, snapshot: &Arc<TaskSnapshot>) -> Option<EventKind> {
        match snapshot.status {
            Status::Completed => return Some(EventKind::Completed(Arc::clone(snapshot))),
            Status::Failed => return Some(EventKind::Failed(self.task.failure(snapshot))),
            Status::Queued | Status::Running | Status::Other(_) => {}
        }
        let now = (snapshot.status.clone(), snapshot.progress);
        if self.told.as_ref() == Some(&now) {
            return None;
        }
        let kind = match &now {
            (Status::Queued, _) => EventKind::Queued,
            (Status::Running, progress) => EventKind::Running(*progress),
            // A word that nobody knows is kept in the snapshot and is no event.
            _ => return None,
        };
        self.told = Some(now);
        Some(kind)
    }

    fn timed_out(&mut self) -> Error {
        let id = self.task.id();
        let status =
            self.task.snapshot().map_or_else(|| "not seen yet".to_owned(), |snapshot| snapshot.status.to_string());
        let error = deadline_passed()
            .with_context(&format!(
                "task {id} had not ended in time (it was {status}); it goes on, and can be waited for again by its id"
            ))
            .with_charged(Charged::Unknown)
            .with_task_id(id);
        match self.trouble.take() {
            Some(trouble) if trouble.kind() != ErrorKind::Timeout => error.with_source(trouble),
            _ => error,
        }
    }
}

/// How long before the deadline the last look is sent: so that its answer comes in time from a service that takes twice
/// as long as it did, or is on another continent where nothing is known; but at most a quarter of the whole wait.
fn margin(round_trip: Option<Duration>, timeout: Duration) -> Duration {
    let unknown = Duration::from_millis(250);
    let twice = round_trip.map_or(unknown, |round_trip| round_trip * 2);
    twice.clamp(Duration::from_millis(50), Duration::from_secs(1)).min(timeout / 4)
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.client().counters().waiting.fetch_sub(1, Ordering::Relaxed);
        if !self.ended {
            tracing::info!(task_id = %self.task.id(), "the waiting was cancelled; the task goes on");
        }
    }
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
            (Some(millis(1)), millis(600_000), millis(50)),
            (Some(millis(300)), millis(600_000), millis(600)),
            (Some(millis(30_000)), millis(600_000), millis(1000)),
        ] {
            assert_eq!(margin(round_trip, timeout), expected, "{round_trip:?} {timeout:?}");
        }
    }
}
