//! Waiting for a task, as a state machine that yields one event after the other. `wait`, `generate` and `events` are
//! views on it; the driver in `polling.rs` asks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use spark_t2i_core::{Charged, Error, ErrorKind, Status, TaskSnapshot};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span};

use crate::event::{Event, EventKind};
use crate::polling::{News, Watching};
use crate::task::Task;
use crate::transport::deadline_passed;

pub(crate) struct Watch {
    task: Task,
    deadline: Instant,
    /// Whether what happens on the way is wanted, too.
    everything: bool,
    submitted_now: bool,
    watching: Option<Watching>,
    told: Option<(Status, Option<f64>)>,
    ended: bool,
    span: Span,
}

impl Watch {
    /// Waits for the end alone.
    pub(crate) fn to_the_end(task: Task, deadline: Instant) -> Self {
        task.client().counters().waiting.fetch_add(1, Ordering::Relaxed);
        Self {
            span: tracing::info_span!("wait", task_id = %task.id()),
            task,
            deadline,
            everything: false,
            submitted_now: false,
            watching: None,
            told: None,
            ended: false,
        }
    }

    /// Waits for everything that happens. `submitted_now`: it begins with the submit.
    pub(crate) fn of_everything(task: Task, deadline: Instant, submitted_now: bool) -> Self {
        let mut watch = Self::to_the_end(task, deadline);
        (watch.everything, watch.submitted_now) = (true, submitted_now);
        watch
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
                    tracing::info!(task_id = %event.task_id, elapsed = ?event.elapsed, "task completed");
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
        if self.watching.is_none()
            && let Some(kind) = self.task.snapshot().and_then(|snapshot| self.news(&snapshot))
        {
            return kind;
        }
        loop {
            let (task, deadline, everything) = (&self.task, self.deadline, self.everything);
            let polling = &task.client().transport().polling;
            let watching = self.watching.get_or_insert_with(|| polling.watch(task, deadline, everything));
            let news = match timeout_at(deadline, watching.news()).await {
                Ok(news) => news,
                // What came in at the very last moment counts.
                Err(_) => match watching.take() {
                    Some(news) => news,
                    None => return EventKind::Failed(self.timed_out()),
                },
            };
            match news {
                News::Seen(snapshot) => {
                    if let Some(kind) = self.news(&snapshot) {
                        return kind;
                    }
                }
                News::Retrying { cause, delay } => return EventKind::Retrying { cause, delay },
                News::Over(error) => return EventKind::Failed(error),
            }
        }
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
        match self.watching.as_ref().and_then(Watching::trouble) {
            Some(trouble) if trouble.kind() != ErrorKind::Timeout => error.with_source(trouble),
            _ => error,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.client().counters().waiting.fetch_sub(1, Ordering::Relaxed);
        if !self.ended {
            tracing::info!(task_id = %self.task.id(), "the waiting was cancelled; the task goes on");
        }
    }
}
