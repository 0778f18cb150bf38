use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use spark_t2i::{Error, ErrorKind, Event, SaveOptions, Saved, TaskId, TaskSnapshot};

use crate::call::Call;
#[cfg(doc)]
use crate::client::Client;
use crate::process::PerProcess;
use crate::task::Task;

/// A finished image that a foreign program holds. Cheap to clone; nothing is downloaded before it is asked for.
#[derive(Clone)]
pub struct Image(Arc<Inner>);

struct Inner {
    task: Task,
    position: usize,
    about: AboutImage,
    here: PerProcess<spark_t2i::Image>,
}

/// What is known of an image without fetching it.
#[derive(Debug, Clone)]
pub struct AboutImage {
    /// The task that made it.
    pub task_id: TaskId,
    /// Where it lies. Such addresses may expire.
    pub url: String,
    /// The size of the file in bytes, where the service told it.
    pub size: Option<u64>,
    /// The identifier of the job behind the task.
    pub job_id: Option<String>,
    /// The width in pixels that was asked for; none for a task taken up by its id.
    pub width: Option<u32>,
    /// The height in pixels that was asked for; none for a task taken up by its id.
    pub height: Option<u32>,
    /// What the service said of the task: cost and usage among it.
    pub snapshot: Arc<TaskSnapshot>,
}

/// An image as plain data: for languages whose collector is in no hurry, as it does not see what a handle holds here.
#[derive(Debug, Clone)]
pub struct KeptImage {
    /// The task that made it.
    pub task_id: String,
    /// The JSON of the task's snapshot.
    pub raw: String,
    /// Which of the task's images it is.
    pub position: u32,
    /// The width in pixels that was asked for, where that is known.
    pub width: Option<u32>,
    /// The height in pixels that was asked for, where that is known.
    pub height: Option<u32>,
}

impl Image {
    pub(crate) fn new(task: Task, position: usize, image: spark_t2i::Image) -> Self {
        let about = AboutImage {
            task_id: image.task_id().clone(),
            url: image.url().to_owned(),
            size: image.size(),
            job_id: image.job_id().map(str::to_owned),
            width: image.width(),
            height: image.height(),
            snapshot: Arc::clone(image.task()),
        };
        Self(Arc::new(Inner { task, position, about, here: PerProcess::new(image) }))
    }

    /// It as plain data, of which [`Client::image`] makes a handle again.
    pub fn keep(&self) -> KeptImage {
        let Inner { position, about, .. } = &*self.0;
        KeptImage {
            task_id: about.task_id.to_string(),
            raw: about.snapshot.raw().to_owned(),
            position: u32::try_from(*position).unwrap_or(u32::MAX),
            width: about.width,
            height: about.height,
        }
    }

    /// What is known of it.
    pub fn about(&self) -> &AboutImage {
        &self.0.about
    }

    /// The image of this process; a forked child asks the service for it by the task's id.
    async fn here(&self) -> Result<spark_t2i::Image, Error> {
        if let Some(image) = self.0.here.get() {
            return Ok((*image).clone());
        }
        let task = self.0.task.here()?;
        task.refresh().await?;
        task.images().into_iter().nth(self.0.position).ok_or_else(|| {
            let message = format!("task {} no longer names this image", task.id());
            Error::new(ErrorKind::Download, message).with_task_id(task.id())
        })
    }

    /// Fetches it into memory.
    pub fn bytes(&self, timeout: Option<Duration>) -> Call<Event, Bytes> {
        let image = self.clone();
        Call::start(|call| async move {
            call.knows(&image.0.about.task_id);
            image.here().await?.bytes_within(timeout).await
        })
    }

    /// Fetches it into a file.
    pub fn save(&self, path: PathBuf, options: SaveOptions) -> Call<Event, Saved> {
        let image = self.clone();
        Call::start(|call| async move {
            call.knows(&image.0.about.task_id);
            image.here().await?.save_with(path, options).await
        })
    }
}
