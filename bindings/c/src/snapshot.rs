//! What the service says of a task, and what is known of its image.

use std::sync::Arc;

use spark_t2i_bridge::{AboutImage, Content, Output, ServerError, Status, TaskSnapshot, Usage};

use crate::record::{Owned, Told};
use crate::text::{spark_t2i_optional_double, spark_t2i_optional_int64, spark_t2i_optional_uint64, spark_t2i_text};

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

impl Told<&Content> for spark_t2i_content {
    fn told(content: &Content, owned: &mut Owned) -> Self {
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

impl Told<&Output> for spark_t2i_output {
    fn told(output: &Output, owned: &mut Owned) -> Self {
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

impl Told<&ServerError> for spark_t2i_server_error {
    fn told(error: &ServerError, owned: &mut Owned) -> Self {
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
