use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use spark_t2i_core::{Content, Decimal, Error, ErrorKind, Request, Size, Status, TaskId, TaskSnapshot, Usage};

use crate::download::{self, Sink};
use crate::save::{self, SaveOptions, Saved};
use crate::task::{self, Task};

/// A finished image at the service. A handle: nothing is downloaded before [`bytes`](Self::bytes) or
/// [`save`](Self::save).
#[derive(Debug, Clone)]
pub struct Image {
    task: Task,
    snapshot: Arc<TaskSnapshot>,
    /// Which of the task's images this is, from 0.
    position: usize,
    content: Content,
    /// What was asked for.
    requested: Option<Size>,
}

impl Image {
    pub(crate) fn all_of(task: &Task, snapshot: &Arc<TaskSnapshot>) -> Vec<Self> {
        let requested = task.request().map(Request::expected_size);
        let image = |(position, content): (usize, &Content)| Self {
            task: task.clone(),
            snapshot: Arc::clone(snapshot),
            position,
            content: content.clone(),
            requested,
        };
        snapshot.images().enumerate().map(image).collect()
    }

    /// One of a task that was seen completed before.
    pub(crate) fn seen_before(
        task: &Task,
        snapshot: &Arc<TaskSnapshot>,
        position: usize,
        requested: Option<Size>,
    ) -> Option<Self> {
        let images = if snapshot.status == Status::Completed { Self::all_of(task, snapshot) } else { Vec::new() };
        images.into_iter().nth(position).map(|image| Self { requested, ..image })
    }

    pub(crate) fn first_of(task: &Task, snapshot: &Arc<TaskSnapshot>) -> Result<Self, Error> {
        Self::all_of(task, snapshot).into_iter().next().ok_or_else(|| {
            let id = task.id();
            Error::new(
                ErrorKind::Protocol,
                format!("task {id} is completed, but its answer names no image that can be fetched"),
            )
            .with_body(snapshot.raw().as_bytes())
            .with_charged(task::charged(snapshot))
            .with_task_id(id)
        })
    }

    /// The task that made it.
    pub fn task_id(&self) -> &TaskId {
        self.task.id()
    }

    /// What the service said of the task, its raw JSON included.
    pub fn task(&self) -> &Arc<TaskSnapshot> {
        &self.snapshot
    }

    /// Which of the task's images it is, from 0.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Where the image lies. Such addresses may expire.
    pub fn url(&self) -> &str {
        self.content.url.as_deref().unwrap_or_default()
    }

    /// The size of the file in bytes, where the service told it.
    pub fn size(&self) -> Option<u64> {
        self.content.size
    }

    /// The identifier of the job behind the task.
    pub fn job_id(&self) -> Option<&str> {
        self.content.job_id.as_deref()
    }

    /// The width in pixels that was asked for; none for a task taken up by its id.
    pub fn width(&self) -> Option<u32> {
        self.requested.map(|size| size.width)
    }

    /// The height in pixels that was asked for; none for a task taken up by its id.
    pub fn height(&self) -> Option<u32> {
        self.requested.map(|size| size.height)
    }

    /// What the task used and cost, where the service told it.
    pub fn usage(&self) -> Option<&Usage> {
        self.snapshot.usage.as_ref()
    }

    /// The cost in USD, exactly as the service gave it.
    pub fn cost(&self) -> Option<&Decimal> {
        self.usage().and_then(|usage| usage.cost.as_ref())
    }

    /// Fetches the image into memory, within `wait_timeout`: whole and checked against its promised size and its own
    /// signature, 64 MiB at most.
    ///
    /// # Errors
    /// `download` when it cannot be fetched or is no whole image; `timeout`. Both carry the task's id, by which the
    /// image can be fetched again.
    pub async fn bytes(&self) -> Result<Bytes, Error> {
        self.bytes_within(None).await
    }

    /// As [`bytes`](Self::bytes), with a timeout of its own in place of the client's `wait_timeout`.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub async fn bytes_within(&self, timeout: Option<Duration>) -> Result<Bytes, Error> {
        let mut sink = Sink::memory();
        download::fetch(self, &mut sink, self.deadline(timeout)).await?;
        Ok(sink.into_bytes())
    }

    /// Fetches the image into a file, within `wait_timeout`. The file is whole or absent: it is written under another
    /// name beside the target, checked, synced and renamed. A file that is there already is not touched.
    ///
    /// # Errors
    /// `io` when the target exists or cannot be written; else as [`bytes`](Self::bytes).
    pub async fn save(&self, path: impl AsRef<Path>) -> Result<Saved, Error> {
        self.save_with(path, SaveOptions::default()).await
    }

    /// As [`save`](Self::save), with options.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn save_with(&self, path: impl AsRef<Path>, options: SaveOptions) -> Result<Saved, Error> {
        save::save(self, path.as_ref(), options).await
    }

    pub(crate) fn handle(&self) -> &Task {
        &self.task
    }

    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> tokio::time::Instant {
        self.task.client().deadline(timeout)
    }

    /// Asks the service for the task once more: addresses of images expire.
    pub(crate) async fn fresh_url(&self) -> Result<Option<String>, Error> {
        let snapshot = self.task.refresh().await?;
        Ok(snapshot.images().nth(self.position).and_then(|content| content.url.clone()))
    }

    /// An error of this image's download, with what is known of the task.
    pub(crate) fn error(&self, kind: ErrorKind, message: String) -> Error {
        let charged = match task::charged(&self.snapshot) {
            spark_t2i_core::Charged::No => spark_t2i_core::Charged::No,
            _ => spark_t2i_core::Charged::Yes,
        };
        Error::new(kind, message).with_charged(charged).with_task_id(self.task.id())
    }
}

/// The stable JSON form: every field present, null where there is nothing.
impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut image = serializer.serialize_struct("Image", 7)?;
        image.serialize_field("task_id", self.task_id())?;
        image.serialize_field("url", self.url())?;
        image.serialize_field("size", &self.size())?;
        image.serialize_field("job_id", &self.job_id())?;
        image.serialize_field("width", &self.width())?;
        image.serialize_field("height", &self.height())?;
        image.serialize_field("usage", &self.usage())?;
        image.end()
    }
}
