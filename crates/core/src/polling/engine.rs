use std::time::Duration;

use super::budget::{Budget, Turn};
use super::flight::{Flight, Flights, State, TaskHandle, nanoseconds, signed};
use super::kind::WorkKind;
use super::lag::{Lag, Lags};
use super::learning::{Interval, Scratch};
use super::options::{EngineOptions, Next, Noticed, Policy, Taken};
use super::plan::Plan;
use super::price::Price;
use super::profile::LatencyProfile;
use super::work::{Work, note_progress};

const SECOND: u64 = 1_000_000_000;
/// If nobody asked for the next action for so long although a task was due, the machine was asleep.
const ASLEEP: u64 = 2 * SECOND;
/// A task that was submitted while fewer than so many of its kind ran can tell a shift of the distribution: among many, those
/// that complete first are not like the others.
const FEW: usize = 3;
/// Fits that follow a restored profile.
const RESTORING_FITS: usize = 8;
/// A completion that the server dates this far outside of what its answers allow is not believed, in seconds.
const DATE_TOLERANCE: f64 = 1.0;

/// Decides when to ask for which task. Pure: it has no clock, no socket and no thread, and all its randomness comes from a
/// seed. Times are given as durations since an origin of the caller's choice, by a clock that never goes back; an earlier
/// time than one given before counts as that one.
///
/// The driver does what [`next`](Self::next) says, and tells what came of it by [`not_yet`](Self::not_yet),
/// [`completed`](Self::completed), [`failed`](Self::failed) or [`trouble`](Self::trouble). After each of these, and
/// after [`add`](Self::add), it asks for the next action again.
///
/// ```
/// use std::time::Duration;
/// use spark_t2i_core::polling::{Engine, EngineOptions, Next, Taken, WorkKind};
///
/// let mut engine = Engine::new(EngineOptions::default());
/// let task = engine.add(Duration::ZERO, WorkKind::UNKNOWN, Taken::Submitted(Duration::ZERO));
/// let Next::Sleep(until) = engine.next(Duration::ZERO, false) else { panic!("a task takes its time") };
/// assert_eq!(engine.next(until, false), Next::Ask(task));
/// engine.completed(task, until, None);
/// assert_eq!(engine.next(until, false), Next::Idle);
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) policy: Policy,
    pub(super) budget: Budget,
    pub(super) flights: Flights,
    pub(super) works: [Option<Box<Work>>; WorkKind::COUNT],
    pub(super) price: Price,
    pub(super) lags: Lags,
    pub(super) random: u64,
    /// The latest time that was given, and the latest at which the next action was asked for.
    pub(super) now: u64,
    pub(super) driven_at: u64,
    /// When what came due in a sleep of the machine will have been asked for.
    pub(super) settled_at: u64,
    pub(super) scratch: Box<Scratch>,
}

impl Engine {
    /// An engine that has learned nothing. Options out of their range count as the nearest that is in it.
    pub fn new(options: EngineOptions) -> Self {
        let poll_cost = match options.policy {
            Policy::Learning { poll_cost } if poll_cost.is_finite() => poll_cost.clamp(1e-6, 1e6),
            _ => 0.1,
        };
        Self {
            policy: options.policy,
            budget: Budget::new(options.max_requests_per_second),
            flights: Flights::default(),
            works: [const { None }; WorkKind::COUNT],
            price: Price::new(poll_cost),
            lags: Lags::default(),
            random: options.seed,
            now: 0,
            driven_at: 0,
            settled_at: 0,
            scratch: Box::default(),
        }
    }

    /// Begins to watch a task.
    pub fn add(&mut self, now: Duration, kind: WorkKind, taken: Taken) -> TaskHandle {
        let now = self.at(now);
        let mut flight = Flight::new(kind, now);
        let ago = |age: Duration| signed(now).saturating_sub(signed(nanoseconds(age)));
        match taken {
            Taken::Submitted(age) => flight.submitted = ago(age),
            Taken::Up(age) => {
                (flight.age_known, flight.from_submit) = (age.is_some(), false);
                flight.submitted = ago(age.unwrap_or_default());
            }
        }
        flight.jitter = self.random();
        let work = self.work(kind);
        flight.alone = work.in_flight < FEW;
        work.in_flight += 1;
        let handle = self.flights.add(flight);
        self.plan_task(handle);
        handle
    }

    /// Tells the age of a task that was taken up without one, since the server's answer said when it was created.
    pub fn set_age(&mut self, task: TaskHandle, now: Duration, age: Duration) {
        let now = self.at(now);
        if let Some(flight) = self.flights.get_mut(task)
            && !flight.age_known
        {
            flight.age_known = true;
            flight.submitted = signed(now).saturating_sub(signed(nanoseconds(age)));
            if flight.state == State::Waiting {
                self.plan_task(task);
            }
        }
    }

