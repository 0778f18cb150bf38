//! The figures, and how they are shown.

use std::fmt::Write;

use serde_json::{Value, json};
use spark_t2i_emulator::Stats;

use super::load::Done;
use super::{FIXED_INTERVAL, RUSH, RUSH_LIMIT, RUSH_RATE, Settings};

/// What one load had.
pub(super) struct Waiting {
    pub(super) done: Done,
    requests: f64,
    mean_lag: Option<f64>,
    p95_lag: Option<f64>,
    by_server: bool,
}

/// The second part.
pub(super) struct Rush {
    pub(super) done: Done,
    pub(super) refused: u64,
}

pub(super) struct Figures {
    pub(super) client: Waiting,
    /// The bare loop at the client's rate, for CPU and memory.
    pub(super) bare: Waiting,
    /// The bare loop at the interval of public clients, for lag and requests.
    pub(super) fixed: Waiting,
    pub(super) rush: Option<Rush>,
}

#[expect(clippy::cast_precision_loss, reason = "counts for people to read")]
pub(super) fn ratio(count: u64, of: f64) -> f64 {
    count as f64 / of
}

impl Waiting {
    /// `stats` are the server's, before and after; `earlier` if some tasks were told before this load began.
    pub(super) fn new(done: Done, stats: Option<(Stats, Stats)>, earlier: bool) -> Self {
        let Some((before, after)) = stats else {
            let requests = ratio(done.status_requests, ratio(done.completed, 1.0));
            let (mean_lag, p95_lag) = done.lag.unzip();
            return Self { done, requests, mean_lag, p95_lag, by_server: false };
        };
        // With as many tasks under way before as after, requests and ends of the same time belong together; and the
        // lags told in it are those told until its end without those until its begin.
        let told = after.lag_seconds.count.saturating_sub(before.lag_seconds.count);
        let sum = |stats: &Stats| stats.lag_seconds.mean.unwrap_or_default() * ratio(stats.lag_seconds.count, 1.0);
        let told_share = ratio(told, 1.0);
        Self {
            done,
            requests: ratio(after.requests.status.saturating_sub(before.requests.status), told_share),
            mean_lag: (told > 0).then(|| (sum(&after) - sum(&before)) / told_share),
            p95_lag: after.lag_seconds.p95.filter(|_| !earlier),
            by_server: true,
        }
    }

    fn cost(&self, poll_cost: f64) -> Option<f64> {
        self.mean_lag.map(|lag| lag + poll_cost * self.requests)
    }

    fn cpu_micros(&self) -> Option<f64> {
        self.done.cpu_seconds.map(|seconds| 1e6 * seconds / ratio(self.done.requests, 1.0))
    }

    /// What the tasks under way added to the process.
    fn bytes_per_task(&self, tasks: u32) -> Option<f64> {
        let (before, after) = (self.done.resident_before?, self.done.resident?);
        Some(ratio(after.saturating_sub(before), f64::from(tasks)))
    }

    fn json(&self, settings: &Settings) -> Value {
        json!({
            "requests_per_task": self.requests,
            "mean_lag_seconds": self.mean_lag,
            "p95_lag_seconds": self.p95_lag,
            "cost_seconds": self.cost(settings.poll_cost),
            "counted_by": if self.by_server { "server" } else { "client" },
            "seconds": self.done.seconds,
            "requests": self.done.requests,
            "completed": self.done.completed,
            "failed": self.done.failed,
            "cpu_microseconds_per_request": self.cpu_micros(),
            "peak_resident_bytes": self.done.peak,
            "bytes_per_task": self.bytes_per_task(settings.tasks),
        })
    }
}

impl Figures {
    fn cpu_ratio(&self) -> Option<f64> {
        Some(self.client.cpu_micros()? / self.bare.cpu_micros()?)
    }

    pub(super) fn json(&self, settings: &Settings) -> Value {
        let rush = self.rush.as_ref().map(|rush| {
            json!({
                "tasks": RUSH,
                "max_requests_per_second": RUSH_RATE,
                "refused_429": rush.refused,
                "completed": rush.done.completed,
                "failed": rush.done.failed,
                "requests": rush.done.requests,
                "seconds": rush.done.seconds,
                "peak_resident_bytes": rush.done.peak,
            })
        });
        let targets = settings.have_targets().then(|| {
            json!({
                "requests_per_task": 6,
                "cost_seconds": 1.13,
                "cpu_ratio": 1.25,
                "peak_resident_bytes": 25_000_000,
                "rush": {"refused_429": 0, "completed": RUSH, "peak_resident_bytes": 45_000_000},
            })
        });
        json!({
            "tasks": settings.tasks,
            "latency": settings.latency,
            "poll_cost": settings.poll_cost,
            "client": self.client.json(settings),
            "bare_same_rate": self.bare.json(settings),
            "bare_fixed": self.fixed.json(settings),
            "cpu_ratio": self.cpu_ratio(),
            "rush": rush,
            "targets": targets,
        })
    }

