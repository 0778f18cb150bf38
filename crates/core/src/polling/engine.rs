use std::time::Duration;

use super::budget::{Budget, Turn};
use super::flight::{Flight, Flights, State, TaskHandle, signed};
use super::kind::WorkKind;
use super::lag::{Lag, Lags};
use super::learning::{Interval, Scratch};
use super::plan::Plan;
use super::price::{Change, Price};
use super::profile::LatencyProfile;
use super::work::{Work, note_progress};

const SECOND: u64 = 1_000_000_000;
/// A task is asked for at least so often, in seconds, if the budget allows it.
const LONGEST_GAP: f64 = 30.0;
/// If nobody asked for the next action for so long although a task was due, the machine was asleep.
const ASLEEP: u64 = 2 * SECOND;
/// What came due meanwhile is spread over this much for each task, and this at most.
const AFTER_SLEEP_EACH: u64 = SECOND / 50;
const AFTER_SLEEP_MOST: u64 = 5 * SECOND;
/// A task that was submitted while fewer than so many of its kind ran can tell a shift of the distribution: among many, those
/// that complete first are not like the others.
const FEW: usize = 3;
/// Fits that follow a restored profile.
const RESTORING_FITS: usize = 8;
/// So many tasks are looked at to estimate the load of all.
const SAMPLE: usize = 512;
/// A completion that the server dates this far outside of what its answers allow is not believed, in seconds.
const DATE_TOLERANCE: f64 = 1.0;

/// How an [`Engine`] decides when to ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// By what it learns about the work, so that lag plus `poll_cost` × requests is least.
    Learning {
        /// What one request is worth, in seconds of lag: above zero; the default is 0.1.
        poll_cost: f64,
    },
    /// At a fixed interval, at least 10 ms: a mean lag of half of it, and a request for each interval that a task takes.
    Fixed(Duration),
}

impl Default for Policy {
    fn default() -> Self {
        Self::Learning { poll_cost: 0.1 }
    }
}

/// What an [`Engine`] is made with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EngineOptions {
    /// How it decides when to ask.
    pub policy: Policy,
    /// Submits and polls together, over any second; 0 for no limit.
    pub max_requests_per_second: f64,
    /// Where the jitter begins. Two clients should not have the same.
    pub seed: u64,
}

/// Since when the time of a task is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was submitted by this client, so long ago: the time since about the middle of the create request.
    Submitted(Duration),
    /// It was taken up by its id; so long after its submit, where that is known. It may have ended long ago, and is asked
    /// for at once.
    Up(Option<Duration>),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask for this task, now. It counts as sent: the budget is charged, and the engine waits for the answer.
    Ask(TaskHandle),
    /// Send one of the waiting submits, now. It counts as sent.
    Submit,
    /// Nothing before this time, unless a task is added or an answer comes.
    Sleep(Duration),
    /// Nothing until a task is added or a submit waits.
    Idle,
}

