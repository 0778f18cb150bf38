//! Results as a tree of plain values, for languages that build objects of their own from them.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use spark_t2i::{
    Content, Decimal, Error, Estimate, Event, EventKind, LagStats, Metadata, Output, Report, Saved, ServerError, Size,
    Stats, Status, TaskId, TaskSnapshot, Usage, Violation, Warning,
};

use crate::failure::Failure;
use crate::image::{AboutImage, Image};
use crate::many::Generated;
use crate::task::Task;

/// A value that a binding can make an object of without knowing what it means.
pub enum Value {
    /// Nothing.
    None,
    /// true or false.
    Boolean(bool),
    /// A whole number of 64 bits.
    Integer(i128),
    /// A binary float.
    Number(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Bytes),
    /// A decimal number, of which no digit may be lost.
    Decimal(Decimal),
    /// A path.
    Path(PathBuf),
    /// A list.
    List(Vec<Value>),
    /// An object of the class with this name; its fields with their names, in the order of the documentation.
    Record(&'static str, Vec<(&'static str, Value)>),
    /// A handle on a task.
    Task(Task),
    /// A handle on an image.
    Image(Image),
}

macro_rules! from {
    ($($variant:ident: $($plain:ty)+,)+) => {
        $($(impl From<$plain> for Value {
            fn from(value: $plain) -> Self {
                Self::$variant(value.into())
            }
        })+)+
    };
}

from! {
    Boolean: bool,
    Integer: u16 u32 u64 i64,
    Number: f64,
    Text: String &str,
    Bytes: Bytes,
    Decimal: Decimal,
    Task: Task,
    Image: Image,
}

macro_rules! record {
    ($name:literal: $($field:ident = $value:expr),+ $(,)?) => {
        Value::Record($name, vec![$((stringify!($field), Value::from($value))),+])
    };
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl From<&TaskId> for Value {
    fn from(id: &TaskId) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Integer(number as i128)
    }
}

impl From<Size> for Value {
    fn from(size: Size) -> Self {
        Self::List(vec![size.width.into(), size.height.into()])
    }
}

impl From<Violation> for Value {
    fn from(violation: Violation) -> Self {
        let code = violation.code.map(|code| code.to_string());
        record!("Violation": code = code, field = &*violation.field, message = violation.message)
    }
}

impl From<Warning> for Value {
    fn from(warning: Warning) -> Self {
        record!("ParameterWarning": field = &*warning.field, message = warning.message)
    }
}

impl From<Report> for Value {
    fn from(report: Report) -> Self {
        record!("Report": violations = report.violations, warnings = report.warnings)
    }
}

impl From<&Error> for Value {
    fn from(error: &Error) -> Self {
        let failure = Failure::from(error);
        record!("Error":
            text = failure.text,
            kind = failure.kind,
            message = failure.message,
            code = failure.code,
            violations = failure.violations,
            http_status = failure.http_status,
            task_id = failure.task_id,
            retryable = failure.retryable,
            charged = failure.charged,
            retry_after_seconds = failure.retry_after_seconds,
            body = failure.body,
            cause = failure.cause,
        )
    }
}

impl From<&Usage> for Value {
    fn from(usage: &Usage) -> Self {
        record!("Usage":
            cost = usage.cost.clone(),
            discount = usage.discount.clone(),
            input_tokens = usage.input_tokens,
            output_tokens = usage.output_tokens,
            total_tokens = usage.total_tokens,
        )
    }
}

impl From<&Content> for Value {
    fn from(content: &Content) -> Self {
        record!("Content":
            type = content.kind.as_deref(),
            url = content.url.as_deref(),
            size = content.size,
            job_id = content.job_id.as_deref(),
        )
    }
}

impl From<&Output> for Value {
    fn from(output: &Output) -> Self {
        record!("Output": content = output.content.iter().collect::<Vec<_>>())
    }
}

impl From<&ServerError> for Value {
    fn from(error: &ServerError) -> Self {
        record!("ServerError": code = error.code.map(|code| code.to_string()), message = error.message.as_str())
    }
}

impl From<Metadata> for Value {
    fn from(times: Metadata) -> Self {
        record!("Metadata":
            in_queue_unix = times.in_queue_at,
            upload_unix = times.upload_at,
            completed_unix = times.completed_at,
        )
    }
}

