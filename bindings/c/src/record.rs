//! What the service and the client tell, as structs of C with all that they point to.

use std::any::Any;
use std::ptr;
use std::sync::Arc;

use spark_t2i_bridge::{
    AboutImage, Charged, Error, ErrorKind, Estimate, Event, EventKind, Failure, Report, Saved, Stats, Status,
    TaskSnapshot, Usage, Violation,
};

use crate::text::{
    OwnedText, spark_t2i_optional_double, spark_t2i_optional_int64, spark_t2i_optional_uint64, spark_t2i_text,
};

/// A struct of C and what it points to.
pub(crate) struct Record<T> {
    pub(crate) fields: Box<T>,
    _owned: Owned,
}

// SAFETY: its pointers lead into what it owns, and nothing of it changes.
unsafe impl<T> Send for Record<T> {}
// SAFETY: the same.
unsafe impl<T> Sync for Record<T> {}

impl<T> Record<T> {
    pub(crate) fn new<S>(source: S) -> Self
    where
        T: Told<S>,
    {
        let mut owned = Owned::default();
        Self { fields: Box::new(T::told(source, &mut owned)), _owned: owned }
    }
}

/// What a struct points to.
#[derive(Default)]
pub(crate) struct Owned(Vec<Box<dyn Any>>);

impl Owned {
    fn keep<T: 'static>(&mut self, values: Vec<T>) -> *const T {
        // What is nothing has no address.
        if values.is_empty() {
            return ptr::null();
        }
        let values = values.into_boxed_slice();
        let first = values.as_ptr();
        self.0.push(Box::new(values));
        first
    }

    fn one<T: 'static>(&mut self, value: Option<T>) -> *const T {
        self.keep(value.into_iter().collect())
    }

    fn text(&mut self, text: impl AsRef<str>) -> spark_t2i_text {
        let text = OwnedText::new(text.as_ref());
        let view = text.view();
        self.0.push(Box::new(text));
        view
    }

    fn optional(&mut self, text: Option<impl AsRef<str>>) -> spark_t2i_text {
        text.map_or(spark_t2i_text::NONE, |text| self.text(text))
    }

    /// A struct within another, by its place.
    fn inner<T: Told<S> + 'static, S>(&mut self, source: Option<S>) -> *const T {
        let told = source.map(|source| T::told(source, self));
        self.one(told)
    }

    fn list<T: Told<S> + 'static, S>(&mut self, sources: impl IntoIterator<Item = S>) -> (*const T, usize) {
        let told: Vec<T> = sources.into_iter().map(|source| T::told(source, self)).collect();
        let count = told.len();
        (self.keep(told), count)
    }
}

/// A struct that tells what `S` does.
pub(crate) trait Told<S> {
    fn told(source: S, owned: &mut Owned) -> Self;
}

/// How a function or a call ended: well, or with an error of this kind. A number never gets another meaning; a later
/// version may have more, which are errors, too.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum spark_t2i_result {
    /// It is done.
    SPARK_T2I_OK = 0,
    /// The request breaks a rule (found before anything was sent, or by the service: 400, 422); or an argument or an option
    /// cannot be, a handle that was freed among them.
    SPARK_T2I_INVALID_REQUEST = 1,
    /// The key is missing, malformed or refused (401).
    SPARK_T2I_AUTHENTICATION = 2,
    /// The key may not do this (403).
    SPARK_T2I_PERMISSION = 3,
    /// The account has too little balance (402 or a balance code).
    SPARK_T2I_INSUFFICIENT_BALANCE = 4,
    /// Too many requests (429), beyond the retries.
    SPARK_T2I_RATE_LIMITED = 5,
    /// A deadline passed. The task goes on.
    SPARK_T2I_TIMEOUT = 6,
    /// No connection, or a service that cannot answer now (5xx), beyond the retries.
    SPARK_T2I_CONNECTION = 7,
    /// An answer that cannot be understood.
    SPARK_T2I_PROTOCOL = 8,
    /// No such task, or no such endpoint (a wrong base URL).
    SPARK_T2I_NOT_FOUND = 9,
    /// The task ended without an image.
    SPARK_T2I_TASK_FAILED = 10,
    /// A submit of which nobody can say whether the service took (and charged) it. It was not sent again.
    SPARK_T2I_OUTCOME_UNKNOWN = 11,
    /// The image could not be fetched, or is not what it should be.
    SPARK_T2I_DOWNLOAD = 12,
    /// A file could not be read or written, or exists already.
    SPARK_T2I_IO = 13,
    /// Cancelled by the caller. The task, if there is one, goes on.
    SPARK_T2I_CANCELLED = 14,
    /// A bug of this library.
    SPARK_T2I_INTERNAL = 15,
    /// No error: nothing has come of the call yet.
    SPARK_T2I_PENDING = 100,
    /// No error: there is nothing more to come.
    SPARK_T2I_END = 101,
}

