//! What the service and the client tell, as it is seen in Kotlin and Swift.

use std::borrow::Cow;
use std::fmt;

use spark_t2i_bridge::{self as bridge, Decimal, TaskId};
use uniffi::{Enum, Record};

uniffi::custom_type!(Decimal, String, {
    remote,
    lower: |number| number.to_string(),
    try_lift: |text| text.parse().map_err(|_| uniffi::deps::anyhow::anyhow!("no decimal number")),
});

/// A span of time in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Seconds(pub f64);

uniffi::custom_type!(Seconds, f64, { lower: |span| span.0, try_lift: |seconds| Ok(Seconds(seconds)) });

/// An error: in each language the type of its own.
#[derive(Debug, Clone)]
pub struct Problem(Box<NativeFailure>);

uniffi::custom_type!(Problem, NativeFailure, {
    lower: |problem| *problem.0,
    try_lift: |fields| Ok(Problem(Box::new(fields))),
});

impl Tell<Problem> for bridge::Error {
    fn tell(&self) -> Problem {
        Problem(Box::new(bridge::Failure::from(self).tell()))
    }
}

/// What a value of the bridge is in the languages.
pub(crate) trait Tell<T> {
    fn tell(&self) -> T;
}

macro_rules! tell {
    ($method:ident: $($from:ty => $to:ty,)+) => {
        $(impl Tell<$to> for $from {
            fn tell(&self) -> $to {
                self.$method()
            }
        })+
    };
}
tell!(clone: bool => bool, u16 => u16, u64 => u64, i64 => i64, f64 => f64, String => String, Decimal => Decimal,);
tell!(to_string: &str => String, Cow<'static, str> => String, TaskId => String,);

impl Tell<Seconds> for f64 {
    fn tell(&self) -> Seconds {
        Seconds(*self)
    }
}

/// A counter of ours, in the whole numbers that both languages prefer.
impl Tell<i64> for u64 {
    fn tell(&self) -> i64 {
        (*self).try_into().unwrap_or(i64::MAX)
    }
}

impl<T: Tell<U>, U> Tell<Option<U>> for Option<T> {
    fn tell(&self) -> Option<U> {
        self.as_ref().map(Tell::tell)
    }
}

impl<T: Tell<U>, U> Tell<Vec<U>> for Vec<T> {
    fn tell(&self) -> Vec<U> {
        self.iter().map(Tell::tell).collect()
    }
}

/// Records that tell one of the bridge's, field by field; in brackets, what a field is there, where it is called otherwise.
macro_rules! records {
    ($($(#[$about:meta])* $name:ident of $from:ty {
        $($(#[$doc:meta])* $field:ident $(($($source:tt)+))?: $type:ty,)+
    })+) => {
        $($(#[$about])*
        #[derive(Debug, Clone, Record)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)+
        }

        impl Tell<$name> for $from {
            fn tell(&self) -> $name {
                $name { $($field: field!(self, $field $($($source)+)?).tell(),)+ }
            }
        })+
    };
}

macro_rules! field {
    ($from:ident, $field:ident) => {
        $from.$field
    };
    ($from:ident, $field:ident $($source:tt)+) => {
        $from.$($source)+
    };
}

records! {
    /// An error, as it crosses the border.
    NativeFailure of bridge::Failure {
        text: String,
        kind: String,
        message: String,
        code: Option<String>,
        violations: Vec<Violation>,
        http_status: Option<u16>,
        task_id: Option<String>,
        retryable: bool,
        charged: String,
        retry_after (retry_after_seconds): Option<Seconds>,
        body: Option<String>,
        cause: Option<String>,
    }

    /// A rule of the specification that a request breaks.
    Violation of bridge::Violation {
        /// The nine digits of the code; none for an unknown parameter, which the specification has no code for.
        code (code.map(|code| code.to_string())): Option<String>,
        /// The parameter, or `size` where width and height only together break the rule, or `parameters`.
        field: String,
        /// What is wrong, for people.
        message: String,
    }

    /// Something allowed that probably gives a poor image.
    ParameterWarning of bridge::Warning {
        /// The parameter.
        field: String,
        /// What may go wrong, for people.
        message: String,
    }

    /// The verdict on a request.
    Report of bridge::Report {
        /// The broken rules, every one of them; none in a valid request.
        violations: Vec<Violation>,
        /// Advice that keeps nobody from sending.
        warnings: Vec<ParameterWarning>,
    }

    /// What a task used and cost. Money is exact: as the service wrote it, never a binary fraction.
    Usage of bridge::Usage {
        /// The total cost in USD.
        cost: Option<Decimal>,
        /// The discount, as the service gave it.
        discount: Option<Decimal>,
        /// Tokens that went in.
        input_tokens: Option<u64>,
        /// Tokens that came out.
        output_tokens: Option<u64>,
        /// All tokens.
        total_tokens: Option<u64>,
    }

    /// One generated thing.
    Content of bridge::Content {
        /// What it is: `image`.
        kind: Option<String>,
        /// Where it can be fetched. Such addresses may expire.
        url: Option<String>,
        /// The size of the file in bytes.
        size: Option<u64>,
        /// The identifier of the job behind the task.
        job_id: Option<String>,
    }

    /// One element of a task's output.
    Output of bridge::Output {
        /// What was generated.
        content: Vec<Content>,
    }

    /// The reason that the service gave for a failure.
    FailureReason of bridge::ServerError {
        /// The nine digits of the code; none where there was none, or one of another form (it stands in the message).
        code (code.map(|code| code.to_string())): Option<String>,
        /// What happened, in the service's words.
        message: String,
    }

    /// The service's own times of a task, in Unix seconds with a fraction.
    Metadata of bridge::Metadata {
        /// When it was queued.
        in_queue_unix (in_queue_at): Option<f64>,
        /// When the image was stored.
        upload_unix (upload_at): Option<f64>,
        /// When it was completed.
        completed_unix (completed_at): Option<f64>,
    }

    /// What one answer of the service said about a task. A field that the service did not send, or that cannot be read, is
    /// none; `raw` has the whole answer.
    TaskSnapshot of bridge::TaskSnapshot {
        /// The identifier; none where the answer has none.
        id: Option<String>,
        /// The state.
        status: Status,
        /// The model.
        model: Option<String>,
        /// When the task was created, in Unix seconds.
        created_unix (created_at): Option<i64>,
        /// How much is done, 0.0 to 1.0.
        progress: Option<f64>,
        /// The results, of a completed task.
        output: Vec<Output>,
        /// What it cost, of a completed task.
        usage: Option<Usage>,
        /// Why it failed.
        error: Option<FailureReason>,
        /// The service's own times.
        metadata: Metadata,
        /// The answer's JSON text, with every field that this version does not know.
        raw (raw()): String,
    }

    /// What a request would probably cost, as the service estimates it.
    Estimate of bridge::Estimate {
        /// The cost, exactly as the service gave it.
        cost: Decimal,
        /// The currency, such as `USD`.
        currency: Option<String>,
        /// The discount, as the service gave it.
        discount: Option<Decimal>,
        /// How the model is billed.
        billing_model: Option<String>,
        /// The model.
        model: Option<String>,
        /// How many earlier tasks the estimate rests on.
        sample_count: Option<u64>,
        /// When it was made, in Unix milliseconds.
        updated_unix_ms (updated_at): Option<u64>,
        /// The answer's JSON text.
        raw (raw()): String,
    }

    /// How late completions were noticed.
    LagStats of bridge::LagStats {
        /// Over how many completions.
        count: i64,
        /// The mean; none where there is none.
        mean: Option<Seconds>,
        /// What 95 of 100 stayed within, to within 3 %.
        p95: Option<Seconds>,
    }

    /// What a client has done since it was made.
    Stats of bridge::Stats {
        /// Requests sent to create a task, repetitions included.
        create_requests: i64,
        /// Requests sent to read a task.
        status_requests: i64,
        /// Requests sent to estimate a cost.
        estimate_requests: i64,
        /// Requests sent to image hosts, redirects and resumptions included.
        download_requests: i64,
        /// How many of all these repeated one that had failed.
        retries: i64,
        /// Tasks created.
        submitted: i64,
        /// Submits of which nobody can say whether the service took them.
        outcomes_unknown: i64,
        /// Tasks seen completed.
        completed: i64,
        /// Tasks seen failed.
        failed: i64,
        /// Waits under way now.
        waiting: i64,
        /// Tasks waited for now that were last seen queued.
        queued: i64,
        /// Tasks waited for now that were last seen running.
        running: i64,
        /// How late completions were noticed.
        lag (lag_seconds): LagStats,
        /// What one status request costs now, in seconds of lag.
        poll_price: f64,
        /// Status requests a second that are allowed now; none without a limit.
        requests_per_second_allowed: Option<f64>,
        /// Status requests a second that are made now.
        requests_per_second_used: f64,
        /// Bytes of images that were fetched.
        downloaded_bytes: i64,
        /// The sum of the costs of the tasks seen completed, in USD.
        cost: Decimal,
    }
}

/// The state of a task. The words that servers use for one state (`pending`, `in_queue`, …) are one here.
#[derive(Debug, Clone, Enum)]
#[uniffi::export(Display)]
pub enum Status {
    /// It waits its turn.
    Queued,
    /// It is being generated.
    Running,
    /// Done, with output.
    Completed,
    /// Done, without output.
    Failed,
    /// A word that this version does not know. It is no end of the task.
    Unknown {
        /// The word.
        word: String,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Unknown { word } => word,
        })
    }
}

impl Tell<Status> for bridge::Status {
    fn tell(&self) -> Status {
        match self.as_str() {
            "queued" => Status::Queued,
            "running" => Status::Running,
            "completed" => Status::Completed,
            "failed" => Status::Failed,
            word => Status::Unknown { word: word.to_owned() },
        }
    }
}

/// Something that happened to a task while it was waited for. The last one is completed or failed.
#[derive(Debug, Clone, Record)]
pub struct Event {
    /// The task.
    pub task_id: String,
    /// How long the task has been known here: since its submit, or since the waiting began.
    pub elapsed: Seconds,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a task while it was waited for.
#[derive(Debug, Clone, Enum)]
#[uniffi::export(Display)]
#[allow(clippy::large_enum_variant, reason = "it is made to be taken apart")]
pub enum EventKind {
    /// The service took it.
    Submitted,
    /// It waits its turn.
    Queued,
    /// It is being generated.
    Running {
        /// How much is done, 0.0 to 1.0, where the service tells it.
        progress: Option<f64>,
    },
    /// It could not be asked for.
    Retrying {
        /// Why.
        error: Problem,
        /// How long until the next try.
        delay: Seconds,
    },
    /// It is done.
    Completed {
        /// What the service said of it.
        snapshot: TaskSnapshot,
    },
    /// It failed, or the waiting did.
    Failed {
        /// Why.
        error: Problem,
    },
    /// Something that this version does not know.
    Unknown {
        /// The word for it.
        word: String,
    },
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Submitted => "submitted",
            Self::Queued => "queued",
            Self::Running { .. } => "running",
            Self::Retrying { .. } => "retrying",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Unknown { word } => word,
        })
    }
}

impl Tell<Event> for bridge::Event {
    fn tell(&self) -> Event {
        let kind = match &self.kind {
            bridge::EventKind::Submitted => EventKind::Submitted,
            bridge::EventKind::Queued => EventKind::Queued,
            bridge::EventKind::Running(progress) => EventKind::Running { progress: *progress },
            bridge::EventKind::Retrying { cause, delay } => {
                EventKind::Retrying { error: cause.tell(), delay: delay.as_secs_f64().tell() }
            }
            bridge::EventKind::Completed(snapshot) => EventKind::Completed { snapshot: snapshot.as_ref().tell() },
            bridge::EventKind::Failed(error) => EventKind::Failed { error: error.tell() },
            other => EventKind::Unknown { word: other.as_str().to_owned() },
        };
        Event { task_id: self.task_id.tell(), elapsed: self.elapsed.as_secs_f64().tell(), kind }
    }
}
