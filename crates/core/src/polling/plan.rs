//! When to ask again: the optimum by dynamic programming, and the rule that needs no table.
//!
//! The best schedule minimises E\[lag\] + price · E\[requests\]. On a grid of ages t with survivals S and V(i) for what
//! is still to be paid after a request at t(i):
//!
//! V(i) = min over j > i of price · S(i) + Σ p(k) · (t(j) − t(k)) for i < k ≤ j + V(j)
//!
//! Written with S and the sums M of p(k) · t(k), the part that depends on j is a line in S(i) with the slope t(j). The
//! slopes fall as i does and S(i) rises, so that the lowest line is found by walking along their hull: the whole table
//! takes a time in proportion to its size.
//!
//! In the limit of many requests the gap is sqrt(2 · price / hazard): Barlow, Hunter and Proschan, "Optimum checking
//! procedures", J. SIAM 11 (1963); Keller, "Optimum checking schedules", Management Science 21 (1974).

use super::bins::{BINS, Binned, bin, edge};

/// Points of a table.
pub(crate) const POINTS: usize = 512;
/// A table reaches to where so little of the probability is left on either side.
const BEYOND: f64 = 2e-4;

/// When to ask for a task again, by its age at the last request: a table, and a rule for where it does not reach.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Ages in seconds, evenly spaced in their logarithm from the first.
    ages: Vec<f64>,
    /// To each age, the one at which to ask next.
    next: Vec<f64>,
    first_ln: f64,
    per_ln: f64,
    price: f64,
    /// The hazard rate per second where the table ends.
    last_hazard: f64,
    cost: Cost,
}

/// What a plan costs on average, if completion times are distributed as it takes them to be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Requests for each task.
    pub requests: f64,
    /// Seconds from the completion to the request that notices it.
    pub lag: f64,
}

impl Cost {
    /// Lag plus requests at `price` seconds each: the measure of a schedule.
    pub fn at(self, price: f64) -> f64 {
        self.lag + price * self.requests
    }
}

impl Plan {
    /// The best plan for completion times with these survival probabilities: `ages` in seconds, rising, above zero;
    /// `survival` falling from at most 1, the probability that a task takes longer than that age. What survives the last
    /// age counts as completed there. `price` is what a request costs in seconds of lag, above zero.
    ///
    /// Ages evenly spaced in their logarithm are looked up most precisely. None when there are fewer than two ages or a
    /// number is out of its range.
    pub fn optimal(ages: &[f64], survival: &[f64], price: f64) -> Option<Self> {
        let rising = ages.windows(2).all(|pair| pair[0] < pair[1]) && ages.first().is_some_and(|age| *age > 0.0);
        let falling = survival.windows(2).all(|pair| pair[0] >= pair[1])
            && survival.iter().all(|probability| (0.0..=1.0).contains(probability));
        if ages.len() < 2 || ages.len() != survival.len() || !rising || !falling || price <= 0.0 || price.is_nan() {
            return None;
        }
        ages.last().filter(|age| age.is_finite())?;
        Some(Self::on_grid(ages.to_vec(), survival, price))
    }

    fn on_grid(ages: Vec<f64>, survival: &[f64], price: f64) -> Self {
        let last = ages.len() - 1;
        // Point 0 of the sums is age 0, where every task is alive; point i + 1 is ages[i].
        let time = |point: usize| if point == 0 { 0.0 } else { ages[point - 1] };
        let alive = |point: usize| {
            if point == 0 {
                1.0
            } else if point > last {
                0.0
            } else {
                survival[point - 1]
            }
        };
        let mut moments = vec![0.0; last + 2];
        for point in 1..=last + 1 {
            // Between two points completions are spread evenly.
            let middle = if point == 1 { time(1) } else { f64::midpoint(time(point - 1), time(point)) };
            moments[point] = moments[point - 1] + (alive(point - 1) - alive(point)) * middle;
        }
        let mut value = vec![0.0; last + 2];
        let mut choice = vec![last + 1; last + 2];
        // Lines (slope, intercept, point), the lowest for the present S at `front`.
        let mut hull: Vec<(f64, f64, usize)> = Vec::with_capacity(last + 2);
        let mut front = 0;
        for point in (0..=last).rev() {
            let later = point + 1;
            let line = (time(later), value[later] - time(later) * alive(later) - moments[later], later);
            while hull.len() >= front + 2 {
                let (before, middle) = (hull[hull.len() - 2], hull[hull.len() - 1]);
                // The middle one is nowhere the lowest.
                let covered =
                    (line.1 - before.1) * (before.0 - middle.0) <= (middle.1 - before.1) * (before.0 - line.0);
                if !covered {
                    break;
                }
                hull.pop();
            }
            hull.push(line);
            front = front.min(hull.len() - 1);
            let survival = alive(point);
            while front + 1 < hull.len()
                && hull[front + 1].0 * survival + hull[front + 1].1 <= hull[front].0 * survival + hull[front].1
            {
                front += 1;
            }
            let (slope, intercept, chosen) = hull[front];
            choice[point] = chosen;
            value[point] = price * survival + moments[point] + slope * survival + intercept;
        }

        let mut cost = Cost::default();
        let mut point = 0;
        while point <= last {
            let next = choice[point];
            cost.requests += alive(point);
            cost.lag += time(next) * (alive(point) - alive(next)) - (moments[next] - moments[point]);
            point = next;
        }
        let next: Vec<f64> = (0..=last).map(|point| time(choice[point])).collect();
        let first_ln = ages[0].ln();
        let per_ln = last as f64 / (ages[last].ln() - first_ln);
        Self { next, first_ln, per_ln, price, last_hazard: 0.0, cost, ages }
    }

