//! The driver of the polling engine: one for all tasks that a client waits for. It runs as long as somebody waits, asks
//! for the tasks when the engine says so, and tells those who wait what it learned.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable, Aborted, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use spark_t2i_core::polling::{Engine, EngineOptions, Lag, Next, Taken, TaskHandle, WorkKind};
use spark_t2i_core::{Error, Status, TaskId, TaskSnapshot};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::latency_profile::ProfileFile;
use crate::retry;
use crate::task::{Look, Task};

/// A task that is not found right after its submit may only not be known everywhere yet.
const GRACE: Duration = Duration::from_secs(10);
/// The back-off of polling grows over so many failures, to a bound of 4 s: looks are spaced already, and a task that
/// completed while the service was in trouble has waited long enough.
const LONGEST_BACKOFF: u32 = 4;
/// How often what was learned is saved while tasks are waited for without a pause.
const SAVED_EVERY: Duration = Duration::from_secs(60);

/// Shared by a client and everything that waits.
#[derive(Clone)]
pub(crate) struct Polling(Arc<Shared>);

struct Shared {
    /// The engine counts time from here.
    origin: Instant,
    state: Mutex<State>,
    /// Something is there that the driver does not know of.
    wake: Notify,
    file: Option<ProfileFile>,
}

struct State {
    engine: Engine,
    watched: HashMap<TaskHandle, Watched>,
    by_id: HashMap<TaskId, TaskHandle>,
    /// Requests other than looks that wait for their turn.
    turns: VecDeque<oneshot::Sender<()>>,
    driven: bool,
    watchers: u64,
    /// What was learned since the file was written, and when that was.
    unsaved: bool,
    saved_at: Instant,
}

/// A task that somebody waits for.
struct Watched {
    id: TaskId,
    watchers: Vec<Watcher>,
    failures: u32,
    refused_since: Option<Instant>,
    /// Ends the look that is under way.
    look: Option<AbortHandle>,
}

struct Watcher {
    number: u64,
    task: Task,
    deadline: Instant,
    /// When the last look before its deadline is sent.
    last_look: Instant,
    inbox: Arc<Inbox>,
}

/// What one who waits is told.
pub(crate) struct Inbox {
    /// Whether news on the way to the end are wanted, too.
    everything: bool,
    mail: Mutex<Mail>,
    arrived: Notify,
}

#[derive(Default)]
struct Mail {
    news: VecDeque<News>,
    trouble: Option<Error>,
}

/// Something about a task.
pub(crate) enum News {
    Seen(Arc<TaskSnapshot>),
    Retrying { cause: Error, delay: Duration },
    Over(Error),
}

/// The present state of the polling, for the counters.
pub(crate) struct PollingStats {
    pub(crate) queued: u64,
    pub(crate) running: u64,
    pub(crate) lag: Lag,
    pub(crate) price: f64,
    pub(crate) budget: f64,
    pub(crate) budget_in_use: f64,
}

type Looking = BoxFuture<'static, (TaskHandle, Result<(Look, Instant), Aborted>)>;

enum Step {
    Look(Looking),
    Granted,
    Wait(Option<Instant>),
    Done,
}

impl Polling {
    pub(crate) fn new(options: EngineOptions, file: Option<ProfileFile>) -> Self {
        let mut engine = Engine::new(options);
        if let Some(profile) = file.as_ref().and_then(ProfileFile::load) {
            engine.restore(&profile);
        }
        let now = Instant::now();
        let state = State {
            engine,
            watched: HashMap::new(),
            by_id: HashMap::new(),
            turns: VecDeque::new(),
            driven: false,
            watchers: 0,
            unsaved: false,
            saved_at: now,
        };
        Self(Arc::new(Shared { origin: now, state: Mutex::new(state), wake: Notify::new(), file }))
    }

    /// Waits for the turn of a request other than a look. A turn that is given up by dropping stays unused.
    pub(crate) async fn turn(&self) {
        loop {
            let (grant, granted) = oneshot::channel();
            {
                let mut state = self.0.state();
                state.turns.push_back(grant);
                self.0.drive(&mut state);
            }
            self.0.wake.notify_one();
            // It is gone only if the runtime that drove has ended: then this one drives.
            if granted.await.is_ok() {
                return;
            }
        }
    }

