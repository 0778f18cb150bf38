use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use spark_t2i_core::{Error, TaskId, TaskSnapshot};

/// Something that happened to a task while it was waited for. The last event of a stream is
/// [`Completed`](EventKind::Completed) or [`Failed`](EventKind::Failed).
#[derive(Debug, Clone)]
pub struct Event {
    /// The task.
    pub task_id: TaskId,
    /// How long the task has been known here: since its submit, or since the waiting began.
    pub elapsed: Duration,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a task.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EventKind {
    /// The service took it.
    Submitted,
    /// It waits its turn.
    Queued,
    /// It is being generated; the progress, 0.0 to 1.0, where the service tells it.
    Running(Option<f64>),
    /// It could not be asked for; the next try follows after the delay.
    Retrying {
        /// Why not.
        cause: Error,
        /// How long until the next try.
        delay: Duration,
    },
    /// It is done.
    Completed(Arc<TaskSnapshot>),
    /// It failed, or the waiting did (a deadline, a refused key): see the error's kind.
    Failed(Error),
}

impl Event {
    /// Whether this is the last event.
    pub fn is_terminal(&self) -> bool {
        matches!(self.kind, EventKind::Completed(_) | EventKind::Failed(_))
    }
}

impl EventKind {
    /// `submitted`, `queued`, `running`, `retrying`, `completed` or `failed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Queued => "queued",
            Self::Running(_) => "running",
            Self::Retrying { .. } => "retrying",
            Self::Completed(_) => "completed",
            Self::Failed(_) => "failed",
        }
    }
}

/// The stable JSON form: every field present, null where there is nothing.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut progress, mut error, mut delay, mut task) = (None, None, None, None);
        match &self.kind {
            EventKind::Running(known) => progress = *known,
            EventKind::Retrying { cause, delay: until } => (error, delay) = (Some(cause), Some(until.as_secs_f64())),
            EventKind::Completed(snapshot) => task = Some(&**snapshot),
            EventKind::Failed(cause) => error = Some(cause),
            EventKind::Submitted | EventKind::Queued => {}
        }
        let mut event = serializer.serialize_struct("Event", 7)?;
        event.serialize_field("event", self.kind.as_str())?;
        event.serialize_field("task_id", &self.task_id)?;
        event.serialize_field("elapsed_seconds", &self.elapsed.as_secs_f64())?;
        event.serialize_field("progress", &progress)?;
        event.serialize_field("delay_seconds", &delay)?;
        event.serialize_field("error", &error)?;
        event.serialize_field("task", &task)?;
        event.end()
    }
}
