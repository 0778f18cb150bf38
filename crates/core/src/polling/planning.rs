//! The engine's planning: which time each task is given, and when all are given new ones.

use std::time::Duration;

use super::engine::Engine;
use super::flight::{Flight, TaskHandle, nanoseconds};
use super::kind::WorkKind;
use super::options::Policy;
use super::price::Change;
use super::work::{Gap, Work};

const SECOND: u64 = 1_000_000_000;
/// A task is asked for at least so often, in seconds, if the budget allows it.
const LONGEST_GAP: f64 = 30.0;
/// No gap is longer, in seconds, whatever was asked for.
const FOR_EVER: f64 = 1e9;
/// What came due meanwhile is spread over this much for each task, and this at most.
const AFTER_SLEEP_EACH: u64 = SECOND / 50;
const AFTER_SLEEP_MOST: u64 = 5 * SECOND;
/// So many tasks are looked at to estimate the load of all.
const SAMPLE: usize = 512;

impl Engine {
    pub(super) fn work(&mut self, kind: WorkKind) -> &mut Work {
        let (price, least) = (self.price.now(), self.price.base());
        self.works[kind.index()].get_or_insert_with(|| Box::new(Work::new(price, least, &mut self.scratch)))
    }

    pub(super) fn longest(&self) -> f64 {
        let by_budget = 1.1 * self.flights.len() as f64 / self.budget.rate_for_polls(self.now);
        LONGEST_GAP.max(by_budget).min(FOR_EVER)
    }

    pub(super) fn ask_again(&mut self, task: TaskHandle, now: u64, floor: Option<Duration>) -> Duration {
        let jitter = self.random();
        let Some(flight) = self.flights.get_mut(task) else { return Duration::MAX };
        flight.jitter = jitter;
        flight.floor = floor.map_or(0, |floor| now.saturating_add(nanoseconds(floor)));
        self.plan_task(task);
        let due = self.flights.get(task).map_or(u64::MAX, |flight| flight.due);
        Duration::from_nanos(due.saturating_sub(now))
    }

    /// Plans the next request of a task and puts it in the queue.
    pub(super) fn plan_task(&mut self, task: TaskHandle) {
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

    pub(super) fn learn(&mut self, kind: WorkKind) {
        let (price, least) = (self.price.now(), self.price.base());
        if let Some(work) = &mut self.works[kind.index()] {
            work.learned.fit(&mut self.scratch);
            work.plan_for(price, least);
            self.replan();
        }
    }

    /// Lets the price follow the load; tells whether every task was given a new time.
    pub(super) fn adapt_price(&mut self, now: u64, due: Option<u64>) -> bool {
        if !self.price.is_due(now) || matches!(self.policy, Policy::Fixed(_)) {
            return false;
        }
        let longest = self.longest();
        let works = &self.works;
        let load = self.flights.sum_of_sample(SAMPLE, |flight| {
            works[flight.kind.index()].as_ref().map_or(0.0, |work| 1.0 / work.gap(flight, longest).length)
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
    pub(super) fn due_at_least_price(&self) -> Option<u64> {
        let flight = self.flights.first()?;
        let gap = self.works[flight.kind.index()].as_ref()?.least_gap(flight, self.longest()).length;
        Some(flight.asked.saturating_add(nanoseconds(Duration::from_secs_f64(gap))).max(flight.floor))
    }

    /// What came due while the machine slept is spread, so that its waking is no burst.
    pub(super) fn spread_after_sleep(&mut self, now: u64) {
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

    pub(super) fn random(&mut self) -> f32 {
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
/// server's floor, but by the caller's deadline. Returns the gap in seconds.
fn plan_flight(flight: &mut Flight, work: &Work, policy: Policy, longest: f64) -> f64 {
    let gap = match policy {
        Policy::Learning { .. } => work.gap(flight, longest),
        Policy::Fixed(interval) => {
            let interval = interval.as_secs_f64().clamp(0.01, FOR_EVER);
            Gap::before(interval, interval)
        }
    };
    let after = |seconds| nanoseconds(Duration::from_secs_f64(seconds));
    let planned = flight.asked.saturating_add(after(gap.length));
    flight.leeway = u32::try_from(after(gap.leeway)).unwrap_or(u32::MAX);
    let is_new = !flight.from_submit && flight.requests == 0;
    flight.due = if is_new { flight.asked } else { planned.max(flight.floor).min(flight.by) };
    gap.length
}