    /// Lets no request go for a while, because the service limits their rate.
    pub(crate) fn throttled(&self, pause: Option<Duration>) {
        let now = self.0.now();
        self.0.state().engine.throttled(now, pause);
    }

    /// Begins to look after a task for somebody who waits until the deadline.
    pub(crate) fn watch(&self, task: &Task, deadline: Instant, everything: bool) -> Watching {
        let inbox = Arc::new(Inbox { everything, mail: Mutex::default(), arrived: Notify::new() });
        let now = Instant::now();
        let timeout = deadline.saturating_duration_since(now);
        let mut state = self.0.state();
        state.watchers += 1;
        let number = state.watchers;
        let watcher = Watcher {
            number,
            task: task.clone(),
            deadline,
            last_look: deadline.checked_sub(margin(task.round_trip(), timeout)).unwrap_or(now),
            inbox: Arc::clone(&inbox),
        };
        let known = state.by_id.get(task.id()).copied();
        let handle = known.unwrap_or_else(|| {
            let (kind, taken) = match task.request() {
                Some(request) => (WorkKind::of(request), Taken::Submitted(task.age())),
                // What was seen before tells nothing of what it is now.
                None => (WorkKind::UNKNOWN, Taken::Up(task.age_at_service(now))),
            };
            let handle = state.engine.add(self.0.since_origin(now), kind, taken);
            state.by_id.insert(task.id().clone(), handle);
            let watched =
                Watched { id: task.id().clone(), watchers: Vec::new(), failures: 0, refused_since: None, look: None };
            state.watched.insert(handle, watched);
            handle
        });
        if let Some(watched) = state.watched.get_mut(&handle) {
            watched.watchers.push(watcher);
        }
        self.0.set_last_look(&mut state, handle, now);
        self.0.drive(&mut state);
        drop(state);
        self.0.wake.notify_one();
        Watching { shared: Arc::clone(&self.0), handle, number, inbox }
    }

    pub(crate) fn stats(&self) -> PollingStats {
        let state = self.0.state();
        let in_state = |wanted: Status| {
            let tasks = state.watched.values().filter_map(|watched| watched.watchers.first()?.task.status());
            tasks.filter(|status| *status == wanted).count() as u64
        };
        PollingStats {
            queued: in_state(Status::Queued),
            running: in_state(Status::Running),
            lag: state.engine.lag(),
            price: state.engine.price(),
            budget: state.engine.rate(),
            budget_in_use: state.engine.rate_in_use(),
        }
    }
}

/// Somebody's interest in a task. Dropping it ends that, and the polling of the task if nobody else is interested.
pub(crate) struct Watching {
    shared: Arc<Shared>,
    handle: TaskHandle,
    number: u64,
    inbox: Arc<Inbox>,
}

impl Watching {
    /// Waits for news. It may wait for ever: who waits has a deadline.
    pub(crate) async fn news(&self) -> News {
        loop {
            // Before the look into the inbox, so that nothing that comes in between is missed.
            let arrived = self.inbox.arrived.notified();
            if let Some(news) = self.take() {
                return news;
            }
            arrived.await;
            // The runtime that drove may have ended, which wakes everybody.
            let mut state = self.shared.state();
            if !state.watched.is_empty() {
                self.shared.drive(&mut state);
            }
        }
    }

    pub(crate) fn take(&self) -> Option<News> {
        self.inbox.mail().news.pop_front()
    }

    /// Why the latest look told nothing.
    pub(crate) fn trouble(&self) -> Option<Error> {
        self.inbox.mail().trouble.clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        let Some(watched) = state.watched.get_mut(&self.handle) else { return };
        watched.watchers.retain(|watcher| watcher.number != self.number);
        if watched.watchers.is_empty() {
            state.remove(self.handle);
            state.engine.remove(self.handle);
        } else {
            self.shared.set_last_look(&mut state, self.handle, Instant::now());
        }
        drop(state);
        self.shared.wake.notify_one();
    }
}

impl Inbox {
    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, news: News) {
        self.mail().news.push_back(news);
        self.arrived.notify_one();
    }
}