impl From<ErrorKind> for spark_t2i_result {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidRequest => Self::SPARK_T2I_INVALID_REQUEST,
            ErrorKind::Authentication => Self::SPARK_T2I_AUTHENTICATION,
            ErrorKind::Permission => Self::SPARK_T2I_PERMISSION,
            ErrorKind::InsufficientBalance => Self::SPARK_T2I_INSUFFICIENT_BALANCE,
            ErrorKind::RateLimited => Self::SPARK_T2I_RATE_LIMITED,
            ErrorKind::Timeout => Self::SPARK_T2I_TIMEOUT,
            ErrorKind::Connection => Self::SPARK_T2I_CONNECTION,
            ErrorKind::Protocol => Self::SPARK_T2I_PROTOCOL,
            ErrorKind::NotFound => Self::SPARK_T2I_NOT_FOUND,
            ErrorKind::TaskFailed => Self::SPARK_T2I_TASK_FAILED,
            ErrorKind::OutcomeUnknown => Self::SPARK_T2I_OUTCOME_UNKNOWN,
            ErrorKind::Download => Self::SPARK_T2I_DOWNLOAD,
            ErrorKind::Io => Self::SPARK_T2I_IO,
            ErrorKind::Cancelled => Self::SPARK_T2I_CANCELLED,
            // A kind that is not known here, too.
            _ => Self::SPARK_T2I_INTERNAL,
        }
    }
}

/// Whether what failed was charged.
#[repr(C)]
pub enum spark_t2i_charged {
    /// Nobody on this side can say.
    SPARK_T2I_CHARGED_UNKNOWN = 0,
    /// Certainly not.
    SPARK_T2I_CHARGED_NO = 1,
    /// Certainly.
    SPARK_T2I_CHARGED_YES = 2,
}

/// A rule that a request breaks.
#[repr(C)]
pub struct spark_t2i_violation {
    /// The nine digits of the code; none for an unknown parameter.
    pub code: spark_t2i_text,
    /// The parameter, or `size`, or `parameters` for the whole.
    pub field: spark_t2i_text,
    /// What is wrong, for people.
    pub message: spark_t2i_text,
}

impl Told<&Violation> for spark_t2i_violation {
    fn told(violation: &Violation, owned: &mut Owned) -> Self {
        Self {
            code: owned.optional(violation.code.map(|code| code.to_string())),
            field: owned.text(&violation.field),
            message: owned.text(&violation.message),
        }
    }
}

/// Something allowed that probably gives a poor image.
#[repr(C)]
pub struct spark_t2i_warning {
    /// The parameter.
    pub field: spark_t2i_text,
    /// What may go wrong, for people.
    pub message: spark_t2i_text,
}

impl Told<&spark_t2i_bridge::Warning> for spark_t2i_warning {
    fn told(warning: &spark_t2i_bridge::Warning, owned: &mut Owned) -> Self {
        Self { field: owned.text(&warning.field), message: owned.text(&warning.message) }
    }
}

/// The verdict on a request.
#[repr(C)]
pub struct spark_t2i_report_fields {
    /// Whether no rule is broken. (Not so of what is no report.)
    pub valid: bool,
    /// The broken rules.
    pub violations: *const spark_t2i_violation,
    /// How many.
    pub violation_count: usize,
    /// Advice that keeps nobody from sending.
    pub warnings: *const spark_t2i_warning,
    /// How many.
    pub warning_count: usize,
}

impl Told<Report> for spark_t2i_report_fields {
    fn told(report: Report, owned: &mut Owned) -> Self {
        let (violations, violation_count) = owned.list(&report.violations);
        let (warnings, warning_count) = owned.list(&report.warnings);
        Self { valid: report.is_valid(), violations, violation_count, warnings, warning_count }
    }
}

/// An error. It never holds the key.
#[repr(C)]
pub struct spark_t2i_error_fields {
    /// The kind; `SPARK_T2I_OK` of no error.
    pub kind: spark_t2i_result,
    /// The name of the kind, as in every language: `invalid_request`, `outcome_unknown` and so on.
    pub kind_name: spark_t2i_text,
    /// All of it in one line for people: the message, with code and task where they do not stand in it.
    pub text: spark_t2i_text,
    /// What happened, to what, and what to do next.
    pub message: spark_t2i_text,
    /// The nine digits of the service's code, or none.
    pub code: spark_t2i_text,
    /// Every rule that the request breaks.
    pub violations: *const spark_t2i_violation,
    /// How many.
    pub violation_count: usize,
    /// The status of the HTTP answer that told the error; 0 where there was none.
    pub http_status: i32,
    /// Whether the same call may succeed later without anything being changed, and without paying twice.
    pub retryable: bool,
    /// Whether it was charged.
    pub charged: spark_t2i_charged,
    /// The task, where its id is known: `spark_t2i_client_task` takes it up again.
    pub task_id: spark_t2i_text,
    /// How long the service asked to wait before the next try.
    pub retry_after_seconds: spark_t2i_optional_double,
    /// The body of an answer that could not be understood, cut to 4 KiB: it may hold the id of a task.
    pub body: spark_t2i_text,
    /// The causes, outermost first, in one line.
    pub cause: spark_t2i_text,
}

