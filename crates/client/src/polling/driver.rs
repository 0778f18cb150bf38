use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable, Aborted, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use spark_t2i_core::polling::{Engine, Next, TaskHandle};
use spark_t2i_core::{Error, ErrorKind, Status, TaskId};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use super::inbox::{Inbox, News};
use crate::latency_profile::ProfileFile;
use crate::retry;
use crate::task::{Look, Task};
use crate::transport::MOST_API_CONNECTIONS;

/// A task that is not found right after its submit may only not be known everywhere yet.
const GRACE: Duration = Duration::from_secs(10);
/// The back-off of polling grows over so many failures, to a bound of 4 s: looks are spaced already, and a task that
/// completed while the service was in trouble has waited long enough.
const LONGEST_BACKOFF: u32 = 4;
/// How often what was learned is saved while tasks are waited for without a pause.
const SAVED_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Shared {
    /// The engine counts time from here.
    pub(super) origin: Instant,
    pub(super) state: Mutex<State>,
    /// Something is there that the driver does not know of.
    pub(super) wake: Notify,
    pub(super) file: Option<ProfileFile>,
    /// A request takes its share of the budget when it can be sent at once, and not before.
    connections: Arc<Semaphore>,
}

/// The right to send a request to the service, now: a share of the budget, and one of the few connections. It is given
/// back by dropping it, when the answer has come.
pub(crate) struct Turn {
    connection: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // First the connection, then the word that there is one.
        self.connection = None;
        self.shared.wake.notify_one();
    }
}

pub(super) struct State {
    pub(super) engine: Engine,
    pub(super) watched: HashMap<TaskHandle, Watched>,
    pub(super) by_id: HashMap<TaskId, TaskHandle>,
    /// Requests other than looks that wait for their turn.
    pub(super) turns: VecDeque<oneshot::Sender<Turn>>,
    pub(super) driven: bool,
    pub(super) watchers: u64,
    /// What was learned since the file was written, and when that was.
    pub(super) unsaved: bool,
    pub(super) saved_at: Instant,
}

/// A task that somebody waits for.
pub(super) struct Watched {
    pub(super) id: TaskId,
    pub(super) watchers: Vec<Watcher>,
    pub(super) failures: u32,
    pub(super) refused_since: Option<Instant>,
    /// Ends the look that is under way.
    pub(super) look: Option<AbortHandle>,
}

impl Watched {
    pub(super) fn new(id: TaskId) -> Self {
        Self { id, watchers: Vec::new(), failures: 0, refused_since: None, look: None }
    }
}

pub(super) struct Watcher {
    pub(super) number: u64,
    pub(super) task: Task,
    pub(super) deadline: Instant,
    /// When the last look before its deadline is sent.
    pub(super) last_look: Instant,
    pub(super) inbox: Arc<Inbox>,
}

type Looking = BoxFuture<'static, (TaskHandle, Result<(Look, Instant), Aborted>)>;

enum Step {
    Look(Looking),
    Granted,
    Wait(Option<Instant>),
    Done,
}

impl State {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            watched: HashMap::new(),
            by_id: HashMap::new(),
            turns: VecDeque::new(),
            driven: false,
            watchers: 0,
            unsaved: false,
            saved_at: Instant::now(),
        }
    }

    /// A look at a task, which lasts as long as anybody may want its answer.
    fn look(&mut self, handle: TaskHandle, turn: Turn) -> Option<Looking> {
        let watched = self.watched.get_mut(&handle)?;
        let deadline = watched.watchers.iter().map(|watcher| watcher.deadline).max()?;
        let task = watched.watchers.first()?.task.clone();
        let (abort, registration) = AbortHandle::new_pair();
        watched.look = Some(abort);
        let look = async move {
            let asked = Instant::now();
            (task.look(deadline, Some(turn)).await, asked)
        };
        Some(Abortable::new(look, registration).map(move |look| (handle, look)).boxed())
    }

    /// The wait ends for everybody.
    fn over(&mut self, handle: TaskHandle, error: &Error) {
        self.engine.remove(handle);
        for watcher in self.remove(handle).into_iter().flat_map(|watched| watched.watchers) {
            watcher.inbox.put(News::Over(error.clone()));
        }
    }

    /// Forgets a task, and ends the look at it that is under way.
    pub(super) fn remove(&mut self, handle: TaskHandle) -> Option<Watched> {
        let watched = self.watched.remove(&handle)?;
        self.by_id.remove(&watched.id);
        if let Some(look) = &watched.look {
            look.abort();
        }
        Some(watched)
    }
}

