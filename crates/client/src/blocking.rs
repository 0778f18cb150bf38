//! The client for programs without an async runtime. Every call waits on the calling thread.
//!
//! ```no_run
//! use spark_t2i::{Request, blocking::Client};
//!
//! let client = Client::from_env()?;
//! let image = client.generate(Request::new("a red fox in the snow").seed(42))?;
//! image.save("fox.png")?;
//! # Ok::<(), spark_t2i::Error>(())
//! ```

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use spark_t2i_core::{Error, ErrorKind, Estimate, Request, Status, TaskId, TaskSnapshot};
use tokio::runtime::Runtime;

use crate::{ClientBuilder, Event, EventKind, SaveOptions, Saved, Stats};

/// The blocking form of [`crate::Client`].
#[derive(Debug, Clone)]
pub struct Client {
    client: crate::Client,
    runtime: Arc<Threads>,
}

/// The blocking form of [`crate::Task`].
#[derive(Debug, Clone)]
pub struct Task {
    task: crate::Task,
    runtime: Arc<Threads>,
}

/// The blocking form of [`crate::Image`].
#[derive(Debug, Clone)]
pub struct Image {
    image: crate::Image,
    runtime: Arc<Threads>,
}

/// The blocking form of [`crate::Generated`].
#[derive(Debug)]
pub struct Generated {
    /// Which request it was: its place among those given, from 0.
    pub index: usize,
    /// The image, or why there is none.
    pub result: Result<Image, Error>,
}

impl ClientBuilder {
    /// Makes a blocking client.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_blocking(self) -> Result<Client, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("spark-t2i")
            .enable_all()
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, "the client's thread cannot be started").with_source(error))?;
        Ok(Client { client: self.build()?, runtime: Arc::new(Threads(Some(runtime))) })
    }
}

/// The runtime behind a blocking client and everything that came from it.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Threads {
    /// Waits on the calling thread. Inside of an async runtime that would stop the runtime itself.
    fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Error> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the blocking client was called inside an async runtime, which it would stop: use spark_t2i::Client there",
            ));
        }
        let runtime = self.0.as_ref().ok_or_else(|| Error::internal("a runtime was used after its end"))?;
        Ok(runtime.block_on(future))
    }
}

/// Dropping a runtime waits for it, which an async runtime around it forbids.
impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn wait<T>(runtime: &Threads, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    runtime.wait(future)?
}

impl Client {
    /// As [`crate::Client::from_env`].
    ///
    /// # Errors
    /// As there.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().from_env().build_blocking()
    }

    /// A builder with the defaults; end it with [`build_blocking`](ClientBuilder::build_blocking).
    pub fn builder() -> ClientBuilder {
        crate::Client::builder()
    }

    /// As [`crate::Client::generate`].
    ///
    /// # Errors
    /// As there.
    pub fn generate(&self, request: Request) -> Result<Image, Error> {
        let image = wait(&self.runtime, self.client.generate(request))?;
        Ok(Image { image, runtime: Arc::clone(&self.runtime) })
    }

    /// As [`crate::Client::generate_many`]. The requests run while the iterator is waited on; dropping it stops them.
    pub fn generate_many<I>(&self, requests: I) -> impl Iterator<Item = Generated> + Send + 'static
    where
        I: IntoIterator<Item = Request>,
        I::IntoIter: Send + 'static,
    {
        let runtime = Arc::clone(&self.runtime);
        let many = Blocking {
            stream: self.client.generate_many(requests),
            runtime: Arc::clone(&self.runtime),
            refused: Some(|error| crate::Generated { index: 0, result: Err(error) }),
        };
        many.map(move |generated| Generated {
            index: generated.index,
            result: generated.result.map(|image| Image { image, runtime: Arc::clone(&runtime) }),
        })
    }

    /// As [`crate::Client::submit`].
    ///
    /// # Errors
    /// As there.
    pub fn submit(&self, request: &Request) -> Result<Task, Error> {
        let task = wait(&self.runtime, self.client.submit(request))?;
        Ok(Task { task, runtime: Arc::clone(&self.runtime) })
    }

    /// As [`crate::Client::task`].
    ///
    /// # Errors
    /// As there.
    pub fn task(&self, id: &str) -> Result<Task, Error> {
        Ok(Task { task: self.client.task(id)?, runtime: Arc::clone(&self.runtime) })
    }

    /// As [`crate::Client::estimate`].
    ///
    /// # Errors
    /// As there.
    pub fn estimate(&self, request: &Request) -> Result<Option<Estimate>, Error> {
        wait(&self.runtime, self.client.estimate(request))
    }

    /// As [`crate::Client::stats`].
    pub fn stats(&self) -> Stats {
        self.client.stats()
    }
}

