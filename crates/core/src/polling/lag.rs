use super::bins::{BINS, bin, edge};

/// How late completions were noticed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lag {
    /// How many completions the server dated.
    pub count: u64,
    /// The mean, in seconds.
    pub mean: f64,
    /// What 95 of 100 stayed within, in seconds, to within 3 %.
    pub p95: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct Lags {
    counts: Box<[u32; BINS]>,
    count: u64,
    sum: f64,
}

impl Default for Lags {
    fn default() -> Self {
        Self { counts: Box::new([0; BINS]), count: 0, sum: 0.0 }
    }
}

impl Lags {
    pub(crate) fn add(&mut self, lag: f64) {
        let counted = &mut self.counts[bin(lag)];
        *counted = counted.saturating_add(1);
        self.count += 1;
        self.sum += lag;
    }

    pub(crate) fn summary(&self) -> Lag {
        if self.count == 0 {
            return Lag::default();
        }
        let most = self.count - self.count / 20;
        let mut sum = 0;
        let within = self.counts.iter().position(|count| {
            sum += u64::from(*count);
            sum >= most
        });
        Lag { count: self.count, mean: self.sum / self.count as f64, p95: edge(within.unwrap_or(BINS - 1) + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_percentile_are_those_of_the_lags() {
        let mut lags = Lags::default();
        assert_eq!(lags.summary(), Lag::default());
        for lag in 1..=1000 {
            lags.add(f64::from(lag) / 1000.0);
        }
        let lag = lags.summary();
        assert_eq!(lag.count, 1000);
        assert!((lag.mean - 0.5005).abs() < 1e-9 && (0.95..0.98).contains(&lag.p95), "{lag:?}");
    }
}
