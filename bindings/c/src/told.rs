//! What else is told: events, estimates, files, counters.

use spark_t2i_bridge::{Estimate, Event, EventKind, Saved, Stats};

use crate::error::spark_t2i_error_fields;
use crate::record::{Owned, Told};
use crate::snapshot::spark_t2i_snapshot_fields;
use crate::text::{spark_t2i_optional_double, spark_t2i_optional_uint64, spark_t2i_text};

/// What happened to a task.
#[repr(C)]
pub enum spark_t2i_event_kind {
    /// Something of a later version: see `kind_name`.
    SPARK_T2I_EVENT_OTHER = 0,
    /// The service took it.
    SPARK_T2I_EVENT_SUBMITTED = 1,
    /// It waits its turn.
    SPARK_T2I_EVENT_QUEUED = 2,
    /// It is being generated.
    SPARK_T2I_EVENT_RUNNING = 3,
    /// It could not be asked for; the next try follows after the delay.
    SPARK_T2I_EVENT_RETRYING = 4,
    /// It is done. The last event.
    SPARK_T2I_EVENT_COMPLETED = 5,
    /// It failed, or the waiting did: see the error. The last event.
    SPARK_T2I_EVENT_FAILED = 6,
}

/// Something that happened to a task while it was waited for.
#[repr(C)]
pub struct spark_t2i_event_fields {
    /// What happened.
    pub kind: spark_t2i_event_kind,
    /// The same as a word: `submitted`, `queued`, `running`, `retrying`, `completed` or `failed`.
    pub kind_name: spark_t2i_text,
    /// The task.
    pub task_id: spark_t2i_text,
    /// How long the task has been known here: since its submit, or since the waiting began.
    pub elapsed_seconds: f64,
    /// How much is done, 0 to 1, of a running task, where the service tells it.
    pub progress: spark_t2i_optional_double,
    /// How long until the next try.
    pub delay_seconds: spark_t2i_optional_double,
    /// Why the task could not be asked for, or why it or the waiting failed; else NULL.
    pub error: *const spark_t2i_error_fields,
    /// What the service said of a completed task; else NULL.
    pub snapshot: *const spark_t2i_snapshot_fields,
}

impl Told<Event> for spark_t2i_event_fields {
    fn told(event: Event, owned: &mut Owned) -> Self {
        use spark_t2i_event_kind as Kind;
        let (mut progress, mut delay, mut error, mut snapshot) = (None, None, None, None);
        let kind_name = owned.text(event.kind.as_str());
        let kind = match event.kind {
            EventKind::Submitted => Kind::SPARK_T2I_EVENT_SUBMITTED,
            EventKind::Queued => Kind::SPARK_T2I_EVENT_QUEUED,
            EventKind::Running(known) => {
                progress = known;
                Kind::SPARK_T2I_EVENT_RUNNING
            }
            EventKind::Retrying { cause, delay: until } => {
                (error, delay) = (Some(cause), Some(until.as_secs_f64()));
                Kind::SPARK_T2I_EVENT_RETRYING
            }
            EventKind::Completed(completed) => {
                snapshot = Some(completed);
                Kind::SPARK_T2I_EVENT_COMPLETED
            }
            EventKind::Failed(cause) => {
                error = Some(cause);
                Kind::SPARK_T2I_EVENT_FAILED
            }
            _ => Kind::SPARK_T2I_EVENT_OTHER,
        };
        Self {
            kind,
            kind_name,
            task_id: owned.text(event.task_id.as_str()),
            elapsed_seconds: event.elapsed.as_secs_f64(),
            progress: progress.into(),
            delay_seconds: delay.into(),
            error: owned.inner(error.as_ref()),
            snapshot: owned.inner(snapshot),
        }
    }
}

/// What a request would probably cost, as the service estimates it.
#[repr(C)]
pub struct spark_t2i_estimate_fields {
    /// The cost: a decimal number, exactly as the service gave it.
    pub cost: spark_t2i_text,
    /// The currency, such as `USD`.
    pub currency: spark_t2i_text,
    /// The discount, as the service gave it: a decimal number.
    pub discount: spark_t2i_text,
    /// How the model is billed.
    pub billing_model: spark_t2i_text,
    /// The model.
    pub model: spark_t2i_text,
    /// How many earlier tasks the estimate rests on.
    pub sample_count: spark_t2i_optional_uint64,
    /// When it was made, in Unix milliseconds.
    pub updated_unix_ms: spark_t2i_optional_uint64,
    /// The answer's JSON.
    pub raw: spark_t2i_text,
}