    /// The plan for a binned distribution. `spare` ages and survivals are overwritten.
    pub(crate) fn for_density(density: &Binned, price: f64) -> Self {
        let mut sum = 0.0;
        let mut low = BINS - 1;
        let mut high = BINS - 1;
        let mut survivals = [1.0; BINS + 1];
        for (index, mass) in density.iter().enumerate() {
            sum += mass;
            survivals[index + 1] = (1.0 - sum).max(0.0);
            if sum > BEYOND && low == BINS - 1 {
                low = index;
            }
            if sum > 1.0 - BEYOND && high == BINS - 1 {
                high = index;
            }
        }
        let (first, end) = (edge(low.max(1)), edge((high + 1).max(low.max(1) + 2)));
        let step = (end / first).ln() / (POINTS - 1) as f64;
        let mut ages = Vec::with_capacity(POINTS);
        let mut alive = Vec::with_capacity(POINTS);
        let mut index = low.max(1);
        for point in 0..POINTS {
            let age = first * (step * point as f64).exp();
            while index + 1 < BINS && edge(index + 1) < age {
                index += 1;
            }
            let (begin, ends) = (edge(index), edge(index + 1));
            let part = ((age - begin) / (ends - begin)).clamp(0.0, 1.0);
            ages.push(age);
            alive.push(survivals[index] + part * (survivals[index + 1] - survivals[index]));
        }
        let mut plan = Self::on_grid(ages, &alive, price);
        plan.last_hazard = hazard_near(density, &survivals, high);
        plan
    }

    /// The age in seconds at which to ask next for a task that was seen unfinished at `age`, or was never asked for (0).
    pub fn next(&self, age: f64) -> f64 {
        let last = self.ages.len() - 1;
        if age < self.ages[0] {
            return self.next[0];
        }
        if age < self.ages[last] {
            let place = ((age.ln() - self.first_ln) * self.per_ln).clamp(0.0, last as f64);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table")]
            let index = (place as usize).min(last - 1);
            // `next` holds age 0 first, so that the entry of ages[i] is next[i + 1].
            let (before, after) =
                (self.next[index + 1], self.next.get(index + 2).map_or(self.ages[last], |next| *next));
            let next = before + (after - before) * place.fract();
            // The table's end is the end of what was seen, not of all tasks.
            if next > age && before < self.ages[last] {
                return next;
            }
        }
        age + self.rule(age, self.last_hazard * self.ages[last] / age)
    }

    /// What the plan costs for each task.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The price the plan was made for, in seconds of lag for each request.
    pub fn price(&self) -> f64 {
        self.price
    }

    /// The gap sqrt(2 · price / hazard). A task that outlived nearly all others is expected to go on for about as long
    /// as it did: the hazard is then taken for at most 2 / age, and at least an eighth of that.
    fn rule(&self, age: f64, hazard: f64) -> f64 {
        let hazard = if hazard.is_finite() { hazard.clamp(0.25 / age, 2.0 / age) } else { 2.0 / age };
        (2.0 * self.price / hazard).sqrt()
    }

    /// The memory it takes, in bytes.
    pub(crate) fn memory(&self) -> usize {
        (self.ages.capacity() + self.next.capacity()) * size_of::<f64>()
    }
}

/// The hazard rate per second over the last bins that the table covers.
fn hazard_near(density: &Binned, survivals: &[f64], high: usize) -> f64 {
    let from = high.saturating_sub(8);
    let died: f64 = density[from..=high].iter().sum();
    let alive = f64::midpoint(survivals[from], survivals[high + 1]).max(1e-12);
    died / alive / (edge(high + 1) - edge(from))
}

/// The rule alone, for a task of which it is not known when it was submitted: after `waited` seconds it may have any age.
/// What is left of a task seen at a random moment has the survival ∫S beyond `waited`, over the mean, and so the hazard
/// S / ∫S.
pub(crate) fn residual_gaps(density: &Binned, price: f64) -> Vec<f32> {
    let mut gaps = vec![0.0; BINS];
    let mean: f64 = density.iter().enumerate().map(|(index, mass)| mass * edge(index + 1)).sum();
    let (mut alive, mut ahead) = (0.0, 0.0);
    for index in (0..BINS).rev() {
        alive += density[index];
        ahead += alive * (edge(index + 1) - edge(index));
        let hazard = (alive / ahead.max(1e-12)).max(0.25 / (mean + edge(index + 1)));
        #[expect(clippy::cast_possible_truncation, reason = "seconds, of which few digits matter")]
        let gap = (2.0 * price / hazard).sqrt() as f32;
        gaps[index] = gap;
    }
    gaps
}

/// The gap of [`residual_gaps`] after `waited` seconds.
pub(crate) fn residual_gap(gaps: &[f32], waited: f64) -> f64 {
    f64::from(gaps[bin(waited)])
}
