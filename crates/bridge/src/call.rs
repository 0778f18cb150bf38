//! A call under way: work on the runtime, and a foreign thread or event loop that waits for it.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use spark_t2i::{Charged, Error, ErrorKind, TaskId};

use crate::guard::guarded;
use crate::runtime;
use crate::value::Value;
use crate::work::Work;

/// A call under way: it yields items on the way, if there are any, and ends with a result. Dropping it cancels it.
///
/// A binding waits for it with [`wait`](Self::wait) in slices, between which it looks for its language's signals; or it
/// asks to be told once with [`when_ready`](Self::when_ready) and takes what there is with [`take`](Self::take).
pub struct Call<I, T> {
    shared: Arc<Shared<I, T>>,
    /// Those that have ended are left out at the next one.
    works: Mutex<Vec<Weak<Work>>>,
    process: u32,
}

/// What there is of a call.
pub enum Step<I, T> {
    /// Nothing yet.
    Pending,
    /// Something on the way.
    Item(I),
    /// The end. It is told once.
    Done(Result<T, Error>),
}

impl<V> Step<V, V> {
    /// An item, or `true` and the result; none where there is nothing yet.
    ///
    /// # Errors
    /// What the call ended with.
    pub fn found(self) -> Result<Option<(bool, V)>, Error> {
        match self {
            Self::Pending => Ok(None),
            Self::Item(item) => Ok(Some((false, item))),
            Self::Done(end) => end.map(|result| Some((true, result))),
        }
    }
}

type Wake = Box<dyn FnOnce() + Send>;

struct State<I, T> {
    items: VecDeque<I>,
    end: Option<Result<T, Error>>,
    ended: bool,
    wake: Option<Wake>,
    /// Threads that wait.
    waiters: u32,
    /// Tasks at the service that this call is after.
    task_ids: Vec<TaskId>,
}

pub(crate) struct Shared<I, T> {
    state: Mutex<State<I, T>>,
    changed: Condvar,
}

impl<I, T> Shared<I, T> {
    fn new() -> Arc<Self> {
        let state =
            State { items: VecDeque::new(), end: None, ended: false, wake: None, waiters: 0, task_ids: Vec::new() };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State<I, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State<I, T>)) {
        let (wake, waiters) = {
            let mut state = self.state();
            change(&mut state);
            (if state.is_ready() { state.wake.take() } else { None }, state.waiters)
        };
        // Even where nobody waits that would be a call of the system.
        if waiters > 0 {
            self.changed.notify_all();
        }
        // Not under the lock: whoever is told may take at once.
        if let Some(wake) = wake {
            wake();
        }
    }

    /// Yields an item.
    pub(crate) fn item(&self, item: I) {
        self.change(|state| state.items.push_back(item));
    }

    /// Notes the id of a task that the call is after, from the moment that it is known.
    pub(crate) fn knows(&self, id: &TaskId) {
        self.change(|state| state.task_ids.push(id.clone()));
    }

    /// Forgets a task that has ended.
    pub(crate) fn forgets(&self, id: &TaskId) {
        self.change(|state| state.task_ids.retain(|known| known != id));
    }

    pub(crate) fn end(&self, result: Result<T, Error>) {
        self.change(|state| {
            if !state.ended {
                (state.end, state.ended) = (Some(result), true);
            }
        });
    }

    /// Whether an item is there, or the end.
    pub(crate) fn is_ready(&self) -> bool {
        self.state().is_ready()
    }

    fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// Waits until there is something, for `at_most`.
    fn ready(&self, at_most: Duration) -> MutexGuard<'_, State<I, T>> {
        let mut state = self.state();
        state.waiters += 1;
        let waited = self.changed.wait_timeout_while(state, at_most, |state| !state.is_ready());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.waiters -= 1;
        state
    }

    fn cancelled(&self) -> Error {
        cancelled(&self.state().task_ids)
    }
}

impl<I, T> State<I, T> {
    fn is_ready(&self) -> bool {
        self.ended || !self.items.is_empty()
    }

    fn step(&mut self) -> Step<I, T> {
        match self.items.pop_front() {
            Some(item) => Step::Item(item),
            None => match self.end.take() {
                Some(result) => Step::Done(result),
                None if self.ended => {
                    Step::Done(Err(Error::new(ErrorKind::InvalidRequest, "the outcome of the call was taken before")))
                }
                None => Step::Pending,
            },
        }
    }
}

