//! `cargo xtask bench poll`: what waiting costs over real HTTP, on the wall clock: lag, requests, CPU and memory, with a
//! bare loop in the same run beside it.

mod load;
mod report;

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use load::{Done, Job, Subject, Until};
use report::{Figures, Rush, Waiting};
use spark_t2i_emulator::{Latency, Stats};
use tokio::runtime::Runtime;

use crate::server::{Oneself, Server};
use crate::steps::in_release;

/// The argument with which this program starts itself as the load.
pub(crate) const LOAD_ARGUMENT: &str = "bench-poll-load";

/// Seconds between two requests of the loop that public clients have.
const FIXED_INTERVAL: f64 = 3.0;
/// Completions that are measured, for each task in flight.
const COMPLETIONS: u64 = 3;
/// The second part: so many at once, under so many requests a second, where so many are admitted.
const RUSH: u32 = 10_000;
const RUSH_RATE: f64 = 1000.0;
const RUSH_LIMIT: &str = "1100";
/// Seconds that a part may take, its warm-up apart, where the latency is as long as usual.
const LONGEST: f64 = 60.0;
/// The latency that the targets are for.
const LATENCY: &str = "lognormal:12s:0.25";

struct Settings {
    base_url: Option<String>,
    tasks: u32,
    poll_cost: f64,
    latency: String,
    /// Of the latency.
    median: Duration,
    json: bool,
}

impl Settings {
    fn read(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let (mut base_url, mut tasks, mut poll_cost, mut latency) = (None, 1000, 0.1, LATENCY.to_owned());
        let mut json = false;
        let mut arguments = arguments.iter();
        while let Some(&option) = arguments.next() {
            let mut value = || arguments.next().copied().ok_or_else(|| format!("{option} needs a value"));
            match option {
                "--base-url" => base_url = Some(own_machine(value()?)?),
                "--tasks" => tasks = positive(option, value()?)?,
                "--poll-cost" => poll_cost = positive(option, value()?)?,
                "--latency" => value()?.clone_into(&mut latency),
                "--json" => json = true,
                other => return Err(format!("bench poll knows no {other}").into()),
            }
        }
        let median = latency.parse::<Latency>()?.median();
        Ok(Self { base_url, tasks, poll_cost, latency, median, json })
    }

    /// The targets were set for this load and no other.
    fn have_targets(&self) -> bool {
        self.base_url.is_none()
            && self.tasks == 1000
            && self.latency == LATENCY
            && (self.poll_cost - 0.1).abs() < f64::EPSILON
    }

    /// The longest that a part may take.
    fn limit(&self) -> f64 {
        LONGEST.max(5.0 * self.median.as_secs_f64())
    }
}

fn positive<T: std::str::FromStr + PartialOrd + Default>(option: &str, value: &str) -> Result<T, String> {
    let number = value.parse().ok().filter(|number: &T| *number > T::default());
    number.ok_or_else(|| format!("{option}: \"{value}\" is no number above 0"))
}

/// A service elsewhere would charge thousands of tasks.
fn own_machine(url: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("--base-url: not a URL: {error}"))?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    if host != "localhost" && !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return Err("--base-url: thousands of tasks are submitted, so this machine only (127.0.0.1, localhost)".into());
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Measures, and prints a table or JSON. Missed targets are no failure: another machine is slower.
///
/// # Errors
/// When an argument is wrong, or server or load cannot run.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(arguments)?;
    if cfg!(debug_assertions) {
        return in_release(&[&["bench", "poll"], arguments].concat());
    }
    let counters = Counters::new()?;
    let (tasks, median) = (settings.tasks, settings.median.as_secs_f64());

    eprintln!("{tasks} tasks in flight, by the client …");
    let count = u64::from(tasks) * COMPLETIONS;
    // One median to spread the tasks, which must not go in step, and one more to learn from them.
    let until = Until::Completions { warm_up: 2.0 * median, count };
    let subject = Subject::Client { poll_cost: settings.poll_cost, requests_per_second: 0.0 };
    let client = Part::start(&settings, &counters, subject, tasks, median, until)?.finish(&counters)?;

    eprintln!("as many requests at the same rate, by a bare loop …");
    let rate = report::ratio(client.done.status_requests, client.done.seconds);
    let subject = Subject::Bare { interval: (f64::from(tasks) / rate).clamp(0.01, 60.0) };
    let until = Until::Requests { warm_up: median, count: client.done.requests };
    let bare = Part::start(&settings, &counters, subject, tasks, median, until)?.finish(&counters)?;

    eprintln!("the loop at {FIXED_INTERVAL} s; and {RUSH} at once …");
    // Beside the second part: these few requests, of which no CPU time is taken, do not disturb it.
    let subject = Subject::Bare { interval: FIXED_INTERVAL };
    let fixed = Part::start(&settings, &counters, subject, tasks, FIXED_INTERVAL, Until::Once)?;
    let rush = match &settings.base_url {
        Some(_) => None,
        None => Some(rush(&settings, &counters)?),
    };
    let fixed = fixed.finish(&counters)?;

    let figures = Figures { client, bare, fixed, rush };
    if settings.json {
        println!("{:#}", figures.json(&settings));
    } else {
        print!("{}", figures.table(&settings));
    }
    Ok(())
}