impl Told<&Error> for spark_t2i_error_fields {
    fn told(error: &Error, owned: &mut Owned) -> Self {
        let failure = Failure::from(error);
        let (violations, violation_count) = owned.list(&failure.violations);
        Self {
            kind: error.kind().into(),
            kind_name: owned.text(failure.kind),
            text: owned.text(failure.text),
            message: owned.text(failure.message),
            code: owned.optional(failure.code),
            violations,
            violation_count,
            http_status: failure.http_status.map_or(0, i32::from),
            retryable: failure.retryable,
            charged: match error.charged() {
                Charged::No => spark_t2i_charged::SPARK_T2I_CHARGED_NO,
                Charged::Yes => spark_t2i_charged::SPARK_T2I_CHARGED_YES,
                Charged::Unknown => spark_t2i_charged::SPARK_T2I_CHARGED_UNKNOWN,
            },
            task_id: owned.optional(failure.task_id),
            retry_after_seconds: failure.retry_after_seconds.into(),
            body: owned.optional(failure.body),
            cause: owned.optional(failure.cause),
        }
    }
}

/// What a task used and cost. Money is a decimal number as text, exactly as the service wrote it.
#[repr(C)]
pub struct spark_t2i_usage {
    /// The total cost in USD.
    pub cost: spark_t2i_text,
    /// The discount, as the service gave it: a decimal number.
    pub discount: spark_t2i_text,
    /// Tokens that went in.
    pub input_tokens: spark_t2i_optional_uint64,
    /// Tokens that came out.
    pub output_tokens: spark_t2i_optional_uint64,
    /// All tokens.
    pub total_tokens: spark_t2i_optional_uint64,
}

impl Told<&Usage> for spark_t2i_usage {
    fn told(usage: &Usage, owned: &mut Owned) -> Self {
        Self {
            cost: owned.optional(usage.cost.as_ref().map(ToString::to_string)),
            discount: owned.optional(usage.discount.as_ref().map(ToString::to_string)),
            input_tokens: usage.input_tokens.into(),
            output_tokens: usage.output_tokens.into(),
            total_tokens: usage.total_tokens.into(),
        }
    }
}

/// One generated thing.
#[repr(C)]
pub struct spark_t2i_content {
    /// What it is: `image`.
    pub r#type: spark_t2i_text,
    /// Where it can be fetched. Such addresses may expire.
    pub url: spark_t2i_text,
    /// The size of the file in bytes.
    pub size: spark_t2i_optional_uint64,
    /// The identifier of the job behind the task.
    pub job_id: spark_t2i_text,
}

impl Told<&spark_t2i_bridge::Content> for spark_t2i_content {
    fn told(content: &spark_t2i_bridge::Content, owned: &mut Owned) -> Self {
        Self {
            r#type: owned.optional(content.kind.as_ref()),
            url: owned.optional(content.url.as_ref()),
            size: content.size.into(),
            job_id: owned.optional(content.job_id.as_ref()),
        }
    }
}

/// One element of a task's output.
#[repr(C)]
pub struct spark_t2i_output {
    /// What was generated.
    pub content: *const spark_t2i_content,
    /// How many.
    pub content_count: usize,
}

impl Told<&spark_t2i_bridge::Output> for spark_t2i_output {
    fn told(output: &spark_t2i_bridge::Output, owned: &mut Owned) -> Self {
        let (content, content_count) = owned.list(&output.content);
        Self { content, content_count }
    }
}

/// The reason that the service gave for a failure.
#[repr(C)]
pub struct spark_t2i_server_error {
    /// The nine digits of the code; none where there was none, or one of another form (it stands in the message).
    pub code: spark_t2i_text,
    /// What happened, in the service's words.
    pub message: spark_t2i_text,
}

impl Told<&spark_t2i_bridge::ServerError> for spark_t2i_server_error {
    fn told(error: &spark_t2i_bridge::ServerError, owned: &mut Owned) -> Self {
        Self { code: owned.optional(error.code.map(|code| code.to_string())), message: owned.text(&error.message) }
    }
}