impl Shared {
    pub(super) fn new(engine: Engine, file: Option<ProfileFile>) -> Self {
        Self {
            origin: Instant::now(),
            state: Mutex::new(State::new(engine)),
            wake: Notify::new(),
            file,
            connections: Arc::new(Semaphore::new(MOST_API_CONNECTIONS)),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    pub(super) fn now(&self) -> Duration {
        self.since_origin(Instant::now())
    }

    /// Makes sure that somebody drives.
    pub(super) fn drive(self: &Arc<Self>, state: &mut State) {
        if !state.driven {
            state.driven = true;
            tokio::spawn(drive(Driving(Arc::clone(self))));
        }
    }

    /// Tells the engine of the next deadline that has no last look yet.
    pub(super) fn set_last_look(&self, state: &mut State, handle: TaskHandle, now: Instant) {
        let Some(watched) = state.watched.get(&handle) else { return };
        let last_looks = watched.watchers.iter().map(|watcher| watcher.last_look);
        let next = last_looks.filter(|last_look| *last_look > now).min();
        state.engine.ask_by(handle, next.map(|next| self.since_origin(next)));
    }

    fn step(self: &Arc<Self>) -> Step {
        let mut state = self.state();
        // Who has given up waits for no turn.
        while state.turns.front().is_some_and(oneshot::Sender::is_closed) {
            state.turns.pop_front();
        }
        let asks = !state.turns.is_empty();
        let Ok(connection) = Arc::clone(&self.connections).try_acquire_owned() else {
            return Step::Wait(None);
        };
        let turn = || Turn { connection: Some(connection), shared: Arc::clone(self) };
        match state.engine.next(self.now(), asks) {
            Next::Ask(handle) => match state.look(handle, turn()) {
                Some(look) => Step::Look(look),
                None => Step::Granted,
            },
            Next::Submit => {
                if let Some(waiting) = state.turns.pop_front() {
                    // One who has given up just now leaves the turn unused.
                    _ = waiting.send(turn());
                }
                Step::Granted
            }
            Next::Sleep(until) => Step::Wait(self.origin.checked_add(until)),
            Next::Idle if state.watched.is_empty() && state.turns.is_empty() => {
                state.driven = false;
                Step::Done
            }
            Next::Idle => Step::Wait(None),
        }
    }

    /// Tells the engine and those who wait what a look came to.
    fn answered(&self, handle: TaskHandle, look: Look, asked: Instant) {
        let now = Instant::now();
        let since_origin = self.since_origin(now);
        let mut state = self.state();
        let state = &mut *state;
        let Some(watched) = state.watched.get_mut(&handle) else { return };
        watched.look = None;
        match look {
            Look::Seen(snapshot, floor) => {
                (watched.failures, watched.refused_since) = (0, None);
                let Some(task) = watched.watchers.first().map(|watcher| watcher.task.clone()) else { return };
                if snapshot.status.is_terminal() {
                    let lag = task.lag_of(&snapshot, now);
                    let noticed = match snapshot.status {
                        Status::Completed => state.engine.completed(handle, since_origin, lag),
                        _ => state.engine.failed(handle),
                    };
                    state.unsaved = true;
                    if let Some(watched) = state.remove(handle) {
                        for watcher in watched.watchers {
                            watcher.task.keep_end(&snapshot, asked.elapsed(), noticed.and_then(|noticed| noticed.lag));
                            watcher.inbox.put(News::Seen(Arc::clone(&snapshot)));
                        }
                    }
                    return;
                }
                for watcher in &watched.watchers {
                    watcher.task.keep(&snapshot, asked.elapsed());
                    watcher.inbox.mail().trouble = None;
                    if watcher.inbox.everything {
                        watcher.inbox.put(News::Seen(Arc::clone(&snapshot)));
                    }
                }
                if let Some(age) = task.age_at_service(now) {
                    state.engine.set_age(handle, since_origin, age);
                }
                state.engine.not_yet(handle, since_origin, snapshot.progress, floor);
            }
            Look::Over(error) => state.over(handle, &error),
            Look::Refused(error) => {
                let since = *watched.refused_since.get_or_insert(asked);
                if asked.duration_since(since) >= GRACE {
                    state.over(handle, &error);
                    return;
                }
                self.trouble(state, handle, &error, error.retry_after());
            }
            Look::Later(error) => {
                watched.refused_since = None;
                watched.failures += 1;
                let failures = watched.failures.min(LONGEST_BACKOFF);
                if error.kind() == ErrorKind::RateLimited {
                    state.engine.throttled(since_origin, error.retry_after());
                }
                let floor = retry::backoff(failures, rand::random(), error.retry_after());
                self.trouble(state, handle, &error, Some(floor));
            }
        }
        self.set_last_look(state, handle, now);
    }

    /// The wait goes on for everybody.
    fn trouble(&self, state: &mut State, handle: TaskHandle, cause: &Error, floor: Option<Duration>) {
        let delay = state.engine.trouble(handle, self.now(), floor);
        let Some(watched) = state.watched.get(&handle) else { return };
        tracing::debug!(task_id = %watched.id, error = %cause, ?delay, "the task could not be asked for");
        for watcher in &watched.watchers {
            watcher.inbox.mail().trouble = Some(cause.clone());
            if watcher.inbox.everything {
                watcher.inbox.put(News::Retrying { cause: cause.clone(), delay });
            }
        }
        if let Some(watcher) = watched.watchers.first() {
            watcher.task.client().counters().retried();
        }
    }

    /// Saves what was learned, if it is time.
    fn save_by_and_by(self: &Arc<Self>) {
        let mut state = self.state();
        if self.file.is_some() && state.unsaved && state.saved_at.elapsed() >= SAVED_EVERY {
            (state.unsaved, state.saved_at) = (false, Instant::now());
            let (shared, profile) = (Arc::clone(self), state.engine.profile());
            tokio::task::spawn_blocking(move || {
                if let Some(file) = &shared.file {
                    file.save(&profile);
                }
            });
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file
            && state.unsaved
        {
            file.save(&state.engine.profile());
        }
    }
}

/// That somebody drives. If the runtime ends, another one has to take over.
struct Driving(Arc<Shared>);

impl Drop for Driving {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if !state.driven {
            return;
        }
        state.driven = false;
        state.turns.clear();
        for watched in state.watched.values() {
            watched.watchers.iter().for_each(|watcher| watcher.inbox.arrived.notify_one());
        }
    }
}

async fn drive(driving: Driving) {
    let shared = &driving.0;
    let mut looks: FuturesUnordered<Looking> = FuturesUnordered::new();
    loop {
        match shared.step() {
            Step::Look(look) => looks.push(look),
            Step::Granted => {}
            Step::Done => return,
            Step::Wait(until) => {
                let timer = async {
                    match until {
                        Some(until) => tokio::time::sleep_until(until).await,
                        None => pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    Some((handle, look)) = looks.next() => {
                        if let Ok((look, asked)) = look {
                            shared.answered(handle, look, asked);
                            shared.save_by_and_by();
                        }
                    }
                    () = shared.wake.notified() => {}
                    () = timer => {}
                }
            }
        }
    }
}
