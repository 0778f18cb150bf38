//! The bodies of answers, in the one form that every public client decodes: lower-case states, an `error` only where
//! there is one, codes as integers with the message under both names, money as text, times as numbers.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use spark_t2i_core::{Code, Decimal, Request, Violation};

use crate::clock::Moment;
use crate::id::Id;
use crate::task::{Phase, Record};

/// What the service says of every task.
const DISCOUNT: f64 = 0.7;

#[derive(Serialize)]
struct Task<'a> {
    id: String,
    status: &'static str,
    model: &'a str,
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<[Output; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

#[derive(Serialize)]
struct Output {
    content: [Content; 1],
}

#[derive(Serialize)]
struct Content {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    size: u64,
    #[serde(rename = "jobId")]
    job_id: String,
}

#[derive(Serialize)]
struct Usage<'a> {
    cost: &'a Decimal,
    discount: f64,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
}

/// An error with its message under both names that clients look for.
#[derive(Serialize)]
struct Failure<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    message: &'a str,
    error_message: &'a str,
}

impl<'a> Failure<'a> {
    fn new(code: Option<Code>, message: &'a str) -> Self {
        Self { code: code.map(Code::number), message, error_message: message }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
struct Metadata {
    in_queue_at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<f64>,
}

/// The answer to a create: the task's initial state, whatever its latency is.
pub(crate) fn created(id: Id, record: &Record) -> Vec<u8> {
    encode(&Task {
        id: id.to_string(),
        status: "queued",
        model: record.model(),
        created_at: record.created.unix_seconds(),
        progress: None,
        output: None,
        usage: None,
        error: None,
        metadata: None,
    })
}

/// The answer to a status request. The image's URL starts with `base_url`.
pub(crate) fn task(
    id: Id,
    record: &Record,
    now: Moment,
    tells_progress: bool,
    base_url: impl FnOnce() -> String,
) -> Vec<u8> {
    let phase = record.phase(now);
    let (status, progress) = match phase {
        Phase::Queued => ("queued", Some(0.0)),
        Phase::Running(progress) => ("in_progress", Some(progress)),
        Phase::Completed => ("completed", Some(1.0)),
        Phase::Failed => ("failed", None),
    };
    let is_completed = phase == Phase::Completed;
    let failure = Code::GENERATION_ERROR;
    encode(&Task {
        id: id.to_string(),
        status,
        model: record.model(),
        created_at: record.created.unix_seconds(),
        progress: progress.filter(|_| tells_progress || is_completed),
        output: is_completed.then(|| {
            let (url, job_id) = (format!("{}/images/{id}.png", base_url()), format!("job-{id}"));
            [Output { content: [Content { kind: "image", url, size: record.file_size(), job_id }] }]
        }),
        usage: is_completed.then(|| Usage {
            cost: &record.cost,
            discount: DISCOUNT,
            input_tokens: record.input_tokens(),
            output_tokens: record.output_tokens(),
            total_tokens: record.input_tokens() + record.output_tokens(),
        }),
        error: (phase == Phase::Failed)
            .then(|| Failure::new(Some(failure), failure.description().unwrap_or("generation failed"))),
        metadata: Some(Metadata {
            in_queue_at: record.created.seconds(),
            upload_at: (!record.fails && now >= record.uploads()).then(|| record.uploads().seconds()),
            completed_at: (now >= record.ends()).then(|| record.ends().seconds()),
        }),
    })
}

#[derive(Serialize)]
struct Envelope<T> {
    data: T,
    status: &'static str,
}

#[derive(Serialize)]
struct Estimate<'a> {
    billing_model: &'a str,
    cost: &'a Decimal,
    currency: &'static str,
    discount: f64,
    hash: String,
    model: &'a str,
    original_model: &'a str,
    sample_count: u64,
    updated_at: u64,
}

/// The answer to an estimate: the price, which rests on all tasks before.
pub(crate) fn estimate(request: &Request, price: &Decimal, earlier_tasks: u64, now: Moment) -> Vec<u8> {
    let model = request.model.as_str();
    let (size, use_pre_llm) = (request.expected_size(), request.use_pre_llm.unwrap_or(true));
    // What the price may depend on, by FNV-1a: equal requests have equal hashes, in every run.
    let hash = format!("{model} {size} {use_pre_llm}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let data = Estimate {
        billing_model: model,
        cost: price,
        currency: "USD",
        discount: DISCOUNT,
        hash: format!("v1:{hash:016x}"),
        model,
        original_model: model,
        sample_count: earlier_tasks,
        updated_at: now.micros() / 1000,
    };
    encode(&Envelope { data, status: "success" })
}

/// An answer with an error status.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: Option<Code>,
    message: String,
    violations: Vec<Violation>,
    retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: None, message: message.into(), violations: Vec::new(), retry_after: None }
    }

    /// A request that breaks rules: the first code, all messages.
    pub(crate) fn invalid(error: &spark_t2i_core::Error) -> Self {
        let violations = error.violations().to_vec();
        Self { code: error.code(), violations, ..Self::new(StatusCode::BAD_REQUEST, error.message()) }
    }

    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Too many requests: the next one is welcome after this many whole seconds.
    pub(crate) fn rate_limited(seconds: u64) -> Self {
        let message = format!("too many requests: the emulator's rate limit admits the next one in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, message).with_retry_after(seconds)
    }

    pub(crate) fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

#[derive(Serialize)]
struct Refused<'a> {
    error: Failure<'a>,
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    violations: &'a [Violation],
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = encode(&Refused {
            error: Failure::new(self.code, &self.message),
            message: &self.message,
            violations: &self.violations,
        });
        let mut response = (self.status, json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A body of JSON.
pub(crate) fn json(body: Vec<u8>) -> impl IntoResponse {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body)
}

pub(crate) fn encode(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts, numbers and lists of them always serialise")
}