    /// Asks for a task at this time at the latest, whatever the plan and the server's wishes are, because the deadline of
    /// a wait ends soon after; none takes it back. The budget still holds. It counts for one request.
    pub fn ask_by(&mut self, task: TaskHandle, by: Option<Duration>) {
        if let Some(flight) = self.flights.get_mut(task) {
            flight.by = by.map_or(u64::MAX, nanoseconds);
            if flight.state == State::Waiting {
                self.plan_task(task);
            }
        }
    }

    /// The next action, as of now; `submits_wait` tells whether a submit (or another request of the client) would be sent
    /// if it may.
    pub fn next(&mut self, now: Duration, submits_wait: bool) -> Next {
        let now = self.at(now);
        self.budget.advance(now);
        let mut due = self.flights.first_due();
        if due.is_some_and(|due| now.saturating_sub(due.max(self.driven_at)) > ASLEEP) {
            self.spread_after_sleep(now);
            due = self.flights.first_due();
        }
        self.driven_at = now;
        if (self.budget.rate().is_finite() || self.price.is_raised()) && self.adapt_price(now, due) {
            due = self.flights.first_due();
        }
        let mut wake = due;
        if self.price.is_raised() {
            wake = due.map(|due| due.min(self.due_at_least_price().unwrap_or(due)));
        }
        let poll_waits = wake.is_some_and(|due| due <= now) || (!self.price.is_raised() && self.goes_along(now));
        if !poll_waits && !submits_wait {
            let Some(wake) = wake else { return Next::Idle };
            // The price is looked at again soon: the queue may have another order then.
            let look =
                if self.price.is_raised() { self.price.next_look().max(now.saturating_add(1)) } else { u64::MAX };
            return Next::Sleep(Duration::from_nanos(wake.max(self.budget.ready_at()).min(look)));
        }
        let ready = self.budget.ready_at();
        if ready > now {
            return Next::Sleep(Duration::from_nanos(ready));
        }
        match self.budget.turn(submits_wait, poll_waits) {
            Some(Turn::Poll) => match self.flights.take_first() {
                Some((task, flight)) => {
                    flight.asked = now;
                    flight.requests = flight.requests.saturating_add(1);
                    if flight.by <= now {
                        flight.by = u64::MAX;
                    }
                    self.budget.sent(now, Turn::Poll);
                    Next::Ask(task)
                }
                None => Next::Idle,
            },
            Some(Turn::Submit) => {
                self.budget.sent(now, Turn::Submit);
                Next::Submit
            }
            None => Next::Idle,
        }
    }

    /// The task asked for has not ended. `progress` is 0 to 1; `floor` the least time until the next request, from
    /// `Retry-After` or a poll interval that the server hints. Returns the time until it is asked for again.
    pub fn not_yet(
        &mut self,
        task: TaskHandle,
        now: Duration,
        progress: Option<f64>,
        floor: Option<Duration>,
    ) -> Duration {
        let now = self.at(now);
        let Some(flight) = self.flights.get_mut(task) else { return Duration::MAX };
        let (kind, age) = (flight.kind, flight.age(flight.asked));
        if let Some(progress) = progress.filter(|progress| (0.0..=1.0).contains(progress)) {
            note_progress(flight, progress, age);
        }
        let before = if flight.seen > 0 {
            Some(flight.age(flight.seen))
        } else {
            // A task taken up at some age was never seen below it.
            flight.from_submit.then_some(0.0)
        };
        flight.seen = flight.asked.max(1);
        let age_known = flight.age_known;
        if age_known {
            let work = self.work(kind);
            work.learned.outlived(before.unwrap_or(age), age);
            if work.has_news(false) {
                self.learn(kind);
            }
        }
        self.ask_again(task, now, floor)
    }

    /// The request failed, so that nothing is known but that it was sent: no connection, an error status, a body that
    /// cannot be read. `floor` is the back-off or the server's `Retry-After`. Returns the time until the next request.
    pub fn trouble(&mut self, task: TaskHandle, now: Duration, floor: Option<Duration>) -> Duration {
        let now = self.at(now);
        self.ask_again(task, now, floor)
    }

    /// The server refused a request, of whatever sort, with 429 and perhaps asked for a pause: all requests obey.
    pub fn throttled(&mut self, now: Duration, retry_after: Option<Duration>) {
        let now = self.at(now);
        self.budget.throttled(now, retry_after);
    }

