use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use spark_t2i_core::{Charged, Error, ErrorKind, Request, Status, TaskId, TaskSnapshot, wire};
use tokio::time::Instant;

use crate::client::Client;
use crate::event::{Event, EventKind};
use crate::image::Image;
use crate::polling::Turn;
use crate::stats::Requests;
use crate::submit::Created;
use crate::watch::Watch;

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
    latest: Mutex<Latest>,
}

/// What was last seen of a task.
#[derive(Default)]
struct Latest {
    snapshot: Option<Arc<TaskSnapshot>>,
    round_trip: Option<Duration>,
    lag: Option<f64>,
}

/// What a look at a task came to.
pub(crate) enum Look {
    /// It was seen, and is not to be asked for again before this time.
    Seen(Arc<TaskSnapshot>, Option<Duration>),
    /// Not now; a wait goes on.
    Later(Error),
    /// Not found, or refused in a way that may be a passing state of the service: a wait goes on for the grace.
    Refused(Error),
    /// A wait is over.
    Over(Error),
}

/// Called with everything that happens to a task.
pub(crate) type OnEvent = Box<dyn FnMut(&Event) + Send>;

/// How to wait for a task.
#[derive(Default)]
pub struct WaitOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_event: Option<OnEvent>,
}

impl WaitOptions {
    /// How long the whole may take. Default: the client's `wait_timeout`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Called with every event of the task, the terminal one last, as [`Task::events`] would yield them. It runs between
    /// two steps of the waiting: it must not block.
    pub fn on_event(mut self, on_event: impl FnMut(&Event) + Send + 'static) -> Self {
        self.on_event = Some(Box::new(on_event));
        self
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("id", &self.0.id).field("status", &self.status()).finish_non_exhaustive()
    }
}

impl Task {
    /// A task that was submitted just now.
    pub(crate) fn created(client: Client, created: Created, request: Request) -> Self {
        let latest = Mutex::default();
        let inner = Inner { client, id: created.id, request: Some(request), known_since: created.taken, latest };
        let task = Self(Arc::new(inner));
        task.keep(&Arc::new(created.snapshot), created.round_trip);
        task
    }

    /// A task of which nothing but its id is known.
    pub(crate) fn known(client: Client, id: TaskId) -> Self {
        Self(Arc::new(Inner { client, id, request: None, known_since: Instant::now(), latest: Mutex::default() }))
    }

    /// The id: it finds the task again in any process and any language.
    pub fn id(&self) -> &TaskId {
        &self.0.id
    }

    /// What the service last said of the task, its raw JSON included; none as long as it was never asked.
    pub fn snapshot(&self) -> Option<Arc<TaskSnapshot>> {
        self.latest().snapshot.clone()
    }

    /// How long the service had completed the task before a wait noticed, in seconds; none as long as it was not waited
    /// for to its end, and where the service did not tell when it completed, or its clock is not known well enough.
    pub fn lag_seconds(&self) -> Option<f64> {
        self.latest().lag
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
        self.refresh_within(None).await
    }

    /// As [`refresh`](Self::refresh), with a timeout of its own in place of the client's `wait_timeout`.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn refresh_within(&self, timeout: Option<Duration>) -> Result<Arc<TaskSnapshot>, Error> {
        let deadline = self.client().deadline(timeout);
        self.client().retry_budget().first_attempt();
        let mut failures = 0;
        loop {
            let asked = Instant::now();
            match self.look(deadline, None).await {
                Look::Seen(snapshot, _) => {
                    self.keep(&snapshot, asked.elapsed());
                    return Ok(snapshot);
                }
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
        self.wait_with(WaitOptions::default()).await
    }

    /// Waits until the task has ended, for `timeout` at most.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn wait_for(&self, timeout: Duration) -> Result<Image, Error> {
        self.wait_with(WaitOptions::default().timeout(timeout)).await
    }

    /// Waits until the task has ended, with a timeout of its own, or told what happens on the way.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn wait_with(&self, options: WaitOptions) -> Result<Image, Error> {
        self.wait_until(self.client().deadline(options.timeout), options.on_event).await
    }

    pub(crate) async fn wait_until(&self, deadline: Instant, mut on_event: Option<OnEvent>) -> Result<Image, Error> {
        let mut watch = match on_event {
            Some(_) => Watch::of_everything(self.clone(), deadline, self.0.request.is_some()),
            None => Watch::to_the_end(self.clone(), deadline),
        };
        loop {
            let event = watch.next().await;
            if let (Some(event), Some(on_event)) = (&event, &mut on_event) {
                on_event(event);
            }
            match event.map(|event| event.kind) {
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
        let watch = Watch::of_everything(self.clone(), self.client().deadline(timeout), submitted_here);
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

    /// How long the task has existed by the service's own clock, where both are known.
    pub(crate) fn age_at_service(&self, now: Instant) -> Option<Duration> {
        let created_at = self.snapshot()?.created_at?;
        self.client().transport().clock().age(created_at, now)
    }

    /// How long before `now` a snapshot's task was completed, by the service's clock mapped to ours; none where that makes
    /// no sense: after now, or before the task was submitted here.
    pub(crate) fn lag_of(&self, snapshot: &TaskSnapshot, now: Instant) -> Option<f64> {
        let lag = self.client().transport().clock().seconds_since(snapshot.metadata.completed_at?, now)?;
        self.makes_sense(lag, now)
    }

    /// The same by durations alone, where the clocks are not known well enough: how much longer we have known the task than
    /// the service took from queueing to completing it. What passed before it was queued counts as lag here.
    fn lag_by_durations(&self, snapshot: &TaskSnapshot, now: Instant) -> Option<f64> {
        self.request()?;
        let took = snapshot.metadata.completed_at? - snapshot.metadata.in_queue_at?;
        self.makes_sense(now.saturating_duration_since(self.0.known_since).as_secs_f64() - took, now)
    }

    fn makes_sense(&self, lag: f64, now: Instant) -> Option<f64> {
        let known_for = now.saturating_duration_since(self.0.known_since).as_secs_f64();
        (0.0..=known_for).contains(&lag).then_some(lag)
    }

    /// Keeps the answer that told the end, and what is known of the lag.
    pub(crate) fn keep_end(&self, snapshot: &Arc<TaskSnapshot>, round_trip: Duration, lag: Option<f64>) {
        let lag = lag.or_else(|| self.lag_by_durations(snapshot, Instant::now()));
        self.keep(snapshot, round_trip);
        self.latest().lag = lag;
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.latest().round_trip
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what an answer said that took so long.
    pub(crate) fn keep(&self, snapshot: &Arc<TaskSnapshot>, round_trip: Duration) {
        self.client().counters().ended(self.id(), snapshot);
        let mut latest = self.latest();
        (latest.snapshot, latest.round_trip) = (Some(Arc::clone(snapshot)), Some(round_trip));
    }

    /// One request for the state of the task, and what it means for a wait.
    pub(crate) async fn look(&self, deadline: Instant, turn: Option<Turn>) -> Look {
        let path = wire::task_path(self.id());
        let answer = match self.client().transport().call(Requests::Status, &path, None, deadline, turn).await {
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
                    Look::Seen(Arc::new(snapshot), answer.retry_after)
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
            ErrorKind::Connection | ErrorKind::RateLimited => Look::Later(error),
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