impl State {
    /// Forgets a task, and ends the look at it that is under way.
    fn remove(&mut self, handle: TaskHandle) -> Option<Watched> {
        let watched = self.watched.remove(&handle)?;
        self.by_id.remove(&watched.id);
        if let Some(look) = &watched.look {
            look.abort();
        }
        Some(watched)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    fn now(&self) -> Duration {
        self.since_origin(Instant::now())
    }

    /// Makes sure that somebody drives.
    fn drive(self: &Arc<Self>, state: &mut State) {
        if !state.driven {
            state.driven = true;
            tokio::spawn(drive(Driving(Arc::clone(self))));
        }
    }

    /// Tells the engine of the next deadline that has no last look yet.
    fn set_last_look(&self, state: &mut State, handle: TaskHandle, now: Instant) {
        let Some(watched) = state.watched.get(&handle) else { return };
        let last_looks = watched.watchers.iter().map(|watcher| watcher.last_look);
        let next = last_looks.filter(|last_look| *last_look > now).min();
        state.engine.ask_by(handle, next.map(|next| self.since_origin(next)));
    }

    fn step(&self) -> Step {
        let mut state = self.state();
        // Who has given up waits for no turn.
        while state.turns.front().is_some_and(oneshot::Sender::is_closed) {
            state.turns.pop_front();
        }
        let asks = !state.turns.is_empty();
        match state.engine.next(self.now(), asks) {
            Next::Ask(handle) => match state.look(handle) {
                Some(look) => Step::Look(look),
                None => Step::Granted,
            },
            Next::Submit => {
                if let Some(turn) = state.turns.pop_front() {
                    // One who has given up just now leaves the turn unused.
                    _ = turn.send(());
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
                let snapshot = Arc::new(snapshot);
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
            Look::Over(error) => self.over(state, handle, &error),
            Look::Refused(error) => {
                let since = *watched.refused_since.get_or_insert(asked);
                if asked.duration_since(since) >= GRACE {
                    self.over(state, handle, &error);
                    return;
                }
                self.trouble(state, handle, &error, error.retry_after());
            }
            Look::Later(error) => {
                watched.refused_since = None;
                watched.failures += 1;
                let failures = watched.failures.min(LONGEST_BACKOFF);
                if error.kind() == spark_t2i_core::ErrorKind::RateLimited {
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

    /// The wait ends for everybody.
    fn over(&self, state: &mut State, handle: TaskHandle, error: &Error) {
        state.engine.remove(handle);
        for watcher in state.remove(handle).into_iter().flat_map(|watched| watched.watchers) {
            watcher.inbox.put(News::Over(error.clone()));
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

impl State {
    /// A look at a task, which lasts as long as anybody may want its answer.
    fn look(&mut self, handle: TaskHandle) -> Option<Looking> {
        let watched = self.watched.get_mut(&handle)?;
        let deadline = watched.watchers.iter().map(|watcher| watcher.deadline).max()?;
        let task = watched.watchers.first()?.task.clone();
        let (abort, registration) = AbortHandle::new_pair();
        watched.look = Some(abort);
        let look = async move {
            let asked = Instant::now();
            (task.look(deadline).await, asked)
        };
        Some(Abortable::new(look, registration).map(move |look| (handle, look)).boxed())
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

/// How long before the deadline the last look is sent: so that its answer comes in time from a service that takes twice
/// as long as it did, or is on another continent where nothing is known; but at most a quarter of the whole wait.
fn margin(round_trip: Option<Duration>, timeout: Duration) -> Duration {
    let unknown = Duration::from_millis(250);
    let twice = round_trip.map_or(unknown, |round_trip| round_trip * 2);
    twice.clamp(Duration::from_millis(50), Duration::from_secs(1)).min(timeout / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_look_leaves_time_for_its_answer() {
        let millis = Duration::from_millis;
        for (round_trip, timeout, expected) in [
            (None, millis(600_000), millis(250)),
            (None, millis(400), millis(100)),
            (Some(millis(1)), millis(600_000), millis(50)),
            (Some(millis(300)), millis(600_000), millis(600)),
            (Some(millis(30_000)), millis(600_000), millis(1000)),
        ] {
            assert_eq!(margin(round_trip, timeout), expected, "{round_trip:?} {timeout:?}");
        }
    }
}
