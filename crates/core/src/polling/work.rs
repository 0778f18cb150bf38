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
/// The same where fewer than [`CROWD`] tasks of the kind run: there is hardly anybody to be spread from, and a gap that is
/// not the best one costs something.
const JITTER_OF_FEW: f64 = 0.05;
const CROWD: usize = 8;
/// Nothing is asked for again sooner, in seconds, however cheap a request is.
const SHORTEST_GAP: f64 = 0.01;
/// How much before its time a task may go along with others that are asked for: this share of its gap, or of the one that
/// follows if that is shorter, and no more than so many seconds. Near the best time the cost is flat: a gap that is shorter by
/// a thirtieth costs by a two-thousandth more.
const LEEWAY: f64 = 1.0 / 30.0;
const LONGEST_LEEWAY: f64 = 0.1;

/// How long to wait for the next request, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gap {
    pub(crate) length: f64,
    /// How much earlier is as good.
    pub(crate) leeway: f64,
}

impl Gap {
    /// One that `following` comes after.
    pub(crate) fn before(following: f64, length: f64) -> Self {
        Self { length, leeway: (LEEWAY * length.min(following)).clamp(0.0, LONGEST_LEEWAY) }
    }
}

/// A plan is made for a price that is higher by this factor: gaps grow with its root, and are the best ones on average after
/// the jitter shortened them.
fn before_jitter(jitter: f64) -> f64 {
    let shortened = 1.0 - jitter / 2.0;
    1.0 / (shortened * shortened)
}

#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) learned: Learned,
    plan: Plan,
    residual: Vec<f32>,
    /// The plan for the least price, while another one is paid.
    least: Option<(Plan, Vec<f32>)>,
    pub(crate) in_flight: usize,
    progress_error: f32,
}

impl Work {
    pub(crate) fn new(price: f64, least_price: f64, scratch: &mut Scratch) -> Self {
        let learned = Learned::new(scratch);
        // A crowd comes before anything is learned; where few come, the prior is further off than this.
        let before_jitter = price * before_jitter(JITTER);
        let mut new = Self {
            plan: Plan::for_density(learned.density(), before_jitter),
            residual: residual_gaps(learned.density(), before_jitter),
            learned,
            least: None,
            in_flight: 0,
            progress_error: FIRST_PROGRESS_ERROR,
        };
        new.keep_least(price > least_price, least_price);
        new
    }

    /// Makes the plan anew, from what was learned and for this price.
    pub(crate) fn plan_for(&mut self, price: f64, least_price: f64) {
        let (density, before_jitter) = (self.learned.density(), price * before_jitter(self.jitter()));
        self.plan = Plan::for_density(density, before_jitter);
        self.residual = residual_gaps(density, before_jitter);
        self.keep_least(price > least_price, least_price);
    }

    fn keep_least(&mut self, is_another: bool, least_price: f64) {
        let (density, price) = (self.learned.density(), least_price * before_jitter(self.jitter()));
        self.least = is_another.then(|| (Plan::for_density(density, price), residual_gaps(density, price)));
    }

    fn jitter(&self) -> f64 {
        if self.in_flight < CROWD { JITTER_OF_FEW } else { JITTER }
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

    /// The gap in seconds that follows the latest request of a task; not longer than `longest`.
    pub(crate) fn gap(&self, flight: &Flight, longest: f64) -> Gap {
        self.gap_by(&self.plan, &self.residual, flight, longest)
    }

    /// As [`gap`](Self::gap), for the least price.
    pub(crate) fn least_gap(&self, flight: &Flight, longest: f64) -> Gap {
        let (plan, residual) = self.least.as_ref().map_or((&self.plan, &self.residual), |(plan, gaps)| (plan, gaps));
        self.gap_by(plan, residual, flight, longest)
    }

    fn gap_by(&self, plan: &Plan, residual: &[f32], flight: &Flight, longest: f64) -> Gap {
        let age = flight.age(flight.asked);
        let (gap, following) = if flight.age_known {
            let next = plan.next(age);
            (next - age, plan.next(next) - next)
        } else {
            let gap = residual_gap(residual, age);
            (gap, gap)
        };
        let gap = match foretell(flight) {
            Some((end, _)) => self.moved_by_progress(gap, end - age),
            None => gap,
        };
        // (Before the jitter: tasks that all wait for the longest gap shall not meet at its end.)
        let gap = gap.min(longest);
        let spread = self.jitter() * gap.min(following) * f64::from(flight.jitter);
        Gap::before(following, (gap - spread).max(SHORTEST_GAP))
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
        let (told_at, end) = (f64::from(flight.foretold.0), f64::from(flight.foretold.1));
        if end > 0.0 {
            // What was left is compared, not the whole: of a task that is "at 99 %" for ever the end is always near. Within the
            // interval the end is believed to be where it was foretold.
            let (after, until) = (f64::from(interval.after), f64::from(interval.until));
            let least = 0.02 * end;
            let (left, real) = ((end - told_at).max(least), (end.max(after).min(until) - told_at).max(least));
            #[expect(clippy::cast_possible_truncation, reason = "an error between 0 and 2")]
            let error = (left / real).ln().abs().min(2.0) as f32;
            self.progress_error += (error - self.progress_error) / 8.0;
        }
        self.learned.completed(interval, self.in_flight, flight.alone);
    }

    /// The memory it takes beside its own size, in bytes.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>()
            + 2 * self.plan.memory()
            + 2 * self.residual.capacity() * size_of::<f32>()
            + Learned::HEAP_MEMORY
    }
}

/// Takes note of what the server says of progress at this age.
pub(crate) fn note_progress(flight: &mut Flight, progress: f64, age: f64) {
    if !flight.age_known {
        return;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a share and an age, of which few digits matter")]
    let told = (progress as f32, age as f32);
    if flight.first_progress.0.is_nan() {
        flight.first_progress = told;
    }
    flight.progress = told;
    if let Some((end, by_two)) = foretell(flight)
        && (flight.foretold.1 <= 0.0 || by_two && !flight.foretold_by_two)
    {
        #[expect(clippy::cast_possible_truncation, reason = "an age, of which few digits matter")]
        let end = end as f32;
        (flight.foretold, flight.foretold_by_two) = ((told.1, end), by_two);
    }
}

/// The age at which a task ends if it goes on as its progress says: 80 % after 8 s is 10 s. From two reports the time that it
/// was queued for is told apart; the second value says whether there were two.
fn foretell(flight: &Flight) -> Option<(f64, bool)> {
    let (first, first_age) = (f64::from(flight.first_progress.0), f64::from(flight.first_progress.1));
    let (latest, age) = (f64::from(flight.progress.0), f64::from(flight.progress.1));
    // (Not a number is in no range.)
    if !(0.02..1.0).contains(&latest) {
        return None;
    }
    let by_two = latest > first + 0.05;
    let rate = if by_two { (latest - first) / (age - first_age) } else { latest / age };
    let end = age + (1.0 - latest) / rate;
    end.is_finite().then_some((end, by_two))
}
