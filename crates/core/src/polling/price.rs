//! The price of a request: raised until the plan fits into the budget.

/// The price is looked at so often, in nanoseconds.
const EVERY: u64 = 250_000_000;
/// The plan may take this share of the budget, so that a fluctuation does not make a queue.
const FILL: f64 = 0.97;
/// A price that differs by less is not worth planning anew.
const WORTH_IT: f64 = 0.06;
/// The price never exceeds `poll_cost` by more.
const MOST: f64 = 1e7;

#[derive(Debug, Clone)]
pub(crate) struct Price {
    base: f64,
    now: f64,
    /// Requests a second that the tasks in flight send as planned: the sum of 1 / gap.
    load: f64,
    changes: u64,
    looked_at: u64,
}

impl Price {
    pub(crate) fn new(base: f64) -> Self {
        Self { base, now: base, load: 0.0, changes: 0, looked_at: 0 }
    }

    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.now > self.base
    }

    /// A task's planned gap changed; infinite for one that was not planned before.
    pub(crate) fn change(&mut self, before: f32, after: f32) {
        self.changes += 1;
        self.load += 1.0 / f64::from(after) - 1.0 / f64::from(before);
    }

    pub(crate) fn leave(&mut self, gap: f32) {
        self.load = (self.load - 1.0 / f64::from(gap)).max(0.0);
    }

    /// Lets the price follow, and tells whether it changed enough for all to be planned anew. `rate` is what polls may take,
    /// requests a second; `late` how many seconds the first task in the queue has waited beyond its time.
    pub(crate) fn adapt(&mut self, now: u64, rate: f64, late: f64, tasks: usize) -> bool {
        // Planning anew takes a time in proportion to the tasks, and so does waiting for as many changes.
        if now.saturating_sub(self.looked_at) < EVERY || self.changes < tasks as u64 / 8 {
            return false;
        }
        self.looked_at = now;
        self.changes = 0;
        if tasks == 0 {
            self.load = 0.0;
        }
        // A queue that is there already is to be gone within about a second.
        let load = self.load / (rate * FILL) * (1.0 + late.min(3.0));
        // Gaps grow with the root of the price, so that the load falls with the square.
        let wanted = (self.now * (load * load).clamp(0.25, 16.0)).clamp(self.base, self.base * MOST);
        let step = 0.5 * (wanted / self.now).ln();
        if step.abs() < WORTH_IT && !(wanted <= self.base && self.now > self.base) {
            return false;
        }
        self.now = if wanted <= self.base * 1.05 { self.base } else { self.now * step.exp() };
        true
    }
}