/// The error of a call that was cancelled while it was after these tasks.
fn cancelled(task_ids: &[TaskId]) -> Error {
    match task_ids {
        [] => Error::new(ErrorKind::Cancelled, "the call was cancelled"),
        [id, others @ ..] => {
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            let message = format!(
                "the call was cancelled; task {id}{more} goes on at the service and can be waited for again by its id"
            );
            Error::new(ErrorKind::Cancelled, message).with_task_id(id)
        }
    }
    .with_charged(Charged::Unknown)
}

impl<I: Send + 'static, T: Send + 'static> Call<I, T> {
    /// A call that has no work yet, and no end of its own.
    pub(crate) fn idle() -> Self {
        Self { shared: Shared::new(), works: Mutex::default(), process: process::id() }
    }

    /// Starts work that ends the call.
    pub(crate) fn start<F>(work: impl FnOnce(Arc<Shared<I, T>>) -> F) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let call = Self::idle();
        let work = work(Arc::clone(&call.shared));
        call.run(work, Shared::end);
        call
    }

    /// Runs work on the runtime. `finish` is called with its result, whatever happens: with an error where the work
    /// panics, is cancelled, or the runtime ends.
    pub(crate) fn run<R, F>(&self, work: F, finish: impl FnOnce(&Shared<I, T>, Result<R, Error>) + Send + 'static)
    where
        F: Future<Output = Result<R, Error>> + Send + 'static,
        R: Send + 'static,
    {
        let mut finish = Finish { shared: Arc::clone(&self.shared), tell: Some(finish), result: PhantomData };
        if self.shared.has_ended() {
            return finish.with(Err(self.shared.cancelled()));
        }
        let runtime = match runtime::handle() {
            Ok(runtime) => runtime,
            Err(error) => return finish.with(Err(error)),
        };
        // In a box first: what is awaited lies twice in the one who awaits, as what was given and as what is under way. That were
        // kilobytes for each of thousands of calls.
        let work = Box::pin(work);
        let work = Work::start(&runtime, async move {
            let result = guarded(work).await;
            finish.with(result);
        });
        {
            let mut works = self.works.lock().unwrap_or_else(PoisonError::into_inner);
            works.retain(|work| work.strong_count() > 0);
            works.push(work);
        }
        // It was cancelled meanwhile, perhaps before this could be found there.
        if self.shared.has_ended() {
            self.stop();
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<I, T>> {
        &self.shared
    }

    /// Waits until there is something, for `at_most`.
    pub fn wait(&self, at_most: Duration) -> Step<I, T> {
        match self.elsewhere() {
            Some(error) => Step::Done(Err(error)),
            None => self.shared.ready(at_most).step(),
        }
    }

    /// As [`wait`](Self::wait), without `at_most` as long as it takes; but the end is left where it is, for
    /// [`take`](Self::take): any number of threads may wait for it.
    pub fn next(&self, at_most: Option<Duration>) -> Step<I, ()> {
        if self.elsewhere().is_some() {
            return Step::Done(Ok(()));
        }
        let mut state = self.shared.ready(at_most.unwrap_or(Duration::MAX));
        match state.items.pop_front() {
            Some(item) => Step::Item(item),
            None if state.ended => Step::Done(Ok(())),
            None => Step::Pending,
        }
    }

    /// What there is now.
    pub fn take(&self) -> Step<I, T> {
        match self.elsewhere() {
            Some(error) => Step::Done(Err(error)),
            None => self.shared.state().step(),
        }
    }

    /// Calls `wake` once: now if there is something to take, or else as soon as there is, on a thread of the runtime, which
    /// it must not block. It takes the place of one that was given before.
    pub fn when_ready(&self, wake: impl FnOnce() + Send + 'static) {
        if self.elsewhere().is_none() {
            let mut state = self.shared.state();
            if !state.is_ready() {
                let before = state.wake.replace(Box::new(wake));
                // Not under the lock: what it holds may be anything.
                drop(state);
                drop(before);
                return;
            }
        }
        wake();
    }

    /// Ends the call with the error `cancelled`, unless it has ended. When this returns, its work is gone; the task at the
    /// service goes on. Not to be called by a `wake`.
    pub fn cancel(&self) {
        if self.elsewhere().is_some() {
            return;
        }
        self.shared.end(Err(self.shared.cancelled()));
        self.stop();
    }

    /// The tasks at the service that the call is after now, as far as their ids are known.
    pub fn task_ids(&self) -> Vec<TaskId> {
        if self.elsewhere().is_some() { Vec::new() } else { self.shared.state().task_ids.clone() }
    }

    /// Whether no work of it is of use any more: it has ended, or it was made before a fork.
    pub(crate) fn is_over(&self) -> bool {
        self.elsewhere().is_some() || self.shared.has_ended()
    }

    /// Why nothing will come of the call in this process: it was made before a fork.
    fn elsewhere(&self) -> Option<Error> {
        (self.process != process::id()).then(|| {
            Error::new(
                ErrorKind::Cancelled,
                "the call was made before this process was forked: its parent goes on with it",
            )
        })
    }
}

/// A call of whatever type, for languages that have one type for all values: [`Value`], or one of the binding's own.
pub trait AnyCall<V = Value>: Send + Sync {
    /// As [`Call::wait`].
    fn wait(&self, at_most: Duration) -> Step<V, V>;
    /// As [`Call::next`].
    fn next(&self, at_most: Option<Duration>) -> Step<V, ()>;
    /// As [`Call::take`].
    fn take(&self) -> Step<V, V>;
    /// As [`Call::when_ready`].
    fn when_ready(&self, wake: Box<dyn FnOnce() + Send>);
    /// As [`Call::cancel`].
    fn cancel(&self);
    /// As [`Call::task_ids`].
    fn task_ids(&self) -> Vec<TaskId>;

    /// Waits for the end as long as it takes, and passes over what comes before it.
    ///
    /// # Errors
    /// That of the call.
    fn result(&self) -> Result<V, Error> {
        loop {
            if let Step::Done(result) = self.wait(Duration::MAX) {
                return result;
            }
        }
    }
}

impl<V, I: Into<V> + Send + 'static, T: Into<V> + Send + 'static> AnyCall<V> for Call<I, T> {
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
        self.when_ready(wake);
    }

    fn cancel(&self) {
        self.cancel();
    }

    fn task_ids(&self) -> Vec<TaskId> {
        self.task_ids()
    }
}

impl<I, T> Step<I, T> {
    pub(crate) fn erased<V>(self) -> Step<V, V>
    where
        I: Into<V>,
        T: Into<V>,
    {
        self.map(Into::into, Into::into)
    }

    pub(crate) fn map<J, U>(self, item: impl FnOnce(I) -> J, end: impl FnOnce(T) -> U) -> Step<J, U> {
        match self {
            Self::Pending => Step::Pending,
            Self::Item(found) => Step::Item(item(found)),
            Self::Done(result) => Step::Done(result.map(end)),
        }
    }
}

impl<I, T> Call<I, T> {
    fn stop(&self) {
        let works = std::mem::take(&mut *self.works.lock().unwrap_or_else(PoisonError::into_inner));
        for work in works.iter().filter_map(Weak::upgrade) {
            work.stop();
        }
    }
}

impl<I, T> Drop for Call<I, T> {
    fn drop(&mut self) {
        // In a forked child the work is its parent's, and so is whatever lock it holds.
        if self.process == process::id() {
            self.stop();
        }
    }
}

/// Tells the result of some work; that it was cancelled, where it is dropped before.
struct Finish<I, T, R, F: FnOnce(&Shared<I, T>, Result<R, Error>)> {
    shared: Arc<Shared<I, T>>,
    tell: Option<F>,
    result: PhantomData<fn(R)>,
}

impl<I, T, R, F: FnOnce(&Shared<I, T>, Result<R, Error>)> Finish<I, T, R, F> {
    fn with(&mut self, result: Result<R, Error>) {
        if let Some(tell) = self.tell.take() {
            tell(&self.shared, result);
        }
    }
}

impl<I, T, R, F: FnOnce(&Shared<I, T>, Result<R, Error>)> Drop for Finish<I, T, R, F> {
    fn drop(&mut self) {
        if self.tell.is_some() {
            let cancelled = self.shared.cancelled();
            self.with(Err(cancelled));
        }
    }
}
