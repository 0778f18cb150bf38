use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use spark_t2i_core::{Error, ErrorKind, Estimate, Request, Size, TaskId, TaskSnapshot, wire};
use tokio::time::Instant;

use crate::builder::{ClientBuilder, OnOutcomeUnknown};
use crate::image::Image;
use crate::retry::RetryBudget;
use crate::stats::{Counters, Requests, Stats};
use crate::task::Task;
use crate::transport::Transport;

/// A client of the service. Cheap to clone; clones share connections, limits and counters.
///
/// Dropping the future or stream that a call returns stops it at once; the task at the service goes on. While anybody
/// waits for tasks, one background task of the async runtime asks for all of them; it ends with the last wait.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    settings: Settings,
    retry_budget: RetryBudget,
}

pub(crate) struct Settings {
    pub(crate) wait_timeout: Duration,
    pub(crate) max_retries: u32,
    pub(crate) max_in_flight: usize,
    pub(crate) on_outcome_unknown: OnOutcomeUnknown,
}

/// What became of one request of [`Client::generate_many`].
#[derive(Debug)]
pub struct Generated {
    /// Which request it was: its place among those given, from 0.
    pub index: usize,
    /// The image, or why there is none.
    pub result: Result<Image, Error>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.0.transport.origin()).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(transport: Transport, settings: Settings) -> Self {
        Self(Arc::new(Inner { transport, settings, retry_budget: RetryBudget::new() }))
    }

    /// A client with the key in `SPARK_T2I_API_KEY` and the base URL in `SPARK_T2I_BASE_URL`, if that is set.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build()
    }

    /// A builder with the defaults.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Submits the request, waits for its end and returns the image, all within `wait_timeout`. Nothing is downloaded
    /// yet: see [`Image::save`] and [`Image::bytes`].
    ///
    /// # Errors
    /// Those of [`submit`](Self::submit) and of [`Task::wait`].
    pub async fn generate(&self, request: Request) -> Result<Image, Error> {
        let deadline = self.deadline(None);
        let created = self.create(&request, deadline).await?;
        Task::created(self.clone(), created, request).wait_until(deadline, None).await
    }

    /// Generates many images, `max_in_flight` at a time, and yields each as it is done. Nothing is lost: a request that
    /// fails is an item like any other. Dropping the stream stops submitting and waiting at once.
    pub fn generate_many<I>(&self, requests: I) -> impl Stream<Item = Generated> + Send + Unpin + 'static
    where
        I: IntoIterator<Item = Request>,
        I::IntoIter: Send + 'static,
    {
        let client = self.clone();
        let generated = futures_util::stream::iter(requests.into_iter().enumerate()).map(move |(index, request)| {
            let client = client.clone();
            async move { Generated { index, result: client.generate(request).await } }
        });
        Box::pin(generated.buffer_unordered(self.0.settings.max_in_flight))
    }

    /// Submits the request and returns its task, without waiting for its end.
    ///
    /// # Errors
    /// `invalid_request` before anything is sent; `outcome_unknown` when the service may have taken the request but no
    /// id came back (it is not repeated then); `authentication`, `permission`, `insufficient_balance`; `rate_limited`
    /// and `connection` beyond the retries; `not_found` for a wrong base URL.
    pub async fn submit(&self, request: &Request) -> Result<Task, Error> {
        self.submit_within(request, None).await
    }

    /// As [`submit`](Self::submit), with a timeout of its own in place of the client's `wait_timeout`.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub async fn submit_within(&self, request: &Request, timeout: Option<Duration>) -> Result<Task, Error> {
        let created = self.create(request, self.deadline(timeout)).await?;
        Ok(Task::created(self.clone(), created, request.clone()))
    }

    /// The task with this id, whoever submitted it. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_request` when the text cannot be an id.
    pub fn task(&self, id: &str) -> Result<Task, Error> {
        let id: TaskId = id.parse().map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, format!("\"{}\" is no task id", spark_t2i_core::printable(id, 80)))
                .with_source(error)
        })?;
        Ok(Task::known(self.clone(), id))
    }

    /// An image of a task that was seen completed before, by this program or another one: by what was said of it then. Nothing
    /// is sent; where its address has expired meanwhile, its download asks for another one.
    ///
    /// `raw` is the JSON of the task's [`TaskSnapshot`], `position` says which of its images it is, from 0, and `requested` is
    /// the size that was asked for, where that is known.
    ///
    /// # Errors
    /// `invalid_request` when the text cannot be an id, or the JSON is not that of a completed task with so many images.
    pub fn image(&self, id: &str, raw: &str, position: usize, requested: Option<Size>) -> Result<Image, Error> {
        let task = self.task(id)?;
        let invalid = |message| Error::new(ErrorKind::InvalidRequest, message).with_task_id(task.id());
        let snapshot = TaskSnapshot::decode(raw.as_bytes())
            .map_err(|error| invalid(format!("this is no snapshot of task {id}")).with_source(error))?;
        Image::seen_before(&task, &Arc::new(snapshot), position, requested)
            .ok_or_else(|| invalid(format!("the snapshot of task {id} has no image {position} that can be fetched")))
    }

    /// What the request would probably cost; none where the service has no estimate. Nothing is charged.
    ///
    /// # Errors
    /// As [`submit`](Self::submit), but never `outcome_unknown`: an estimate is repeated without harm.
    pub async fn estimate(&self, request: &Request) -> Result<Option<Estimate>, Error> {
        self.estimate_within(request, None).await
    }

    /// As [`estimate`](Self::estimate), with a timeout of its own in place of the client's `wait_timeout`.
    ///
    /// # Errors
    /// As [`estimate`](Self::estimate).
    pub async fn estimate_within(
        &self,
        request: &Request,
        timeout: Option<Duration>,
    ) -> Result<Option<Estimate>, Error> {
        let report = request.validate();
        if !report.is_valid() {
            return Err(report.into_error());
        }
        let deadline = self.deadline(timeout);
        self.0.retry_budget.first_attempt();
        let mut failures = 0;
        loop {
            let body = Some(wire::create_body(request));
            let error = match self.0.transport.call(Requests::Estimate, wire::ESTIMATE_PATH, body, deadline, None).await
            {
                Ok(answer) if (200..300).contains(&answer.status) => match Estimate::decode(&answer.body) {
                    Ok(estimate) => return Ok(estimate),
                    Err(unreadable) => {
                        Error::new(ErrorKind::Protocol, format!("the service's answer cannot be read: {unreadable}"))
                            .with_http_status(answer.status)
                            .with_body(&answer.body)
                    }
                },
                Ok(answer) => wire::rejection(answer.status, &answer.body).with_retry_after(answer.retry_after),
                Err(failure) => failure.error.with_charged(spark_t2i_core::Charged::No),
            };
            if !error.retryable() || error.kind() == ErrorKind::Timeout {
                return Err(error);
            }
            failures += 1;
            self.retry_pause(failures, error, deadline).await?;
        }
    }

    /// How long the whole of a call may take that has no timeout of its own.
    pub fn wait_timeout(&self) -> Duration {
        self.0.settings.wait_timeout
    }

    /// How many requests of [`generate_many`](Self::generate_many) are under way at once.
    pub fn max_in_flight(&self) -> usize {
        self.0.settings.max_in_flight
    }

    /// What this client and its clones have done so far.
    pub fn stats(&self) -> Stats {
        self.counters().stats(&self.transport().polling.stats())
    }

    /// The deadline of a call that begins now; without a timeout, by `wait_timeout`.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Instant {
        let timeout = timeout.unwrap_or(self.0.settings.wait_timeout);
        // Thirty years stand for "never" where the clock cannot count further.
        Instant::now().checked_add(timeout).unwrap_or_else(|| Instant::now() + Duration::from_secs(1_000_000_000))
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.transport.counters
    }

    pub(crate) fn retry_budget(&self) -> &RetryBudget {
        &self.0.retry_budget
    }
}
