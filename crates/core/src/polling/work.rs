//! One kind of work in an engine: what was learned about it, the plan made of that, and how its progress is to be read.

use super::flight::Flight;
use super::learning::{Interval, Learned, Scratch};
use super::plan::{Plan, residual_gap, residual_gaps};

/// How far apart, in logarithms, the end told by `progress` and the real one are taken to be before any was compared.
const FIRST_PROGRESS_ERROR: f32 = 0.3;
/// `progress` moves a gap by at most this factor, so that one that is stuck, or lies, does no harm.
const PROGRESS_REACH: f64 = 3.0;
/// Tasks submitted together are spread over this share of their gap, or of the one that follows if that is shorter.
const JITTER: f64 = 0.2;
/// Nothing is asked for again sooner, in seconds, however cheap a request is.
const SHORTEST_GAP: f64 = 0.01;

#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) learned: Learned,
    plan: Plan,
    residual: Vec<f32>,
    pub(crate) in_flight: usize,
    progress_error: f32,
}

impl Work {
    pub(crate) fn new(price: f64, scratch: &mut Scratch) -> Self {
        let learned = Learned::new(scratch);
        Self {
            plan: Plan::for_density(learned.density(), price),
            residual: residual_gaps(learned.density(), price),
            learned,
            in_flight: 0,
            progress_error: FIRST_PROGRESS_ERROR,
        }
    }

    /// Makes the plan anew, from what was learned and for this price.
    pub(crate) fn plan_for(&mut self, price: f64) {
        self.plan = Plan::for_density(self.learned.density(), price);
        self.residual = residual_gaps(self.learned.density(), price);
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether so much is new that a plan made anew would be another one.
    pub(crate) fn has_news(&self, completion: bool) -> bool {
        let news = self.learned.news() as usize;
        let known = usize::try_from(self.learned.completions()).unwrap_or(usize::MAX).min(1000);
        if completion {
            news > known / 24 + self.in_flight / 16
        } else {
            // What a single task outlived is no news to its own plan, which asks what follows if it did.
            self.in_flight >= 8 && news >= 16 + self.in_flight / 4
        }
    }

    /// The gap in seconds that follows the latest request of a task.
    pub(crate) fn gap(&self, flight: &Flight) -> f64 {
        let age = flight.age(flight.asked);
        let (gap, following) = if flight.age_known {
            let next = self.plan.next(age);
            (next - age, self.plan.next(next) - next)
        } else {
            let gap = residual_gap(&self.residual, age);
            (gap, gap)
        };
        let gap = match expected_end(flight) {
            Some(end) => self.moved_by_progress(gap, end - age),
            None => gap,
        };
        let spread = JITTER * gap.min(following) * f64::from(flight.jitter);
        (gap - spread).max(SHORTEST_GAP)
    }

    fn moved_by_progress(&self, gap: f64, left: f64) -> f64 {
        let error = f64::from(self.progress_error);
        let trust = 0.02 / (0.02 + error * error);
        // A little after the end: a request just before it is one for nothing.
        let told = left.max(0.0) * (1.0 + error) + 0.1 * gap;
        gap * (told / gap).clamp(1.0 / PROGRESS_REACH, PROGRESS_REACH).powf(trust)
    }

    /// Learns from a task that completed between these ages.
    pub(crate) fn completed(&mut self, flight: &Flight, interval: Interval) {
        if let Some(end) = expected_end(flight) {
            let real = end.clamp(f64::from(interval.after), f64::from(interval.until).max(f64::from(interval.after)));
            #[expect(clippy::cast_possible_truncation, reason = "an error between 0 and 2")]
            let error = (end.max(1e-3) / real.max(1e-3)).ln().abs().min(2.0) as f32;
            self.progress_error += (error - self.progress_error) / 8.0;
        }
        self.learned.completed(interval, self.in_flight, flight.alone);
    }

    /// The memory it takes beside its own size, in bytes.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.plan.memory() + self.residual.capacity() * size_of::<f32>() + Learned::HEAP_MEMORY
    }
}

/// The age at which a task ends if it goes on as its progress says: 80 % after 8 s is 10 s. From two reports the time that it
/// was queued for is told apart.
pub(crate) fn expected_end(flight: &Flight) -> Option<f64> {
    let (first, first_age) = (f64::from(flight.first_progress.0), f64::from(flight.first_progress.1));
    let (latest, age) = (f64::from(flight.progress.0), f64::from(flight.progress.1));
    // (Not a number is in no range.)
    if !flight.age_known || !(0.02..1.0).contains(&latest) {
        return None;
    }
    let rate = if latest > first + 0.05 { (latest - first) / (age - first_age) } else { latest / age };
    let end = age + (1.0 - latest) / rate;
    end.is_finite().then_some(end)
}