impl Told<&Estimate> for spark_t2i_estimate_fields {
    fn told(estimate: &Estimate, owned: &mut Owned) -> Self {
        Self {
            cost: owned.text(estimate.cost.to_string()),
            currency: owned.optional(estimate.currency.as_ref()),
            discount: owned.optional(estimate.discount.as_ref().map(ToString::to_string)),
            billing_model: owned.optional(estimate.billing_model.as_ref()),
            model: owned.optional(estimate.model.as_ref()),
            sample_count: estimate.sample_count.into(),
            updated_unix_ms: estimate.updated_at.into(),
            raw: owned.text(estimate.raw()),
        }
    }
}

/// A file that was saved.
#[repr(C)]
pub struct spark_t2i_saved_fields {
    /// Where it is.
    pub path: spark_t2i_text,
    /// Its length.
    pub bytes: u64,
    /// What it is, as the extension of a file: `png`, `jpg`, `webp`, `gif` or `avif`.
    pub format: spark_t2i_text,
    /// Its width in pixels, where its head tells it (PNG).
    pub width: spark_t2i_optional_uint64,
    /// Its height in pixels.
    pub height: spark_t2i_optional_uint64,
}

impl Told<Saved> for spark_t2i_saved_fields {
    fn told(saved: Saved, owned: &mut Owned) -> Self {
        Self {
            path: owned.text(saved.path.to_string_lossy()),
            bytes: saved.bytes,
            format: owned.text(saved.format.extension()),
            width: saved.pixels.map(|pixels| pixels.width).into(),
            height: saved.pixels.map(|pixels| pixels.height).into(),
        }
    }
}

/// What a client has done since it was made.
#[repr(C)]
pub struct spark_t2i_stats_fields {
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
    /// Tasks waited for now that were last seen queued.
    pub queued: u64,
    /// Tasks waited for now that were last seen running.
    pub running: u64,
    /// Of how many completions it is known how late they were noticed.
    pub lag_count: u64,
    /// How late they were, in seconds: the mean.
    pub lag_mean_seconds: spark_t2i_optional_double,
    /// What 95 of 100 stayed within, to within 3 %.
    pub lag_p95_seconds: spark_t2i_optional_double,
    /// What a request for the state of a task is worth at present, in seconds of lag.
    pub poll_price: f64,
    /// Requests a second that may be sent at present; none for no limit.
    pub requests_per_second_allowed: spark_t2i_optional_double,
    /// Requests a second that were sent over about the last second.
    pub requests_per_second_used: f64,
    /// Bytes of images received.
    pub downloaded_bytes: u64,
    /// The exact sum of what all tasks seen ended have cost, in USD: a decimal number. Every task counts once.
    pub cost: spark_t2i_text,
}

impl Told<Stats> for spark_t2i_stats_fields {
    fn told(stats: Stats, owned: &mut Owned) -> Self {
        Self {
            create_requests: stats.create_requests,
            status_requests: stats.status_requests,
            estimate_requests: stats.estimate_requests,
            download_requests: stats.download_requests,
            retries: stats.retries,
            submitted: stats.submitted,
            outcomes_unknown: stats.outcomes_unknown,
            completed: stats.completed,
            failed: stats.failed,
            waiting: stats.waiting,
            queued: stats.queued,
            running: stats.running,
            lag_count: stats.lag_seconds.count,
            lag_mean_seconds: stats.lag_seconds.mean.into(),
            lag_p95_seconds: stats.lag_seconds.p95.into(),
            poll_price: stats.poll_price,
            requests_per_second_allowed: stats.requests_per_second_allowed.into(),
            requests_per_second_used: stats.requests_per_second_used,
            downloaded_bytes: stats.downloaded_bytes,
            cost: owned.text(stats.cost.to_string()),
        }
    }
}
