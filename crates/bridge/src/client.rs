use std::sync::Arc;
use std::time::{Duration, Instant};

use spark_t2i::{ClientBuilder, Error, Estimate, Event, Request, Size, Stats};

use crate::call::{Call, Shared};
use crate::image::{Image, KeptImage};
use crate::options::Options;
use crate::process::PerProcess;
use crate::task::{Task, wait_options};

/// A client that a foreign program holds. Cheap to clone. It goes on working in a forked child, with connections and a
/// runtime of the child's own.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    builder: ClientBuilder,
    max_in_flight: usize,
    here: PerProcess<spark_t2i::Client>,
}

impl Client {
    /// A client with these options; key and base URL come from the environment where they are not given. Nothing is sent.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn new(options: Options) -> Result<Self, Error> {
        let builder = options.builder()?;
        let client = builder.clone().build()?;
        Ok(Self(Arc::new(Inner { builder, max_in_flight: client.max_in_flight(), here: PerProcess::new(client) })))
    }

    pub(crate) fn here(&self) -> Result<spark_t2i::Client, Error> {
        Ok((*self.0.here.get_or_make(|| self.0.builder.clone().build())?).clone())
    }

    /// How many requests of a [`Many`](crate::Many) shall be under way at once.
    pub fn max_in_flight(&self) -> usize {
        self.0.max_in_flight
    }

    /// Submits and waits. With `watch`, every event of the task is an item.
    pub fn generate(&self, request: Request, timeout: Option<Duration>, watch: bool) -> Call<Event, Image> {
        let (client, request) = (self.clone(), Box::new(request));
        Call::start(|shared| async move {
            let events = watch.then(|| Arc::clone(&shared));
            client.generated(request, timeout, &*shared, events).await
        })
    }

    /// The whole of `generate`: the id is told to `call` from the moment that it is known. (The request is in a box, because
    /// what is given to an asynchronous function has its place in it for good, and lies in each that awaits it once more.)
    pub(crate) async fn generated<I: Send + 'static, T: Send + 'static>(
        &self,
        request: Box<Request>,
        timeout: Option<Duration>,
        call: &Shared<I, T>,
        events: Option<Arc<Shared<Event, Image>>>,
    ) -> Result<Image, Error> {
        let begin = Instant::now();
        let client = self.here()?;
        let timeout = timeout.unwrap_or_else(|| client.wait_timeout());
        // In a box, which is gone when the waiting begins, by far the longer part. So is the request: the task has its own.
        let task = Box::pin(client.submit_within(&request, Some(timeout))).await?;
        drop(request);
        call.knows(task.id());
        let left = timeout.saturating_sub(begin.elapsed());
        let image = task.wait_with(wait_options(Some(left), events)).await?;
        Ok(Image::new(Task::of(self, task), 0, image))
    }

    /// Submits, and does not wait.
    pub fn submit(&self, request: Request, timeout: Option<Duration>) -> Call<Event, Task> {
        let client = self.clone();
        Call::start(|_| async move {
            let task = client.here()?.submit_within(&request, timeout).await?;
            Ok(Task::of(&client, task))
        })
    }

    /// What the request would probably cost.
    pub fn estimate(&self, request: Request, timeout: Option<Duration>) -> Call<Event, Option<Estimate>> {
        let client = self.clone();
        Call::start(|_| async move { client.here()?.estimate_within(&request, timeout).await })
    }

    /// The task with this id. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_request` when the text cannot be an id.
    pub fn task(&self, id: &str) -> Result<Task, Error> {
        Ok(Task::of(self, self.here()?.task(id)?))
    }

    /// The image that was kept as plain data. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_request` for data of no image.
    pub fn image(&self, kept: &KeptImage) -> Result<Image, Error> {
        let requested = kept.width.zip(kept.height).map(|(width, height)| Size { width, height });
        let position = kept.position as usize;
        let image = self.here()?.image(&kept.task_id, &kept.raw, position, requested)?;
        Ok(Image::new(self.task(&kept.task_id)?, position, image))
    }

    /// What this client has done in this process.
    ///
    /// # Errors
    /// Those of [`new`](Self::new), in a forked child.
    pub fn stats(&self) -> Result<Stats, Error> {
        Ok(self.here()?.stats())
    }
}
