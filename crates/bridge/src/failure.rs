use std::fmt;

use spark_t2i::{Error, Violation};

/// An error as plain fields, for languages that make one of their own of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The name of the kind: `invalid_request`, `outcome_unknown` and so on. A language that does not know it takes it for
    /// `internal`.
    pub kind: &'static str,
    /// For people: the message, with code and task where they do not stand in it.
    pub text: String,
    /// What happened, to what, and what to do next.
    pub message: String,
    /// Nine digits.
    pub code: Option<String>,
    /// Every rule that the request breaks.
    pub violations: Vec<Violation>,
    /// The status of the HTTP answer that told the error.
    pub http_status: Option<u16>,
    /// The task, where there is one.
    pub task_id: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// `no`, `yes` or `unknown`.
    pub charged: &'static str,
    /// How long the service asked to wait, in seconds.
    pub retry_after_seconds: Option<f64>,
    /// The body of an answer that could not be understood.
    pub body: Option<String>,
    /// The causes in one line.
    pub cause: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            text: error.to_string(),
            message: error.message().to_owned(),
            code: error.code().map(|code| code.to_string()),
            violations: error.violations().to_vec(),
            http_status: error.http_status(),
            task_id: error.task_id().map(ToString::to_string),
            retryable: error.retryable(),
            charged: error.charged().as_str(),
            retry_after_seconds: error.retry_after().map(|wait| wait.as_secs_f64()),
            body: error.body().map(str::to_owned),
            cause: error.cause(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