/// Many at once, under a budget just below the limit of the server.
fn rush(settings: &Settings, counters: &Counters) -> Result<Rush, Box<dyn Error>> {
    let server = Server::start(&["--latency", &settings.latency, "--no-progress", "--rate-limit", RUSH_LIMIT])?;
    let url = format!("http://{}", server.addr);
    let subject = Subject::Client { poll_cost: settings.poll_cost, requests_per_second: RUSH_RATE };
    // At some ten requests a task, they alone take 100 s.
    let limit = settings.limit() + 50.0;
    let job = Job { url: url.clone(), subject, tasks: RUSH, spread: 0.0, until: Until::Once, limit };
    let mut load = start(&job)?;
    let done = finish(&mut load)?;
    let stats = counters.of(&url)?.ok_or("the emulator tells no counters")?;
    Ok(Rush { done, refused: stats.refused(429) })
}

/// The load under way, against a server of its own where none was given.
struct Part {
    load: Oneself,
    url: String,
    _server: Option<Server>,
    /// Ends were told before this load began, of which no percentile can be taken away.
    earlier: bool,
    before: Option<Stats>,
}

impl Part {
    /// Returns when its measured part begins.
    fn start(
        settings: &Settings,
        counters: &Counters,
        subject: Subject,
        tasks: u32,
        spread: f64,
        until: Until,
    ) -> Result<Self, Box<dyn Error>> {
        let (url, server) = match &settings.base_url {
            Some(url) => (url.clone(), None),
            None => {
                let server = Server::start(&["--latency", &settings.latency, "--no-progress"])?;
                (format!("http://{}", server.addr), Some(server))
            }
        };
        let earlier = counters.of(&url)?.is_some_and(|stats| stats.lag_seconds.count > 0);
        let job = Job { url: url.clone(), subject, tasks, spread, until, limit: settings.limit() };
        let load = start(&job)?;
        let before = counters.of(&url)?;
        Ok(Self { load, url, _server: server, earlier, before })
    }

    fn finish(mut self, counters: &Counters) -> Result<Waiting, Box<dyn Error>> {
        let done = finish(&mut self.load)?;
        let after = counters.of(&self.url)?;
        Ok(Waiting::new(done, self.before.zip(after), self.earlier))
    }
}

/// The load in a process of its own, from the moment when it measures.
fn start(job: &Job) -> Result<Oneself, Box<dyn Error>> {
    let mut load = Oneself::start(&[LOAD_ARGUMENT, &serde_json::to_string(job)?])?;
    match load.line()?.as_str() {
        "measuring" => Ok(load),
        other => Err(format!("the load did not begin: it said {other:?}").into()),
    }
}

fn finish(load: &mut Oneself) -> Result<Done, Box<dyn Error>> {
    let done: Done = serde_json::from_str(&load.line()?).map_err(|error| format!("the load ended early: {error}"))?;
    if let Some(failure) = &done.first_failure {
        eprintln!("{} tasks could not be waited for; the first: {failure}", done.failed);
    }
    Ok(done)
}

/// The load itself.
pub(crate) fn load(job: &str) -> Result<(), Box<dyn Error>> {
    load::run(&serde_json::from_str(job)?)
}

/// Reads what an emulator counted.
struct Counters {
    runtime: Runtime,
    http: reqwest::Client,
}

impl Counters {
    fn new() -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, http: load::plain_http()? })
    }

    /// None where there are no counters, because the server is another one.
    fn of(&self, url: &str) -> Result<Option<Stats>, Box<dyn Error>> {
        let request = self.http.get(format!("{url}/_emulator/stats")).timeout(Duration::from_secs(10));
        self.runtime.block_on(async {
            let answer = request.send().await?;
            if !answer.status().is_success() {
                return Ok(None);
            }
            Ok(serde_json::from_slice(&answer.bytes().await?).ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_wrong_ones_named() {
        let settings = Settings::read(&[]).unwrap();
        assert!(settings.have_targets() && settings.median == Duration::from_secs(12));
        let settings = Settings::read(&["--base-url", "http://[::1]:80/a/", "--tasks", "7", "--json"]).unwrap();
        assert_eq!((settings.base_url.as_deref(), settings.tasks), (Some("http://[::1]:80/a"), 7));
        assert!(settings.json && !settings.have_targets());
        for (arguments, words) in [
            (&["--tasks", "0"][..], "above 0"),
            (&["--poll-cost", "NaN"], "above 0"),
            (&["--poll-cost"], "needs a value"),
            (&["--latency", "x"], "no latency"),
            (&["--base-url", "https://cloud.example"], "this machine only"),
            (&["--much"], "knows no --much"),
        ] {
            let message = Settings::read(arguments).err().unwrap().to_string();
            assert!(message.contains(words), "{arguments:?}: {message}");
        }
    }
}