/// What is known about a task that has completed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noticed {
    /// How many requests it took.
    pub requests: u32,
    /// Seconds from the server's completion to our noticing, where the server told when it completed and can be believed.
    pub lag: Option<f64>,
}

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
    policy: Policy,
    budget: Budget,
    flights: Flights,
    works: [Option<Box<Work>>; WorkKind::COUNT],
    price: Price,
    lags: Lags,
    random: u64,
    /// The latest time that was given, and the latest at which the next action was asked for.
    now: u64,
    driven_at: u64,
    /// When what came due in a sleep of the machine will have been asked for.
    settled_at: u64,
    scratch: Box<Scratch>,
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
        let poll_waits = wake.is_some_and(|due| due <= now);
        if !poll_waits && !submits_wait {
            let Some(wake) = wake else { return Next::Idle };
            // The price is looked at again soon: the queue may have another order then.
            let look = if self.price.is_raised() { self.price.next_look().max(now + 1) } else { u64::MAX };
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

    /// Nanoseconds since the origin; never less than before.
    fn at(&mut self, now: Duration) -> u64 {
        self.now = self.now.max(nanoseconds(now));
        self.now
    }

    fn work(&mut self, kind: WorkKind) -> &mut Work {
        let (price, least) = (self.price.now(), self.price.base());
        self.works[kind.index()].get_or_insert_with(|| Box::new(Work::new(price, least, &mut self.scratch)))
    }

    fn longest(&self) -> f64 {
        let by_budget = 1.1 * self.flights.len() as f64 / self.budget.rate_for_polls(self.now);
        LONGEST_GAP.max(by_budget)
    }

    fn ask_again(&mut self, task: TaskHandle, now: u64, floor: Option<Duration>) -> Duration {
        let jitter = self.random();
        let Some(flight) = self.flights.get_mut(task) else { return Duration::MAX };
        flight.jitter = jitter;
        flight.floor = floor.map_or(0, |floor| now.saturating_add(nanoseconds(floor)));
        self.plan_task(task);
        let due = self.flights.get(task).map_or(u64::MAX, |flight| flight.due);
        Duration::from_nanos(due.saturating_sub(now))
    }

    /// Plans the next request of a task and puts it in the queue.
    fn plan_task(&mut self, task: TaskHandle) {
        let longest = self.longest();
        let policy = self.policy;
        let Some(flight) = self.flights.get_mut(task) else { return };
        let Some(work) = &self.works[flight.kind.index()] else { return };
        plan_flight(flight, work, policy, longest);
        self.flights.enqueue(task);
    }

    /// Plans every waiting task anew.
    fn replan(&mut self) {
        let longest = self.longest();
        let (now, policy, works, settling) = (self.now, self.policy, &self.works, self.now < self.settled_at);
        self.flights.replan(|flight| {
            if let Some(work) = &works[flight.kind.index()] {
                let due = flight.due;
                let gap = plan_flight(flight, work, policy, longest);
                // What a new plan would have asked for already is not asked for all at once.
                if flight.due <= now && due > now {
                    let soon = nanoseconds(Duration::from_secs_f64(f64::from(flight.jitter) * 0.3 * gap));
                    flight.due = if settling { due } else { due.min(now.saturating_add(soon)) };
                }
            }
        });
        self.price.replanned();
    }

    fn learn(&mut self, kind: WorkKind) {
        let (price, least) = (self.price.now(), self.price.base());
        if let Some(work) = &mut self.works[kind.index()] {
            work.learned.fit(&mut self.scratch);
            work.plan_for(price, least);
            self.replan();
        }
    }

    /// Lets the price follow the load; tells whether every task was given a new time.
    fn adapt_price(&mut self, now: u64, due: Option<u64>) -> bool {
        if !self.price.is_due(now) || matches!(self.policy, Policy::Fixed(_)) {
            return false;
        }
        let longest = self.longest();
        let works = &self.works;
        let load = self.flights.sum_of_sample(SAMPLE, |flight| {
            works[flight.kind.index()].as_ref().map_or(0.0, |work| 1.0 / work.gap(flight, longest))
        });
        let late = due.map_or(0, |due| now.saturating_sub(due));
        let change = self.price.adapt(now, load, self.budget.rate_for_polls(self.now), late as f64 * 1e-9);
        if change == Change::None {
            return false;
        }
        let (price, least) = (self.price.now(), self.price.base());
        for work in self.works.iter_mut().flatten() {
            work.plan_for(price, least);
        }
        if change == Change::Everything {
            self.replan();
        }
        change == Change::Everything
    }

    /// When the first task in the queue would be due if the price were not raised. As long as nobody else's turn has come it
    /// may be asked for then: a budget that is not used is lost.
    fn due_at_least_price(&self) -> Option<u64> {
        let flight = self.flights.first()?;
        let gap = self.works[flight.kind.index()].as_ref()?.least_gap(flight, self.longest());
        Some(flight.asked.saturating_add(nanoseconds(Duration::from_secs_f64(gap))).max(flight.floor))
    }

    /// What came due while the machine slept is spread, so that its waking is no burst.
    fn spread_after_sleep(&mut self, now: u64) {
        let mut overdue = 0;
        self.flights.replan(|flight| overdue += u64::from(flight.due <= now));
        let each = AFTER_SLEEP_EACH.min(AFTER_SLEEP_MOST / overdue.max(1));
        self.settled_at = now.saturating_add(each.saturating_mul(overdue));
        let mut after = now;
        self.flights.replan(|flight| {
            if flight.due <= now {
                flight.due = after;
                after = after.saturating_add(each);
            }
        });
    }

    fn random(&mut self) -> f32 {
        draw(&mut self.random)
    }
}

/// Evenly from 0 to 1: `SplitMix64` (Steele, Lea and Flood 2014).
fn draw(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    (mixed >> 40) as f32 / (1_u64 << 24) as f32
}

/// When to ask for a task next: the plan's gap after the latest request, not longer than the longest, not before the
/// server's floor, but by the caller's deadline.
/// Returns the gap in seconds.
fn plan_flight(flight: &mut Flight, work: &Work, policy: Policy, longest: f64) -> f64 {
    let gap = match policy {
        Policy::Learning { .. } => work.gap(flight, longest),
        Policy::Fixed(interval) => interval.as_secs_f64().max(0.01),
    };
    let planned = flight.asked.saturating_add(nanoseconds(Duration::from_secs_f64(gap)));
    let is_new = !flight.from_submit && flight.requests == 0;
    flight.due = if is_new { flight.asked } else { planned.max(flight.floor).min(flight.by) };
    gap
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
