use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use spark_t2i_core::{Charged, Error, ErrorKind, Request, Status, TaskId, TaskSnapshot, wire};
use tokio::time::Instant;

use crate::client::Client;
use crate::event::{Event, EventKind};
use crate::image::Image;
use crate::stats::Requests;
use crate::watch::{Look, Watch};

/// A task of the service: its id and what was last seen of it. Cheap to clone; clones are the same task.
///
/// Dropping it, or a future or stream of it, changes nothing at the service: the task goes on, and
/// [`Client::task`] finds it again by its id.
#[derive(Clone)]
pub struct Task(Arc<Inner>);

struct Inner {
    client: Client,
    id: TaskId,
    request: Option<Request>,
    known_since: Instant,
    latest: Mutex<Option<Arc<TaskSnapshot>>>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("id", &self.0.id).field("status", &self.status()).finish_non_exhaustive()
    }
}

impl Task {
    pub(crate) fn new(client: Client, id: TaskId, submitted: Option<(Request, TaskSnapshot)>) -> Self {
        let (request, snapshot) = submitted.unzip();
        let task = Self(Arc::new(Inner { client, id, request, known_since: Instant::now(), latest: Mutex::new(None) }));
        if let Some(snapshot) = snapshot {
            task.keep(snapshot);
        }
        task
    }

    /// The id: it finds the task again in any process and any language.
    pub fn id(&self) -> &TaskId {
        &self.0.id
    }

    /// What the service last said of the task, its raw JSON included; none as long as it was never asked.
    pub fn snapshot(&self) -> Option<Arc<TaskSnapshot>> {
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The state last seen; none as long as the service was never asked.
    pub fn status(&self) -> Option<Status> {
        self.snapshot().map(|snapshot| snapshot.status.clone())
    }

    /// The images of a task last seen completed; none of any other.
    pub fn images(&self) -> Vec<Image> {
        match self.snapshot() {
            Some(snapshot) if snapshot.status == Status::Completed => Image::all_of(self, &snapshot),
            _ => Vec::new(),
        }
    }

    /// Asks the service once for the state of the task (and again after a failure that may pass, within the retries).
    ///
    /// # Errors
    /// `not_found`, `authentication`, `permission`, `connection`, `rate_limited`, `protocol` or `timeout`; a failed
    /// task is none, it is a state.
    pub async fn refresh(&self) -> Result<Arc<TaskSnapshot>, Error> {
        let deadline = self.client().deadline(None);
        self.client().retry_budget().first_attempt();
        let mut failures = 0;
        loop {
            match self.look(deadline).await {
                Look::Seen(snapshot) => return Ok(snapshot),
                Look::Over(error) | Look::Refused(error) => return Err(error),
                Look::Later(error) => {
                    failures += 1;
                    self.client().retry_pause(failures, error, deadline).await?;
                }
            }
        }
    }

    /// Waits until the task has ended, for the client's `wait_timeout` at most.
    ///
    /// # Errors
    /// `task_failed` with the service's code; `timeout` (the task goes on); `not_found` after a grace of 10 s;
    /// `authentication`, `permission` and `insufficient_balance` at once. Every one carries the task's id.
    pub async fn wait(&self) -> Result<Image, Error> {
        self.wait_until(self.client().deadline(None)).await
    }

    /// Waits until the task has ended, for `timeout` at most.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn wait_for(&self, timeout: Duration) -> Result<Image, Error> {
        self.wait_until(self.client().deadline(Some(timeout))).await
    }

    pub(crate) async fn wait_until(&self, deadline: Instant) -> Result<Image, Error> {
        let mut watch = Watch::new(self.clone(), deadline, false);
        loop {
            match watch.next().await.map(|event| event.kind) {
                Some(EventKind::Completed(snapshot)) => return Image::first_of(self, &snapshot),
                Some(EventKind::Failed(error)) => return Err(error),
                Some(_) => {}
                None => return Err(Error::internal("waiting ended without an end").with_task_id(self.id())),
            }
        }
    }