impl Task {
    /// As [`crate::Task::id`].
    pub fn id(&self) -> &TaskId {
        self.task.id()
    }

    /// As [`crate::Task::snapshot`].
    pub fn snapshot(&self) -> Option<Arc<TaskSnapshot>> {
        self.task.snapshot()
    }

    /// As [`crate::Task::status`].
    pub fn status(&self) -> Option<Status> {
        self.task.status()
    }

    /// As [`crate::Task::images`].
    pub fn images(&self) -> Vec<Image> {
        self.task.images().into_iter().map(|image| Image { image, runtime: Arc::clone(&self.runtime) }).collect()
    }

    /// As [`crate::Task::refresh`].
    ///
    /// # Errors
    /// As there.
    pub fn refresh(&self) -> Result<Arc<TaskSnapshot>, Error> {
        wait(&self.runtime, self.task.refresh())
    }

    /// As [`crate::Task::wait`].
    ///
    /// # Errors
    /// As there.
    pub fn wait(&self) -> Result<Image, Error> {
        let image = wait(&self.runtime, self.task.wait())?;
        Ok(Image { image, runtime: Arc::clone(&self.runtime) })
    }

    /// As [`crate::Task::wait_for`].
    ///
    /// # Errors
    /// As there.
    pub fn wait_for(&self, timeout: Duration) -> Result<Image, Error> {
        let image = wait(&self.runtime, self.task.wait_for(timeout))?;
        Ok(Image { image, runtime: Arc::clone(&self.runtime) })
    }

    /// As [`crate::Task::events`].
    pub fn events(&self) -> impl Iterator<Item = Event> + Send + 'static {
        let task_id = self.id().clone();
        Blocking {
            stream: self.task.events(),
            runtime: Arc::clone(&self.runtime),
            refused: Some(move |error: Error| Event {
                kind: EventKind::Failed(error.with_task_id(&task_id)),
                task_id,
                elapsed: Duration::ZERO,
            }),
        }
    }
}

impl Image {
    /// The async handle, for everything that does not wait: see [`crate::Image`].
    pub fn handle(&self) -> &crate::Image {
        &self.image
    }

    /// As [`crate::Image::bytes`].
    ///
    /// # Errors
    /// As there.
    pub fn bytes(&self) -> Result<Bytes, Error> {
        wait(&self.runtime, self.image.bytes())
    }

    /// As [`crate::Image::save`].
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<Saved, Error> {
        wait(&self.runtime, self.image.save(path))
    }

    /// As [`crate::Image::save_with`].
    ///
    /// # Errors
    /// As there.
    pub fn save_with(&self, path: impl AsRef<Path>, options: SaveOptions) -> Result<Saved, Error> {
        wait(&self.runtime, self.image.save_with(path, options))
    }
}

struct Blocking<S, F> {
    stream: S,
    runtime: Arc<Threads>,
    /// Makes an item of the error that waiting is not possible here.
    refused: Option<F>,
}

impl<S: Stream + Unpin, F: FnOnce(Error) -> S::Item> Iterator for Blocking<S, F> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        match self.runtime.wait(self.stream.next()) {
            Ok(item) => item,
            Err(error) => self.refused.take().map(|refused| refused(error)),
        }
    }
}
