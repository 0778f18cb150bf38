//! A call in languages that have callbacks and threads, and nothing that waits for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spark_t2i::{Error, ErrorKind, Request};

use crate::call::{AnyCall, Step};
use crate::client::Client;
use crate::gate::Gate;
use crate::many::{Generated, Many};

/// Foreign code that is told what comes of a call. It is called under no lock, and not any more when the call was
/// [closed](Followed::close).
pub trait Follower<V>: Send + Sync {
    /// Something on the way.
    fn item(&self, item: V);
    /// The end: once, and last.
    fn done(&self, end: Result<V, Error>);
}

/// Where the requests of many come from: the next one, of which so many came before; none when there are no more.
pub type NextRequest = Box<dyn Fn(usize) -> Option<Result<Request, Error>> + Send + Sync>;

/// What a call yields on the way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yields {
    /// The events of one task.
    Events,
    /// What became of each of many requests.
    Generated,
}

/// A call that either tells a [`Follower`] what comes of it, or is waited for by any number of threads.
pub struct Followed<V> {
    call: Arc<dyn AnyCall<V>>,
    source: Option<Source>,
    follower: Option<Box<dyn Follower<V>>>,
    gate: Gate,
}

struct Source {
    many: Arc<Many>,
    next: NextRequest,
    timeout: Option<Duration>,
}

impl<V: 'static> Followed<V> {
    /// A call of one task; without a follower threads wait for it.
    pub fn new(call: Arc<dyn AnyCall<V>>, follower: Option<Box<dyn Follower<V>>>) -> Self {
        Self { call, source: None, follower, gate: Gate::default() }
    }

    /// Many images, each within `timeout`. The source is asked by whoever delivers or waits.
    pub fn many(
        client: &Client,
        next: NextRequest,
        timeout: Option<Duration>,
        follower: Option<Box<dyn Follower<V>>>,
    ) -> Self
    where
        Generated: Into<V>,
        (): Into<V>,
    {
        let many = Arc::new(Many::new(client));
        let call: Arc<dyn AnyCall<V>> = Arc::<Many>::clone(&many);
        Self { call, source: Some(Source { many, next, timeout }), follower, gate: Gate::default() }
    }

    /// Asks the source for requests as there is room.
    fn ask(&self) {
        let Some(Source { many, next, timeout }) = &self.source else { return };
        while let Some(turn) = many.turn() {
            match self.gate.pass(|| next(turn.index())).flatten() {
                Some(request) => turn.add(request, *timeout),
                None => turn.no_more(),
            }
        }
    }

    /// Tells the follower what there is. When there is more, `again` is called, on a thread of the runtime, which it must not
    /// block: it has this delivered once more.
    pub fn deliver(self: Arc<Self>, again: impl FnOnce(Arc<Self>) + Send + 'static) {
        let Some(follower) = &self.follower else { return };
        loop {
            self.ask();
            match self.call.take() {
                Step::Pending => {
                    let this = Arc::clone(&self);
                    return self.call.when_ready(Box::new(move || again(this)));
                }
                Step::Item(item) => _ = self.gate.pass(|| follower.item(item)),
                Step::Done(end) => {
                    self.gate.pass(|| follower.done(end));
                    return;
                }
            }
        }
    }

    /// Waits for the next item, or for the end, which stays where it is; without `at_most` as long as it takes.
    ///
    /// # Errors
    /// `invalid_request` where a follower is told, or the call yields something else.
    pub fn next(&self, yields: Yields, at_most: Option<Duration>) -> Result<Step<V, ()>, Error> {
        match (yields, &self.source) {
            (Yields::Events, None) | (Yields::Generated, Some(_)) => self.any_next(at_most),
            // What is taken of the wrong kind would be gone.
            (Yields::Events, Some(_)) => Err(invalid("a call of many has no events")),
            (Yields::Generated, None) => Err(invalid("the call is not one of many")),
        }
    }

    fn any_next(&self, at_most: Option<Duration>) -> Result<Step<V, ()>, Error> {
        if self.follower.is_some() {
            return Err(invalid("the call tells what comes of it to its callbacks: nobody can wait for it besides"));
        }
        self.ask();
        Ok(self.call.next(at_most))
    }

    /// Waits for the end, and takes it; passes over what comes before it. None where there is no end within `at_most`; without
    /// that it waits as long as it takes.
    ///
    /// # Errors
    /// That of the call; `invalid_request` where a follower is told, or the end was taken before.
    pub fn end(&self, at_most: Option<Duration>) -> Result<Option<V>, Error> {
        let begin = Instant::now();
        loop {
            match self.any_next(at_most.map(|at_most| at_most.saturating_sub(begin.elapsed())))? {
                Step::Item(_) => {}
                Step::Pending => return Ok(None),
                Step::Done(_) => break,
            }
        }
        match self.call.take() {
            Step::Done(end) => end.map(Some),
            Step::Item(_) | Step::Pending => Err(Error::internal("a call has no end after it")),
        }
    }

    /// Ends the call at once, as cancelled.
    pub fn cancel(&self) {
        self.call.cancel();
    }

    /// Ends it as well, and waits until no foreign code is called for it any more; but for the caller's own, where it is
    /// called from there.
    pub fn close(&self) {
        self.call.cancel();
        self.gate.close();
    }

    /// The tasks that the call is after now, as far as their ids are known: a list in JSON.
    pub fn task_ids(&self) -> String {
        let ids: Vec<String> = self.call.task_ids().iter().map(ToString::to_string).collect();
        serde_json::Value::from(ids).to_string()
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}