    /// What happens to the task, for the client's `wait_timeout` at most. The last event is terminal; a failure is an
    /// event too. Dropping the stream stops the asking at once.
    pub fn events(&self) -> impl Stream<Item = Event> + Send + Unpin + 'static {
        self.events_for(None)
    }

    /// As [`events`](Self::events), with a timeout of its own in place of the client's `wait_timeout`.
    pub fn events_for(&self, timeout: Option<Duration>) -> impl Stream<Item = Event> + Send + Unpin + 'static {
        let submitted_here = self.0.request.is_some();
        let watch = Watch::new(self.clone(), self.client().deadline(timeout), submitted_here);
        Box::pin(futures_util::stream::unfold(watch, |mut watch| async move {
            watch.next().await.map(|event| (event, watch))
        }))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn request(&self) -> Option<&Request> {
        self.0.request.as_ref()
    }

    pub(crate) fn age(&self) -> Duration {
        self.0.known_since.elapsed()
    }

    fn keep(&self, snapshot: TaskSnapshot) -> Arc<TaskSnapshot> {
        let snapshot = Arc::new(snapshot);
        self.client().counters().ended(self.id(), &snapshot);
        *self.0.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// One request for the state of the task, and what it means for a wait.
    pub(crate) async fn look(&self, deadline: Instant) -> Look {
        let path = wire::task_path(self.id());
        let answer = match self.client().transport().call(Requests::Status, &path, None, deadline).await {
            Ok(answer) => answer,
            Err(failure) => {
                let error = failure.error.with_charged(Charged::Unknown).with_task_id(self.id());
                // A certificate does not become right by waiting.
                return if error.retryable() { Look::Later(error) } else { Look::Over(error) };
            }
        };
        if let 200..=299 = answer.status {
            return match TaskSnapshot::decode(&answer.body) {
                Ok(mut snapshot) => {
                    if snapshot.id.as_ref().is_some_and(|id| id != self.id()) {
                        tracing::warn!(task_id = %self.id(), "the service answered with another task's id");
                    }
                    snapshot.id = Some(self.id().clone());
                    Look::Seen(self.keep(snapshot))
                }
                Err(unreadable) => {
                    let message = format!("the service's answer cannot be read: {unreadable}");
                    let error = Error::new(ErrorKind::Protocol, message)
                        .with_http_status(answer.status)
                        .with_body(&answer.body);
                    let error = match answer.broken {
                        Some(broken) => error.with_source(broken),
                        None => error,
                    };
                    Look::Later(error.with_retryable(true).with_charged(Charged::Unknown).with_task_id(self.id()))
                }
            };
        }
        let error = wire::rejection(answer.status, &answer.body)
            .with_retry_after(answer.retry_after)
            .with_charged(Charged::Unknown)
            .with_task_id(self.id());
        match error.kind() {
            ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::InsufficientBalance => Look::Over(error),
            ErrorKind::Connection => Look::Later(error),
            ErrorKind::RateLimited => {
                if let Some(pause) = answer.retry_after {
                    self.client().transport().pace.pause(pause);
                }
                Look::Later(error)
            }
            ErrorKind::NotFound => {
                let id = self.id();
                Look::Refused(error.with_context(&format!("no task {id} is known to this service and key")))
            }
            _ => Look::Refused(error),
        }
    }

    /// The error that a task seen failed stands for.
    pub(crate) fn failure(&self, snapshot: &TaskSnapshot) -> Error {
        let id = self.id();
        let (code, reason) = match &snapshot.error {
            Some(error) => (error.code, spark_t2i_core::printable(&error.message, 500)),
            None => (None, "the service gave no reason".to_owned()),
        };
        Error::new(ErrorKind::TaskFailed, format!("task {id} failed: {reason}"))
            .with_code(code)
            .with_charged(charged(snapshot))
            .with_task_id(id)
    }
}

/// Whether an ended task was charged: certainly, where the service names a cost.
pub(crate) fn charged(snapshot: &TaskSnapshot) -> Charged {
    match snapshot.usage.as_ref().and_then(|usage| usage.cost.as_ref()) {
        Some(cost) if cost.is_zero() => Charged::No,
        Some(_) => Charged::Yes,
        None => Charged::Unknown,
    }
}
