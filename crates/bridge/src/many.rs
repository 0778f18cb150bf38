use std::sync::Arc;
use std::time::Duration;

use spark_t2i::{Error, Request, TaskId};

use crate::call::{AnyCall, Call, Step};
use crate::client::Client;
use crate::image::Image;

/// Many images, in the order of their completion. The caller adds requests from wherever its own come, as many at a time as
/// [`Client::max_in_flight`] says, and waits on [`call`](Self::call) for what became of them. Dropping it stops all.
pub struct Many {
    client: Client,
    call: Call<Generated, ()>,
}

/// What became of one request.
pub struct Generated {
    /// Which request it was.
    pub index: usize,
    /// The image, or why there is none.
    pub result: Result<Image, Error>,
}

impl Many {
    /// Nothing yet, of this client.
    pub fn new(client: &Client) -> Self {
        Self { client: client.clone(), call: Call::idle() }
    }

    /// Begins one more. A request that could not be made is told like any other that fails.
    pub fn add(&self, index: usize, request: Result<Request, Error>, timeout: Option<Duration>) {
        let client = self.client.clone();
        let shared = Arc::clone(self.call.shared());
        let work = async move { client.generated(request?, timeout, &*shared, None).await };
        self.call.run(work, move |shared, result| {
            // Only those under way are of interest: there may be millions before them.
            match &result {
                Ok(image) => shared.forgets(&image.about().task_id),
                Err(error) => error.task_id().into_iter().for_each(|id| shared.forgets(id)),
            }
            shared.item(Generated { index, result });
        });
    }

    /// Waits for what becomes of them. It has no end of its own: whoever adds knows how many are to come.
    pub fn call(&self) -> &Call<Generated, ()> {
        &self.call
    }
}

impl<V> AnyCall<V> for Many
where
    Generated: Into<V>,
    (): Into<V>,
{
    fn wait(&self, at_most: Duration) -> Step<V, V> {
        AnyCall::wait(&self.call, at_most)
    }

    fn take(&self) -> Step<V, V> {
        AnyCall::take(&self.call)
    }

    fn when_ready(&self, wake: Box<dyn FnOnce() + Send>) {
        self.call.when_ready(wake);
    }

    fn cancel(&self) {
        self.call.cancel();
    }

    fn task_ids(&self) -> Vec<TaskId> {
        self.call.task_ids()
    }
}
