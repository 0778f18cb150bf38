//! The price of a request: raised until the plan fits into the budget.

/// The price is looked at so often, in nanoseconds.
const EVERY: u64 = 250_000_000;
/// The plan may take this share of the budget, so that a fluctuation does not make a queue.
const FILL: f64 = 0.98;
/// A queue raises the price by so much for each second that its first task is late, so that it is worked off.
const PER_SECOND_LATE: f64 = 0.3;
/// A price that differs by less is not worth a new plan.
const WORTH_IT: f64 = 0.02;
/// Tasks keep the time they were given until the price has changed by this factor: if all of them moved with every small
/// change, they would come in waves.
const REPLAN: f64 = 1.6;
/// The price never exceeds `poll_cost` by more.
const MOST: f64 = 1e7;

/// What a look at the price came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    /// New plans, which tasks follow from their next request on.
    Plans,
    /// New plans, and a new time for every task.
    Everything,
}

#[derive(Debug, Clone)]
pub(crate) struct Price {
    base: f64,
    now: f64,
    /// What it was when every task was last given a new time.
    planned: f64,
    looked_at: u64,
}

impl Price {
    pub(crate) fn new(base: f64) -> Self {
        Self { base, now: base, planned: base, looked_at: 0 }
    }

    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.now > self.base
    }

    /// Whether it is time to look at the price again.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        now.saturating_sub(self.looked_at) >= EVERY
    }

    /// When it is time to look at the price again, in nanoseconds.
    pub(crate) fn next_look(&self) -> u64 {
        self.looked_at.saturating_add(EVERY)
    }

    /// The price that is paid when the budget suffices.
    pub(crate) fn base(&self) -> f64 {
        self.base
    }

    /// Every task was given a new time.
    pub(crate) fn replanned(&mut self) {
        self.planned = self.now;
    }

    /// Lets the price follow. `load` are the requests a second that the tasks in flight would send at the present price,
    /// `rate` those that polls may send, and `late` how many seconds the first task in the queue is behind its time.
    pub(crate) fn adapt(&mut self, now: u64, load: f64, rate: f64, late: f64) -> Change {
        self.looked_at = now;
        let load = load / (rate * FILL) * (1.0 + PER_SECOND_LATE * late.min(10.0));
        // Gaps grow with the root of the price, so that the load falls with it.
        let wanted = (self.now * (load * load).clamp(0.1, 16.0)).clamp(self.base, self.base * MOST);
        let next = if wanted <= self.base && self.now < self.base * 1.1 {
            self.base
        } else {
            self.now * (0.5 * (wanted / self.now).ln()).exp()
        };
        // Back at the least price there is nothing to wait for.
        let least = if next <= self.base { 0.0 } else { WORTH_IT };
        if (next / self.now).ln().abs() <= least {
            return Change::None;
        }
        self.now = next;
        let changed = (self.now / self.planned).ln().abs();
        if changed > REPLAN.ln() { Change::Everything } else { Change::Plans }
    }
}