    pub(super) fn table(&self, settings: &Settings) -> String {
        let Settings { tasks, latency, poll_cost, .. } = settings;
        let mut table = Table { text: String::new(), targets: settings.have_targets() };
        let by = if self.client.by_server { "the server" } else { "the client" };
        let title = format!("{tasks} tasks in flight, {latency}, counted by {by}");
        table.row(&title, &["client", "bare loop", "bare loop"], "target");
        table.row("", &["", "same rate", &format!("at {FIXED_INTERVAL} s")], "");
        let all = [&self.client, &self.bare, &self.fixed];
        let not_fixed = |cells: [String; 2]| {
            let [client, bare] = cells;
            [client, bare, "-".to_owned()]
        };
        let both = [&self.client, &self.bare];
        table.row("requests a task", &all.map(|load| number(Some(load.requests), 2, "")), "<= 6");
        table.row("mean lag", &all.map(|load| number(load.mean_lag, 2, " s")), "");
        table.row("95th percentile of lag, warm-up included", &all.map(|load| number(load.p95_lag, 2, " s")), "");
        let name = format!("mean lag + {poll_cost} s a request");
        table.row(&name, &all.map(|load| number(load.cost(*poll_cost), 2, " s")), "<= 1.13 s");
        table.row("requests sent, all kinds", &all.map(|load| load.done.requests.to_string()), "");
        table.row("CPU a request", &not_fixed(both.map(|load| number(load.cpu_micros(), 1, " µs"))), "");
        let ratio = number(self.cpu_ratio(), 2, "");
        table.row("  over the bare loop's", &[ratio.as_str(), "1", "-"], "<= 1.25");
        table.row("resident memory, the most", &not_fixed(both.map(|load| megabytes(load.done.peak))), "<= 25 MB");
        let per_task = both.map(|load| number(load.bytes_per_task(*tasks).map(|bytes| bytes / 1e3), 1, " kB"));
        table.row("  a task", &not_fixed(per_task), "");
        let Some(rush) = &self.rush else { return table.text };
        table.text.push('\n');
        table.row(
            &format!("{RUSH} at once, {RUSH_RATE}/s where {RUSH_LIMIT}/s are admitted"),
            &["client", "", ""],
            "target",
        );
        table.row("answers with 429", &[&rush.refused.to_string(), "", ""], "0");
        table.row("completed", &[&rush.done.completed.to_string(), "", ""], &RUSH.to_string());
        table.row("resident memory, the most", &[&megabytes(rush.done.peak), "", ""], "<= 45 MB");
        table.row("requests sent, all kinds", &[&rush.done.requests.to_string(), "", ""], "");
        table.row("it took", &[&number(Some(rush.done.seconds), 1, " s"), "", ""], "");
        table.text
    }
}

struct Table {
    text: String,
    targets: bool,
}

impl Table {
    fn row(&mut self, name: &str, cells: &[impl AsRef<str>; 3], target: &str) {
        let [client, bare, fixed] = &cells.each_ref().map(AsRef::as_ref);
        let target = if self.targets { target } else { "" };
        let line = format!("{name:<62} {client:>12} {bare:>12} {fixed:>12} {target:>10}");
        _ = writeln!(self.text, "{}", line.trim_end());
    }
}

fn number(number: Option<f64>, digits: usize, unit: &str) -> String {
    number.map_or_else(|| "not measured".to_owned(), |number| format!("{number:.digits$}{unit}"))
}

fn megabytes(bytes: Option<u64>) -> String {
    number(bytes.map(|bytes| ratio(bytes, 1e6)), 1, " MB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(status: u64, count: u64, mean: f64) -> Stats {
        serde_json::from_value(json!({
            "tasks": {"created": 0, "restored": 0, "queued": 0, "running": 0, "completed": 0, "failed": 0},
            "charges": {"count": 0, "total": "0"},
            "requests": {"create": 0, "estimate": 0, "status": status, "image": 0, "catalogue": 0, "other": 0},
            "refused": {}, "faults": {}, "polls_per_task": {"mean": 0.0, "max": 0, "told": null}, "downloads": 0,
            "lag_seconds": {"count": count, "mean": mean, "p95": 2.0},
        }))
        .unwrap()
    }

    fn done() -> Done {
        Done {
            seconds: 10.0,
            requests: 1250,
            status_requests: 1000,
            completed: 250,
            failed: 0,
            first_failure: None,
            lag: None,
            cpu_seconds: Some(0.1),
            resident_before: Some(5_000_000),
            resident: Some(9_000_000),
            peak: Some(10_000_000),
        }
    }

    #[test]
    fn the_warm_up_is_taken_away() {
        // 100 tasks of 9 s of lag, then 200 of 0.5 s with 5 requests each.
        let waiting = Waiting::new(done(), Some((stats(1000, 100, 9.0), stats(2000, 300, 1000.0 / 300.0))), false);
        let close =
            |figure: Option<f64>, expected: f64| assert!((figure.unwrap() - expected).abs() < 1e-9, "{figure:?}");
        close(Some(waiting.requests), 5.0);
        close(waiting.mean_lag, 0.5);
        close(waiting.cost(0.1), 1.0);
        close(waiting.cpu_micros(), 80.0);
        close(waiting.bytes_per_task(1000), 4000.0);
    }

    #[test]
    fn without_a_server_that_counts_the_client_does() {
        let waiting = Waiting::new(done(), None, false);
        assert!((waiting.requests - 4.0).abs() < 1e-9 && waiting.mean_lag.is_none());
        assert_eq!(number(waiting.cost(0.1), 2, " s"), "not measured");
        assert_eq!(megabytes(waiting.done.peak), "10.0 MB");
    }
}