    /// The task has completed, `lag` seconds before now if the server's own time can be trusted so far. A lag that contradicts
    /// the answers (below zero, or before the task was last seen running) is not believed. Ends the watching.
    pub fn completed(&mut self, task: TaskHandle, now: Duration, lag: Option<f64>) -> Option<Noticed> {
        let now = self.at(now);
        let flight = self.flights.remove(task)?;
        let noticed = flight.age(now);
        let outlived = if flight.seen > 0 { flight.age(flight.seen) } else { 0.0 };
        let exact = lag
            .filter(|_| flight.age_known)
            .map(|lag| noticed - lag)
            .filter(|age| (outlived - DATE_TOLERANCE..=noticed + DATE_TOLERANCE).contains(age) && *age > 0.0);
        let exact = exact.map(|age| age.clamp(outlived, noticed));
        let lag = exact.map(|age| noticed - age);
        let work = self.work(flight.kind);
        work.in_flight -= 1;
        let interval = match exact {
            Some(age) => Some((age, age)),
            // A task that had ended when it was taken up may have ended at any time.
            None if flight.age_known && (flight.from_submit || flight.seen > 0) => Some((outlived, noticed)),
            None => None,
        };
        if let Some((after, until)) = interval {
            let before = if flight.from_submit || flight.seen > 0 { outlived } else { after };
            #[expect(clippy::cast_possible_truncation, reason = "seconds, of which few digits matter")]
            let interval = Interval { after: after as f32, until: until as f32 };
            if before < after {
                work.learned.outlived(before, after);
            }
            work.completed(&flight, interval);
            if work.has_news(true) {
                self.learn(flight.kind);
            }
        }
        if let Some(lag) = lag {
            self.lags.add(lag);
        }
        Some(Noticed { requests: flight.requests, lag })
    }

    /// The task has failed. That teaches nothing about completions. Ends the watching.
    pub fn failed(&mut self, task: TaskHandle) -> Option<Noticed> {
        self.remove(task)
    }

    /// Nobody waits for the task any more. What it outlived so far was learned; it may be added again, with its age.
    pub fn remove(&mut self, task: TaskHandle) -> Option<Noticed> {
        let flight = self.flights.remove(task)?;
        self.work(flight.kind).in_flight -= 1;
        Some(Noticed { requests: flight.requests, lag: None })
    }

    /// Tasks watched.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The present price of a request in seconds of lag: `poll_cost`, or more while the budget is short.
    pub fn price(&self) -> f64 {
        self.price.now()
    }

    /// Requests a second that the budget allows at present; infinite for no limit.
    pub fn rate(&self) -> f64 {
        self.budget.rate()
    }

    /// Requests a second that were sent over about the last second.
    pub fn rate_in_use(&self) -> f64 {
        self.budget.measured(self.now)
    }

    /// The longest gap between two requests for a task: 30 s, or what the budget allows if that is more. A `Retry-After`
    /// may be longer.
    pub fn longest_gap(&self) -> Duration {
        Duration::from_secs_f64(self.longest())
    }

    /// The lags of all completions that the server dated.
    pub fn lag(&self) -> Lag {
        self.lags.summary()
    }

    /// How many completions of a kind of work were learned from, those of a restored profile included.
    pub fn completions(&self, kind: WorkKind) -> u64 {
        self.works[kind.index()].as_ref().map_or(0, |work| work.learned.completions())
    }

    /// The time within which this share of a kind's tasks (0 to 1) is expected to complete; none for one never seen.
    pub fn quantile(&self, kind: WorkKind, share: f64) -> Option<Duration> {
        let work = self.works[kind.index()].as_ref()?;
        Some(Duration::from_secs_f64(work.learned.quantile(share)))
    }

    /// The present plan for a kind of work; none for one never seen.
    pub fn plan(&self, kind: WorkKind) -> Option<&Plan> {
        self.works[kind.index()].as_ref().map(|work| work.plan())
    }

    /// What was learned, to be saved.
    pub fn profile(&self) -> LatencyProfile {
        let mut profile = LatencyProfile::default();
        for kind in WorkKind::all() {
            if let Some(work) = &self.works[kind.index()] {
                profile.add(kind, work.learned.intervals().collect());
            }
        }
        profile
    }

    /// Learns what another engine had learned, beside what it knows already.
    pub fn restore(&mut self, profile: &LatencyProfile) {
        for (kind, intervals) in profile.iter() {
            let work = self.work(kind);
            for interval in intervals {
                work.learned.outlived(0.0, f64::from(interval.after));
                work.learned.completed(*interval, 0, false);
            }
            // All at once: the estimate by which intervals are spread has to come about first.
            for _ in 0..RESTORING_FITS {
                self.learn(kind);
            }
        }
    }

    /// The memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        let works: usize = self.works.iter().flatten().map(|work| work.memory()).sum();
        size_of::<Self>() + size_of::<Scratch>() + self.flights.memory() + works
    }

    /// Whether the first task in the queue is due so soon that it is asked for now, along with whatever the caller is awake
    /// for: it changes next to nothing for the task, and many tasks that are asked for together take far less of a machine's
    /// time than each by itself. One whose time alone wakes the caller is asked for at that time; and what is spread after a
    /// sleep of the machine stays so.
    fn goes_along(&self, now: u64) -> bool {
        now >= self.settled_at
            && self.flights.first().is_some_and(|flight| {
                let from = flight.due.saturating_sub(u64::from(flight.leeway));
                from <= now && flight.floor <= now && flight.due < flight.by
            })
    }

    /// Nanoseconds since the origin; never less than before.
    fn at(&mut self, now: Duration) -> u64 {
        self.now = self.now.max(nanoseconds(now));
        self.now
    }
}
