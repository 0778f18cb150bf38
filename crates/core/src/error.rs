use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::{Code, TaskId, Violation, printable};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal exits $exit:literal retryable $retryable:literal charged $charged:ident,)+) => {
        /// What kind of thing went wrong: the same kinds with the same names in every language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorKind {
            /// All kinds, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in JSON and in every language: `invalid_request`, `outcome_unknown` and so on.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The exit code of the command line.
            pub fn exit_code(self) -> u8 {
                match self { $(Self::$variant => $exit),+ }
            }

            fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable),+ }
            }

            fn charged(self) -> Charged {
                match self { $(Self::$variant => Charged::$charged),+ }
            }
        }
    };
}

kinds! {
    /// The request breaks a rule: found before anything was sent, or by the service (400, 422).
    InvalidRequest "invalid_request" exits 2 retryable false charged No,
    /// The key is missing, malformed or refused (401).
    Authentication "authentication" exits 3 retryable false charged No,
    /// The key may not do this (403).
    Permission "permission" exits 3 retryable false charged No,
    /// The account has too little balance (402 or a balance code).
    InsufficientBalance "insufficient_balance" exits 4 retryable false charged No,
    /// Too many requests (429), beyond the retries.
    RateLimited "rate_limited" exits 4 retryable true charged No,
    /// A deadline passed. The task goes on.
    Timeout "timeout" exits 5 retryable true charged Unknown,
    /// No connection, or a service that cannot answer now (5xx), beyond the retries.
    Connection "connection" exits 6 retryable true charged No,
    /// An answer that cannot be understood.
    Protocol "protocol" exits 6 retryable false charged No,
    /// No such task, or no such endpoint.
    NotFound "not_found" exits 6 retryable false charged No,
    /// The task ended without an image.
    TaskFailed "task_failed" exits 7 retryable false charged Unknown,
    /// A submit of which nobody can say whether the service took (and charged) it.
    OutcomeUnknown "outcome_unknown" exits 8 retryable false charged Unknown,
    /// The image could not be fetched, or is not what it should be.
    Download "download" exits 9 retryable true charged Yes,
    /// A file could not be read or written.
    Io "io" exits 9 retryable false charged No,
    /// Cancelled by the caller. The task, if there is one, goes on.
    Cancelled "cancelled" exits 130 retryable true charged Unknown,
    /// A bug of ours.
    Internal "internal" exits 1 retryable false charged Unknown,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether what failed was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charged {
    /// Certainly not.
    No,
    /// Certainly.
    Yes,
    /// Nobody on this side can say.
    Unknown,
}

impl Charged {
    /// `no`, `yes` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

/// The one error of this API, with the same fields in every language.
///
/// It never holds the key, and what comes from outside is made harmless for a terminal before it gets in.
#[derive(Clone)]
pub struct Error(Box<Fields>);

#[derive(Clone)]
struct Fields {
    kind: ErrorKind,
    message: String,
    code: Option<Code>,
    violations: Vec<Violation>,
    http_status: Option<u16>,
    task_id: Option<TaskId>,
    retryable: bool,
    charged: Charged,
    retry_after: Option<Duration>,
    body: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

const MOST_MESSAGE_CHARACTERS: usize = 2_000;
const MOST_BODY_BYTES: usize = 4_096;

impl Error {
    /// An error of this kind, with what the kind says about retrying and charging.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Fields {
            kind,
            message: printable(&message.into(), MOST_MESSAGE_CHARACTERS),
            code: None,
            violations: Vec::new(),
            http_status: None,
            task_id: None,
            retryable: kind.retryable(),
            charged: kind.charged(),
            retry_after: None,
            body: None,
            source: None,
        }))
    }

    /// A bug of ours: `what` says which assumption did not hold.
    pub fn internal(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, what)
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, to what, and what to do next: one line for people, with no promise on its wording.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The code of the specification.
    pub fn code(&self) -> Option<Code> {
        self.0.code
    }

    /// Every rule that the request breaks.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The status of the HTTP answer that told the error.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The task, from the moment that its id is known: `client.task(id).wait()` takes it up again.
    pub fn task_id(&self) -> Option<&TaskId> {
        self.0.task_id.as_ref()
    }

    /// Whether the same call may succeed later without anything being changed, and without paying twice.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether it was charged.
    pub fn charged(&self) -> Charged {
        self.0.charged
    }

    /// How long the service asked to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The body of the answer that could not be understood, cut to 4 KiB: it may hold the id of a task.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Sets the code, if there is one.
    pub fn with_code(mut self, code: Option<Code>) -> Self {
        self.0.code = code;
        self
    }

    /// Sets the violations.
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.0.violations = violations;
        self
    }

    /// Sets the HTTP status.
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Sets the task.
    pub fn with_task_id(mut self, id: &TaskId) -> Self {
        self.0.task_id = Some(id.clone());
        self
    }

    /// Says whether trying again may help.
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Says whether it was charged.
    pub fn with_charged(mut self, charged: Charged) -> Self {
        self.0.charged = charged;
        self
    }

    /// Sets how long the service asked to wait.
    pub fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    /// Keeps the answer's body, cut to 4 KiB.
    pub fn with_body(mut self, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(&body[..body.len().min(MOST_BODY_BYTES)]).into_owned();
        self.0.body = Some(body);
        self
    }

    /// Sets the cause. It must not hold a secret: its chain is shown.
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The same error with another kind, for a caller who knows more than the one who made it. What the kind says
    /// about retrying and charging changes with it.
    pub fn into_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self.0.retryable = kind.retryable();
        self.0.charged = kind.charged();
        self
    }

    /// Puts words before the message.
    pub fn with_context(mut self, context: &str) -> Self {
        self.0.message = printable(&format!("{context}: {}", self.0.message), MOST_MESSAGE_CHARACTERS);
        self
    }

    /// The causes, outermost first, in one line; none where there is no cause.
    pub fn cause(&self) -> Option<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let text = printable(&cause.to_string(), 300);
            // Many libraries repeat their cause in their own message.
            if causes.last().is_none_or(|last| !last.contains(&text)) {
                causes.push(text);
            }
            next = cause.source();
        }
        (!causes.is_empty()).then(|| causes.join(": "))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(code) = self.0.code {
            write!(f, " (code {code})")?;
        }
        if let Some(id) = self.0.task_id.as_ref().filter(|id| !self.0.message.contains(id.as_str())) {
            write!(f, " (task {id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = &*self.0;
        f.debug_struct("Error")
            .field("kind", &fields.kind)
            .field("message", &fields.message)
            .field("code", &fields.code)
            .field("violations", &fields.violations)
            .field("http_status", &fields.http_status)
            .field("task_id", &fields.task_id)
            .field("retryable", &fields.retryable)
            .field("charged", &fields.charged)
            .field("retry_after", &fields.retry_after)
            .field("body", &fields.body)
            .field("cause", &self.cause())
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// The stable JSON form: every field present, null where there is nothing.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = &*self.0;
        let mut error = serializer.serialize_struct("Error", 11)?;
        error.serialize_field("kind", fields.kind.as_str())?;
        error.serialize_field("message", &fields.message)?;
        error.serialize_field("code", &fields.code)?;
        error.serialize_field("violations", &fields.violations)?;
        error.serialize_field("http_status", &fields.http_status)?;
        error.serialize_field("task_id", &fields.task_id)?;
        error.serialize_field("retryable", &fields.retryable)?;
        error.serialize_field("charged", fields.charged.as_str())?;
        error.serialize_field("retry_after_seconds", &fields.retry_after.map(|wait| wait.as_secs_f64()))?;
        error.serialize_field("body", &fields.body)?;
        error.serialize_field("cause", &self.cause())?;
        error.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_has_every_field() {
        let id: TaskId = "d758n65e878c73cmdg20".parse().unwrap();
        let cause = std::io::Error::other("the inner\x1b[2J cause");
        let error = Error::new(ErrorKind::TaskFailed, "the task failed: \x1b[31mno\n")
            .with_code(Some(Code::GENERATION_ERROR))
            .with_task_id(&id)
            .with_source(cause);
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"kind":"task_failed","message":"the task failed: \\u{1b}[31mno\\n","code":"003001095","violations":[],"http_status":null,"task_id":"d758n65e878c73cmdg20","retryable":false,"charged":"unknown","retry_after_seconds":null,"body":null,"cause":"the inner\\u{1b}[2J cause"}"#
        );
    }

    #[test]
    fn a_body_is_cut_to_four_kibibytes() {
        let error = Error::new(ErrorKind::OutcomeUnknown, "no id").with_body("雪".repeat(10_000).as_bytes());
        assert!(error.body().unwrap().len() <= MOST_BODY_BYTES + 3);
    }

    #[test]
    fn names_of_kinds_are_unique() {
        let names: std::collections::HashSet<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