impl From<&Status> for Value {
    fn from(status: &Status) -> Self {
        record!("Status": value = status.as_str())
    }
}

impl From<Arc<TaskSnapshot>> for Value {
    fn from(task: Arc<TaskSnapshot>) -> Self {
        record!("TaskSnapshot":
            id = task.id.as_ref(),
            status = &task.status,
            model = task.model.as_deref(),
            created_unix = task.created_at,
            progress = task.progress,
            output = task.output.iter().collect::<Vec<_>>(),
            usage = task.usage.as_ref(),
            error = task.error.as_ref(),
            metadata = task.metadata,
            raw = task.raw(),
        )
    }
}

impl From<&AboutImage> for Value {
    fn from(image: &AboutImage) -> Self {
        record!("AboutImage":
            task_id = &image.task_id,
            url = image.url.as_str(),
            size = image.size,
            job_id = image.job_id.as_deref(),
            width = image.width,
            height = image.height,
            snapshot = Arc::clone(&image.snapshot),
        )
    }
}

impl From<Estimate> for Value {
    fn from(estimate: Estimate) -> Self {
        record!("Estimate":
            cost = estimate.cost.clone(),
            currency = estimate.currency.as_deref(),
            discount = estimate.discount.clone(),
            billing_model = estimate.billing_model.as_deref(),
            model = estimate.model.as_deref(),
            sample_count = estimate.sample_count,
            updated_unix_ms = estimate.updated_at,
            raw = estimate.raw(),
        )
    }
}

impl From<Event> for Value {
    fn from(event: Event) -> Self {
        let kind = record!("EventKind": value = event.kind.as_str());
        let (mut progress, mut delay, mut error, mut snapshot) = (None, None, None, None);
        match event.kind {
            EventKind::Running(known) => progress = known,
            EventKind::Retrying { cause, delay: until } => (error, delay) = (Some(cause), Some(until.as_secs_f64())),
            EventKind::Completed(completed) => snapshot = Some(completed),
            EventKind::Failed(cause) => error = Some(cause),
            _ => {}
        }
        record!("Event":
            kind = kind,
            task_id = &event.task_id,
            elapsed_seconds = event.elapsed.as_secs_f64(),
            progress = progress,
            delay_seconds = delay,
            error = error.as_ref(),
            snapshot = snapshot,
        )
    }
}

impl From<Saved> for Value {
    fn from(saved: Saved) -> Self {
        let (width, height) = saved.pixels.map(|pixels| (pixels.width, pixels.height)).unzip();
        record!("Saved":
            path = Self::Path(saved.path),
            bytes = saved.bytes,
            format = saved.format.extension(),
            width = width,
            height = height,
        )
    }
}

impl From<LagStats> for Value {
    fn from(lag: LagStats) -> Self {
        record!("LagStats": count = lag.count, mean = lag.mean, p95 = lag.p95)
    }
}

impl From<Stats> for Value {
    fn from(stats: Stats) -> Self {
        record!("Stats":
            create_requests = stats.create_requests,
            status_requests = stats.status_requests,
            estimate_requests = stats.estimate_requests,
            download_requests = stats.download_requests,
            retries = stats.retries,
            submitted = stats.submitted,
            outcomes_unknown = stats.outcomes_unknown,
            completed = stats.completed,
            failed = stats.failed,
            waiting = stats.waiting,
            queued = stats.queued,
            running = stats.running,
            lag_seconds = stats.lag_seconds,
            poll_price = stats.poll_price,
            requests_per_second_allowed = stats.requests_per_second_allowed,
            requests_per_second_used = stats.requests_per_second_used,
            downloaded_bytes = stats.downloaded_bytes,
            cost = stats.cost,
        )
    }
}

/// Its index, its image or nothing, its error or nothing.
impl From<Generated> for Value {
    fn from(generated: Generated) -> Self {
        let (image, error) = match generated.result {
            Ok(image) => (Some(image), None),
            Err(error) => (None, Some(error)),
        };
        Self::List(vec![generated.index.into(), image.into(), error.as_ref().into()])
    }
}
