//! What one kind of work was seen to take: learned from intervals, from exact times, and from tasks that still run.
//!
//! A completion is known to lie between two requests. Each "not yet" says that the task outlived another stretch of ages,
//! which is counted as exposure: completions over exposure is the hazard, whichever tasks were watched from when to when
//! (Kaplan and Meier 1958; for intervals Turnbull 1976). The latest intervals are kept as they are and spread over their
//! bins in proportion to the present estimate, again at every fit; older ones stay as they were last spread.

use super::bins::{BINS, Binned, STEP, bin, edge, middle_ln, smooth};
use super::shapes;

/// Completions that are kept as intervals.
pub(crate) const KEPT: usize = 128;
/// A completion's weight falls by a factor e over so many later ones, or over as many as there are tasks in flight.
const MEMORY: f64 = 80.0;
/// The prior shapes count as much as so many completions, where data and shapes disagree.
const SHAPES_WORTH: f64 = 6.0;
/// Completions that are looked at for a shift of the distribution.
const RECENT: usize = 12;
/// So many standard deviations from what was expected are a shift: by chance it happens once in some ten thousand.
const SHIFTED: f64 = 3.6;
/// Rounds of spreading and estimating in one fit; each begins with the estimate of the one before.
const ROUNDS: usize = 3;

/// One completion: it lies in `after < T <= until`, in seconds of age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) after: f32,
    pub(crate) until: f32,
}

impl Interval {
    /// The first and the last bin it touches.
    fn bins(self) -> (usize, usize) {
        let last = bin(f64::from(self.until));
        // An interval that begins on an edge begins in the bin above.
        let first = bin(f64::from(self.after) * (1.0 + 1e-6));
        (first.min(last), last)
    }
}

/// The distribution of completion times of one kind of work, as far as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Learned {
    /// The latest completions: a ring, with the weight each came with.
    kept: Vec<(Interval, f64)>,
    oldest: usize,
    /// Weights of the completions that left the ring, and of the tasks at risk within their intervals.
    died: Box<Binned>,
    at_risk: Box<Binned>,
    /// Differences from bin to bin of the exposure: tasks seen alive beyond the bin.
    exposure: Box<Binned>,
    /// What a new completion weighs. It grows, instead of everything else shrinking.
    unit: f64,
    completions: u64,
    /// Where in the expected distribution the latest completions lay, 0 to 1; a ring.
    ranks: [f64; RECENT],
    ranked: usize,
    /// The present estimate, and the sum up to each bin.
    density: Box<Binned>,
    news: u32,
}

/// What is overwritten by every fit; one for all kinds of work.
#[derive(Debug, Clone)]
pub(crate) struct Scratch {
    events: Box<Binned>,
    risk: Box<Binned>,
    shape: Box<Binned>,
    sums: Box<Binned>,
    spare: Box<Binned>,
}

impl Default for Scratch {
    fn default() -> Self {
        let zeros = || Box::new([0.0; BINS]);
        Self { events: zeros(), risk: zeros(), shape: zeros(), sums: zeros(), spare: zeros() }
    }
}

impl Learned {
    /// The memory it takes beside its own size, in bytes.
    pub(crate) const HEAP_MEMORY: usize = 4 * size_of::<Binned>() + KEPT * size_of::<(Interval, f64)>();

    pub(crate) fn new(scratch: &mut Scratch) -> Self {
        let zeros = || Box::new([0.0; BINS]);
        let mut new = Self {
            kept: Vec::with_capacity(KEPT),
            oldest: 0,
            died: zeros(),
            at_risk: zeros(),
            exposure: zeros(),
            unit: 1.0,
            completions: 0,
            ranks: [0.5; RECENT],
            ranked: 0,
            density: zeros(),
            news: 0,
        };
        new.fit(scratch);
        new
    }

    /// The probability of each bin.
    pub(crate) fn density(&self) -> &Binned {
        &self.density
    }

    pub(crate) fn completions(&self) -> u64 {
        self.completions
    }

