//! Creating a task, and never twice.

use std::sync::atomic::Ordering;
use std::time::Duration;

use spark_t2i_core::{Charged, Error, ErrorKind, Request, TaskId, TaskSnapshot, wire};
use tokio::time::Instant;

use crate::builder::OnOutcomeUnknown;
use crate::client::Client;
use crate::stats::Requests;
use crate::transport::{Answer, Failure};

/// What one attempt to create a task came to.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// There is a task.
    Created(Box<Created>),
    /// There is none, and trying again would not help.
    Refused(Error),
    /// There is none, and trying again may help.
    Unreached(Error),
    /// Nobody can say.
    Unknown(Error),
}

/// A task that was just created.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) id: TaskId,
    pub(crate) snapshot: TaskSnapshot,
    /// About when the service took it: in the middle of the request.
    pub(crate) taken: Instant,
    pub(crate) round_trip: Duration,
}

/// Reads the outcome of one attempt. Everything that is not certain is unknown.
pub(crate) fn judge(result: Result<Answer, Failure>) -> Attempt {
    let answer = match result {
        Ok(answer) => answer,
        Err(Failure { error, may_have_arrived: true }) => {
            return Attempt::Unknown(unknown("no answer came after the request was sent").with_source(error));
        }
        Err(Failure { error, .. }) if error.retryable() && error.kind() != ErrorKind::Timeout => {
            return Attempt::Unreached(error);
        }
        Err(Failure { error, .. }) => {
            return Attempt::Refused(error.with_charged(Charged::No).with_context("nothing was submitted"));
        }
    };
    let rejection = || wire::rejection(answer.status, &answer.body).with_retry_after(answer.retry_after);
    match answer.status {
        200..=299 => match TaskSnapshot::decode(&answer.body) {
            Ok(snapshot) => match snapshot.id.clone() {
                Some(id) => {
                    let (taken, round_trip) = (answer.sent + answer.round_trip / 2, answer.round_trip);
                    Attempt::Created(Box::new(Created { id, snapshot, taken, round_trip }))
                }
                None => {
                    let reason = wire::reason(&answer.body).map(|reason| format!(": {reason}")).unwrap_or_default();
                    unknown_answer(&answer, &format!("the answer has no usable task id{reason}"))
                }
            },
            Err(unreadable) => unknown_answer(&answer, &format!("the answer cannot be read: {unreadable}")),
        },
        // Redirects that promise to keep the method were not processed; the others may have been.
        301 | 307 | 308 => Attempt::Refused(
            rejection()
                .with_context("the service redirects submits, which is not followed with the key; check base_url"),
        ),
        404 | 405 => Attempt::Refused(
            rejection()
                .into_kind(ErrorKind::NotFound)
                .with_context("no such endpoint under this base URL; check base_url"),
        ),
        429 => Attempt::Unreached(rejection()),
        503 if answer.retry_after.is_some() => Attempt::Unreached(rejection()),
        // A request that took too long to arrive, or came too early, may still have gone on to the application.
        408 | 425 | 500.. | ..200 | 300..=399 => {
            let error = rejection();
            let unknown = unknown_answer(&answer, error.message());
            match unknown {
                Attempt::Unknown(unknown) => Attempt::Unknown(unknown.with_code(error.code())),
                other => other,
            }
        }
        _ => Attempt::Refused(rejection()),
    }
}

fn unknown_answer(answer: &Answer, why: &str) -> Attempt {
    let error = unknown(why).with_http_status(answer.status).with_body(&answer.body);
    Attempt::Unknown(match &answer.broken {
        Some(broken) => error.with_source(broken.clone()),
        None => error,
    })
}

fn unknown(why: &str) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "the service may have taken (and charged) this request, but no task id came back: {why}. \
             Look at the account before submitting it again"
        ),
    )
}

/// The error of a later try: where an earlier one may have been taken, no refusal makes the whole free of charge.
fn after(taken_perhaps: bool, error: Error) -> Error {
    if taken_perhaps && error.kind() != ErrorKind::OutcomeUnknown {
        let error = error.with_charged(Charged::Unknown).with_retryable(false);
        return error.with_context("an earlier try of this submit may have been taken (and charged), and now");
    }
    error
}

impl Client {
    #[tracing::instrument(name = "submit", skip_all)]
    pub(crate) async fn create(&self, request: &Request, deadline: Instant) -> Result<Created, Error> {
        let report = request.validate();
        for warning in &report.warnings {
            tracing::warn!(field = %warning.field, "{}", warning.message);
        }
        if !report.is_valid() {
            return Err(report.into_error());
        }
        let body = wire::create_body(request);
        let (mut failures, mut taken_perhaps) = (0, false);
        self.retry_budget().first_attempt();
        loop {
            let attempt = judge(
                self.transport().call(Requests::Create, wire::CREATE_PATH, Some(body.clone()), deadline, None).await,
            );
            let (error, resubmit) = match attempt {
                Attempt::Created(created) => {
                    self.counters().submitted.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(task_id = %created.id, status = %created.snapshot.status, "task submitted");
                    return Ok(*created);
                }
                Attempt::Refused(error) => return Err(after(taken_perhaps, error)),
                Attempt::Unreached(error) => (error, true),
                Attempt::Unknown(error) => {
                    self.counters().outcomes_unknown.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(%error, "the outcome of a submit is unknown");
                    (error, self.settings().on_outcome_unknown == OnOutcomeUnknown::Resubmit)
                }
            };
            failures += 1;
            let error = after(taken_perhaps, error);
            if !resubmit {
                return Err(error);
            }
            taken_perhaps |= error.kind() == ErrorKind::OutcomeUnknown;
            self.retry_pause(failures, error, deadline).await?;
        }
    }

    /// Waits before the repetition that follows `failures` failures in a row.
    ///
    /// # Errors
    /// The failure itself, when it is not to be repeated any more.
    pub(crate) async fn retry_pause(&self, failures: u32, error: Error, deadline: Instant) -> Result<(), Error> {
        let delay = crate::retry::backoff(failures, rand::random(), error.retry_after());
        if matches!(error.kind(), ErrorKind::RateLimited) {
            self.transport().polling.throttled(Some(error.retry_after().unwrap_or(delay)));
        }
        if failures > self.settings().max_retries || Instant::now() + delay >= deadline || !self.retry_budget().take() {
            return Err(error);
        }
        self.counters().retried();
        tracing::debug!(%error, ?delay, failures, "trying again");
        tokio::time::sleep(delay).await;
        Ok(())
    }
}