/// The state of a task.
#[repr(C)]
pub enum spark_t2i_status {
    /// A word of a later version of the service: see `status_word`. Not the end.
    SPARK_T2I_STATUS_OTHER = 0,
    /// Waiting.
    SPARK_T2I_STATUS_QUEUED = 1,
    /// Being generated.
    SPARK_T2I_STATUS_RUNNING = 2,
    /// Done, with output.
    SPARK_T2I_STATUS_COMPLETED = 3,
    /// Done, without output.
    SPARK_T2I_STATUS_FAILED = 4,
}

/// What one answer of the service said about a task. What it did not send, or what cannot be read, is absent; `raw` has
/// the whole answer.
#[repr(C)]
pub struct spark_t2i_snapshot_fields {
    /// The task; none where the answer has no id.
    pub id: spark_t2i_text,
    /// The state.
    pub status: spark_t2i_status,
    /// The state as a word: `queued`, `running`, `completed`, `failed`, or the service's own.
    pub status_word: spark_t2i_text,
    /// The model.
    pub model: spark_t2i_text,
    /// When the task was created, in Unix seconds.
    pub created_unix: spark_t2i_optional_int64,
    /// How much is done, 0 to 1.
    pub progress: spark_t2i_optional_double,
    /// The results, of a completed task.
    pub output: *const spark_t2i_output,
    /// How many.
    pub output_count: usize,
    /// What it cost; NULL where that is not known.
    pub usage: *const spark_t2i_usage,
    /// Why it failed; NULL where it did not.
    pub error: *const spark_t2i_server_error,
    /// When it was queued, by the service's clock, in Unix seconds.
    pub in_queue_unix: spark_t2i_optional_double,
    /// When the image was stored.
    pub upload_unix: spark_t2i_optional_double,
    /// When it was completed.
    pub completed_unix: spark_t2i_optional_double,
    /// The answer's JSON.
    pub raw: spark_t2i_text,
}

impl Told<&TaskSnapshot> for spark_t2i_snapshot_fields {
    fn told(task: &TaskSnapshot, owned: &mut Owned) -> Self {
        let (output, output_count) = owned.list(&task.output);
        Self {
            id: owned.optional(task.id.as_ref().map(ToString::to_string)),
            status: match task.status {
                Status::Queued => spark_t2i_status::SPARK_T2I_STATUS_QUEUED,
                Status::Running => spark_t2i_status::SPARK_T2I_STATUS_RUNNING,
                Status::Completed => spark_t2i_status::SPARK_T2I_STATUS_COMPLETED,
                Status::Failed => spark_t2i_status::SPARK_T2I_STATUS_FAILED,
                Status::Other(_) => spark_t2i_status::SPARK_T2I_STATUS_OTHER,
            },
            status_word: owned.text(task.status.as_str()),
            model: owned.optional(task.model.as_ref()),
            created_unix: task.created_at.into(),
            progress: task.progress.into(),
            output,
            output_count,
            usage: owned.inner(task.usage.as_ref()),
            error: owned.inner(task.error.as_ref()),
            in_queue_unix: task.metadata.in_queue_at.into(),
            upload_unix: task.metadata.upload_at.into(),
            completed_unix: task.metadata.completed_at.into(),
            raw: owned.text(task.raw()),
        }
    }
}

impl Told<Arc<TaskSnapshot>> for spark_t2i_snapshot_fields {
    fn told(task: Arc<TaskSnapshot>, owned: &mut Owned) -> Self {
        Self::told(&*task, owned)
    }
}

/// What is known of an image without fetching it.
#[repr(C)]
pub struct spark_t2i_image_fields {
    /// The task that made it.
    pub task_id: spark_t2i_text,
    /// Where it lies. Such addresses may expire.
    pub url: spark_t2i_text,
    /// The size of the file in bytes, where the service told it.
    pub size: spark_t2i_optional_uint64,
    /// The identifier of the job behind the task.
    pub job_id: spark_t2i_text,
    /// The width in pixels that was asked for; none for a task taken up by its id.
    pub width: spark_t2i_optional_uint64,
    /// The height in pixels that was asked for; none for a task taken up by its id.
    pub height: spark_t2i_optional_uint64,
    /// What the service said of the task, its cost among it. Never NULL in the fields of an image.
    pub snapshot: *const spark_t2i_snapshot_fields,
}

impl Told<&AboutImage> for spark_t2i_image_fields {
    fn told(image: &AboutImage, owned: &mut Owned) -> Self {
        Self {
            task_id: owned.text(image.task_id.as_str()),
            url: owned.text(&image.url),
            size: image.size.into(),
            job_id: owned.optional(image.job_id.as_ref()),
            width: image.width.into(),
            height: image.height.into(),
            snapshot: owned.inner(Some(&*image.snapshot)),
        }
    }
}

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
