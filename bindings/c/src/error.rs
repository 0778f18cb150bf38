//! How functions end, and what is told of an error and of a request that breaks rules.

use spark_t2i_bridge::{Charged, Error, ErrorKind, Failure, Report, Violation, Warning};

use crate::record::{Owned, Told};
use crate::text::{spark_t2i_optional_double, spark_t2i_text};

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

impl Told<&Warning> for spark_t2i_warning {
    fn told(warning: &Warning, owned: &mut Owned) -> Self {
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
