use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use spark_t2i::{Error, Event, TaskId, TaskSnapshot, WaitOptions};

use crate::call::{Call, Shared};
use crate::client::Client;
use crate::image::Image;
use crate::process::PerProcess;

/// A task that a foreign program holds. Cheap to clone. In a forked child it is known by its id alone.
#[derive(Clone)]
pub struct Task(Arc<Inner>);

struct Inner {
    client: Client,
    id: TaskId,
    here: PerProcess<spark_t2i::Task>,
}

impl Task {
    pub(crate) fn of(client: &Client, task: spark_t2i::Task) -> Self {
        Self(Arc::new(Inner { client: client.clone(), id: task.id().clone(), here: PerProcess::new(task) }))
    }

    pub(crate) fn here(&self) -> Result<spark_t2i::Task, Error> {
        Ok((*self.0.here.get_or_make(|| self.0.client.here()?.task(self.0.id.as_str()))?).clone())
    }

    /// The id.
    pub fn id(&self) -> &TaskId {
        &self.0.id
    }

    /// What the service last said of the task.
    pub fn snapshot(&self) -> Option<Arc<TaskSnapshot>> {
        self.0.here.get()?.snapshot()
    }

    /// How late its end was noticed, in seconds, where that is known.
    pub fn lag_seconds(&self) -> Option<f64> {
        self.0.here.get()?.lag_seconds()
    }

    /// The images of a task last seen completed; none of any other.
    pub fn images(&self) -> Vec<Image> {
        let images = self.0.here.get().map(|task| task.images()).unwrap_or_default();
        images.into_iter().enumerate().map(|(position, image)| Image::new(self.clone(), position, image)).collect()
    }

    /// Waits for the end. With `watch`, every event is an item.
    pub fn wait(&self, timeout: Option<Duration>, watch: bool) -> Call<Event, Image> {
        let task = self.clone();
        Call::start(|call| async move {
            call.knows(task.id());
            let here = task.here()?;
            let image = here.wait_with(wait_options(timeout, watch.then_some(call))).await?;
            Ok(Image::new(task, 0, image))
        })
    }

    /// Every event until the end; the terminal one is an item, too.
    pub fn events(&self, timeout: Option<Duration>) -> Call<Event, ()> {
        let task = self.clone();
        Call::start(|call| async move {
            call.knows(task.id());
            let mut events = task.here()?.events_for(timeout);
            while let Some(event) = events.next().await {
                call.item(event);
            }
            Ok(())
        })
    }

    /// Asks the service once.
    pub fn refresh(&self, timeout: Option<Duration>) -> Call<Event, Arc<TaskSnapshot>> {
        let task = self.clone();
        Call::start(|call| async move {
            call.knows(task.id());
            task.here()?.refresh_within(timeout).await
        })
    }
}

/// With every event given to whoever watches.
pub(crate) fn wait_options(timeout: Option<Duration>, watching: Option<Arc<Shared<Event, Image>>>) -> WaitOptions {
    let options = match timeout {
        Some(timeout) => WaitOptions::default().timeout(timeout),
        None => WaitOptions::default(),
    };
    match watching {
        Some(call) => options.on_event(move |event| call.item(event.clone())),
        None => options,
    }
}
