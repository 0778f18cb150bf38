use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spark_t2i::{Error, ErrorKind, Request, TaskId};

use crate::call::{AnyCall, Call, Step};
use crate::client::Client;
use crate::image::Image;

/// How long a source is asked while something is there to be taken: a slow one shall not keep back what is done.
const PATIENCE: Duration = Duration::from_millis(2);

/// Many images, in the order of their completion, as many at a time as [`Client::max_in_flight`] says. Dropping it stops all.
///
/// Before each time that it waits, or takes what there is, a binding asks its source of requests as long as there is a
/// [`turn`](Self::turn). What was not taken is in flight, so that nothing is heaped up for someone who is slow to take it. It
/// ends well when there are no more requests and all were taken; one that was cancelled ends all.
///
/// A binding that counts for itself may [`add`](Self::add) requests instead.
pub struct Many {
    client: Client,
    call: Call<Generated, ()>,
    requests: Mutex<Requests>,
}

#[derive(Default)]
struct Requests {
    added: usize,
    /// Added, and not taken yet: what nobody takes is not heaped up.
    in_flight: usize,
    /// The source is being asked.
    asked: bool,
    /// Since it was asked first after something was waited for.
    asked_since: Option<Instant>,
    no_more: bool,
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
        Self { client: client.clone(), call: Call::idle(), requests: Mutex::default() }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to ask the source for one more request; none where there is nothing to be asked for now: no room for one, or
    /// something to be taken first, or somebody who asks already, on another thread or further down on this one.
    pub fn turn(&self) -> Option<Turn<'_>> {
        // Before the lock, which in a forked child may be held for ever.
        if self.call.is_over() {
            return None;
        }
        let mut requests = self.requests();
        if requests.asked || requests.no_more || requests.in_flight >= self.client.max_in_flight() {
            return None;
        }
        let since = *requests.asked_since.get_or_insert_with(Instant::now);
        if since.elapsed() > PATIENCE && self.call.shared().is_ready() {
            return None;
        }
        requests.asked = true;
        Some(Turn { many: self, index: requests.added })
    }

    /// Begins one more. A request that could not be made is told like any other that fails.
    pub fn add(&self, index: usize, request: Result<Request, Error>, timeout: Option<Duration>) {
        {
            let mut requests = self.requests();
            requests.added += 1;
            requests.in_flight += 1;
        }
        let (client, request) = (self.client.clone(), request.map(Box::new));
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

    fn end_where_all_is_done(&self) {
        let requests = self.requests();
        if requests.no_more && requests.in_flight == 0 {
            drop(requests);
            self.call.shared().end(Ok(()));
        }
    }

    /// As [`Call::wait`].
    pub fn wait(&self, at_most: Duration) -> Step<Generated, ()> {
        self.taken(self.call.wait(at_most))
    }

    /// As [`Call::next`].
    pub fn next(&self, at_most: Option<Duration>) -> Step<Generated, ()> {
        self.taken(self.call.next(at_most))
    }

    /// As [`Call::take`].
    pub fn take(&self) -> Step<Generated, ()> {
        self.taken(self.call.take())
    }

    /// As [`Call::cancel`]. Nothing is asked for any more.
    pub fn cancel(&self) {
        self.call.cancel();
    }

    /// As [`Call::task_ids`].
    pub fn task_ids(&self) -> Vec<TaskId> {
        self.call.task_ids()
    }

    /// What is taken makes room for another one.
    fn taken(&self, step: Step<Generated, ()>) -> Step<Generated, ()> {
        if let Step::Item(generated) = &step {
            let mut requests = self.requests();
            requests.in_flight -= 1;
            requests.asked_since = None;
            drop(requests);
            if generated.result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Cancelled) {
                self.call.cancel();
            }
            self.end_where_all_is_done();
        }
        step
    }
}

/// The right to ask a source for a request. While it is there, nobody else has it; where it is dropped, the next one is asked
/// for the same request.
pub struct Turn<'a> {
    many: &'a Many,
    index: usize,
}

impl Turn<'_> {
    /// Which request is asked for: how many there were before it.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Begins it.
    pub fn add(self, request: Result<Request, Error>, timeout: Option<Duration>) {
        self.many.add(self.index, request, timeout);
    }

    /// There are no more.
    pub fn no_more(self) {
        self.many.requests().no_more = true;
        self.many.end_where_all_is_done();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.many.requests().asked = false;
    }
}

impl<V> AnyCall<V> for Many
where
    Generated: Into<V>,
    (): Into<V>,
{
    fn wait(&self, at_most: Duration) -> Step<V, V> {
        self.wait(at_most).erased()
    }

    fn next(&self, at_most: Option<Duration>) -> Step<V, ()> {
        self.next(at_most).map(Into::into, |()| ())
    }

    fn take(&self) -> Step<V, V> {
        self.take().erased()
    }

    fn when_ready(&self, wake: Box<dyn FnOnce() + Send>) {
        self.call.when_ready(wake);
    }

    fn cancel(&self) {
        self.cancel();
    }

    fn task_ids(&self) -> Vec<TaskId> {
        self.task_ids()
    }
}