    /// Completions and answers since the last fit.
    pub(crate) fn news(&self) -> u32 {
        self.news
    }

    /// The completions that are kept, the oldest first.
    pub(crate) fn intervals(&self) -> impl Iterator<Item = Interval> + '_ {
        let (newer, older) = self.kept.split_at(self.oldest.min(self.kept.len()));
        older.iter().chain(newer).map(|(interval, _)| *interval)
    }

    /// A task of a known age outlived the ages from `after` to `until`, in seconds.
    pub(crate) fn outlived(&mut self, after: f64, until: f64) {
        let (from, to) = (bin(after), bin(until));
        if from < to {
            self.exposure[from] += self.unit;
            self.exposure[to] -= self.unit;
        }
        self.news = self.news.saturating_add(1);
    }

    /// A task completed in this interval of ages. What it outlived before was told by [`outlived`](Self::outlived).
    /// `in_flight` tasks of this kind are watched; of one that ran `alone` it is looked at whether the distribution shifted.
    pub(crate) fn completed(&mut self, interval: Interval, in_flight: usize, alone: bool) {
        if alone {
            self.rank(interval);
        }
        let entry = (interval, self.unit);
        if self.kept.len() < KEPT {
            self.kept.push(entry);
        } else {
            let (interval, weight) = std::mem::replace(&mut self.kept[self.oldest], entry);
            self.oldest = (self.oldest + 1) % KEPT;
            self.spread(interval, weight);
        }
        // One generation of tasks is remembered at least: a memory that is shorter than a burst would know only a part of it.
        self.unit *= 1.0 + 1.0 / MEMORY.max(in_flight as f64);
        if self.unit > 1e9 {
            self.rescale();
        }
        self.completions += 1;
        self.news = self.news.saturating_add(1);
        if alone && self.has_shifted() {
            self.forget();
        }
    }

    fn rescale(&mut self) {
        let factor = 1.0 / self.unit;
        for values in [&mut self.died, &mut self.at_risk, &mut self.exposure] {
            values.iter_mut().for_each(|value| *value *= factor);
        }
        self.kept.iter_mut().for_each(|(_, weight)| *weight *= factor);
        self.unit = 1.0;
    }

    /// Spreads a completion over its bins for good.
    fn spread(&mut self, interval: Interval, weight: f64) {
        let (first, last) = interval.bins();
        let mass: f64 = self.density[first..=last].iter().sum();
        let mut alive = weight;
        for index in first..=last {
            self.at_risk[index] += alive;
            let share = weight * self.density[index] / mass;
            self.died[index] += share;
            alive = (alive - share).max(0.0);
        }
    }

    fn rank(&mut self, interval: Interval) {
        let (first, last) = interval.bins();
        let before: f64 = self.density[..first].iter().sum();
        let within: f64 = self.density[first..=last].iter().sum();
        self.ranks[self.ranked % RECENT] = before + within / 2.0;
        self.ranked += 1;
    }

    /// Whether the latest completions came on the whole much earlier or much later than the estimate says. Ranks are
    /// spread evenly from 0 to 1, with a variance of 1/12, as long as it is right.
    fn has_shifted(&self) -> bool {
        let count = self.ranked.min(RECENT);
        let sum: f64 = self.ranks[..count].iter().map(|rank| rank - 0.5).sum();
        count >= 5 && sum.abs() > SHIFTED * (count as f64 / 12.0).sqrt()
    }

    /// Keeps only the latest completions, which the shift was told by.
    fn forget(&mut self) {
        let recent: Vec<Interval> = self.intervals().collect();
        let recent = &recent[recent.len().saturating_sub(self.ranked.min(RECENT))..];
        for values in [&mut self.died, &mut self.at_risk, &mut self.exposure] {
            values.fill(0.0);
        }
        (self.unit, self.oldest, self.ranked) = (1.0, 0, 0);
        self.kept.clear();
        for interval in recent {
            self.outlived(0.0, f64::from(interval.after));
            self.kept.push((*interval, 1.0));
        }
        // Within an interval that is as wide as all that was known, the old estimate says nothing.
        self.density.fill(1.0 / BINS as f64);
    }

    /// Makes the estimate anew.
    pub(crate) fn fit(&mut self, scratch: &mut Scratch) {
        self.news = 0;
        if self.completions == 0 {
            self.density.fill(1.0 / BINS as f64);
        }
        for round in 0..ROUNDS {
            let weight = self.expect(scratch);
            let Scratch { events, risk, shape, spare, .. } = scratch;
            // The shapes hardly change from one round to the next.
            if round == 0 || round + 1 == ROUNDS {
                shapes::predict(events, risk, shape);
            }
            if weight > 0.0 {
                let width = self.bandwidth(weight, shape);
                smooth(events, spare, width);
                smooth(risk, spare, width);
            }
            let mut expected = 1.0;
            let mut alive = 1.0;
            for index in 0..BINS {
                let hazard =
                    (events[index] + SHAPES_WORTH * shape[index]) / (risk[index] + SHAPES_WORTH * expected).max(1e-300);
                let hazard = if index + 1 == BINS { 1.0 } else { hazard.clamp(0.0, 1.0) };
                self.density[index] = alive * hazard;
                alive *= 1.0 - hazard;
                expected = (expected - shape[index]).max(0.0);
            }
        }
    }

    /// Fills in how many tasks died in each bin and how many were at risk there, spreading what is kept in proportion
    /// to the present estimate. Returns the weight of all completions.
    fn expect(&self, scratch: &mut Scratch) -> f64 {
        let Scratch { events, risk, sums, spare: offsets, .. } = scratch;
        let mut sum = 0.0;
        for (sums, mass) in sums.iter_mut().zip(self.density.iter()) {
            *sums = sum;
            sum += mass;
        }
        // Differences first: each interval costs the same, however wide it is.
        events.fill(0.0);
        offsets.fill(0.0);
        let per_unit = 1.0 / self.unit;
        let mut weight = 0.0;
        for (interval, weighs) in &self.kept {
            let (first, last) = interval.bins();
            let end = sums.get(last + 1).copied().unwrap_or(sum);
            let share = weighs * per_unit / (end - sums[first]).max(1e-300);
            events[first] += share;
            offsets[first] += share * end;
            if last + 1 < BINS {
                events[last + 1] -= share;
                offsets[last + 1] -= share * end;
            }
            weight += weighs * per_unit;
        }
        let (mut share, mut offset, mut exposed) = (0.0, 0.0, 0.0);
        for index in 0..BINS {
            share += events[index];
            offset += offsets[index];
            exposed += self.exposure[index];
            let died = self.died[index] * per_unit;
            weight += died;
            events[index] = (died + share * self.density[index]).max(0.0);
            // Of an interval's task there is left at a bin what lies from there to its end.
            let within = (offset - share * sums[index]).max(0.0);
            risk[index] = ((exposed + self.at_risk[index]) * per_unit + within).max(events[index]);
        }
        weight
    }

    /// The width of the smoothing in bins: in proportion to that of the distribution, and falling with the number of
    /// completions.
    #[expect(clippy::unused_self, reason = "a rule of the fit")]
    fn bandwidth(&self, weight: f64, shape: &Binned) -> f64 {
        let mean: f64 = shape.iter().enumerate().map(|(bin, mass)| mass * middle_ln(bin)).sum();
        let variance: f64 = shape.iter().enumerate().map(|(bin, mass)| mass * (middle_ln(bin) - mean).powi(2)).sum();
        let width = 0.7 * variance.sqrt() * weight.max(1.0).powf(-0.2);
        (width / STEP).clamp(0.5, 40.0)
    }

    /// The age in seconds by which this share of tasks has completed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sum = 0.0;
        for (index, mass) in self.density.iter().enumerate() {
            if sum + mass >= share {
                let part = ((share - sum) / mass.max(1e-300)).clamp(0.0, 1.0);
                return edge(index) + part * (edge(index + 1) - edge(index));
            }
            sum += mass;
        }
        edge(BINS)
    }
}
