//! The process that is measured: one client, or one bare loop, with many tasks under way.

use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use spark_t2i::{Client, Request};
use spark_t2i_core::wire;
use tokio::task::JoinSet;

use crate::server::{cpu_seconds, memory};

const PROMPT: &str = "a red fox in the snow";
/// Any key will do: it goes to this machine only.
const KEY: &str = "bench-poll";

/// What the process does.
#[derive(Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) url: String,
    pub(super) subject: Subject,
    pub(super) tasks: u32,
    /// Seconds over which the first tasks begin, evenly.
    pub(super) spread: f64,
    pub(super) until: Until,
    /// Seconds after which the measured part ends at the latest.
    pub(super) limit: f64,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Subject {
    Client { poll_cost: f64, requests_per_second: f64 },
    Bare { interval: f64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum Until {
    /// Each task is done once, and all are measured.
    Once,
    /// Each task that ends is followed by another, and what comes after so many seconds is measured.
    Requests { warm_up: f64, count: u64 },
    /// As before.
    Completions { warm_up: f64, count: u64 },
}

/// What came of it, in the measured part.
#[derive(Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) seconds: f64,
    /// All requests.
    pub(super) requests: u64,
    pub(super) status_requests: u64,
    pub(super) completed: u64,
    /// Those of the warm-up too.
    pub(super) failed: u64,
    pub(super) first_failure: Option<String>,
    /// Mean and 95th percentile by the load's own account, those of the warm-up too.
    pub(super) lag: Option<(f64, f64)>,
    pub(super) cpu_seconds: Option<f64>,
    /// Bytes resident before the first task.
    pub(super) resident_before: Option<u64>,
    /// And at the end, with the tasks under way.
    pub(super) resident: Option<u64>,
    pub(super) peak: Option<u64>,
}

/// Does the job; says a line when the measured part begins, and what came of it when it ends.
pub(super) fn run(job: &Job) -> Result<(), Box<dyn Error>> {
    // One thread for everything, as in the loop that it is compared with.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = match &job.subject {
        Subject::Client { poll_cost, requests_per_second } => {
            runtime.block_on(measure(job, Ours::new(&job.url, *poll_cost, *requests_per_second)?))?
        }
        Subject::Bare { interval } => runtime.block_on(measure(job, Bare::new(&job.url, *interval)?))?,
    };
    say(&serde_json::to_string(&done)?)?;
    // Thousands of tasks under way need not be ended one by one.
    std::process::exit(0)
}

fn say(line: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

/// Something that submits a task and waits for its end.
trait Waiter: Clone + Send + 'static {
    fn one(&self) -> impl Future<Output = Result<(), String>> + Send;
    /// Requests sent so far, of any kind and for the state of a task.
    fn sent(&self) -> (u64, u64);
    /// Mean and 95th percentile of the lag so far, in seconds, where it is known on this side.
    fn lag(&self) -> Option<(f64, f64)> {
        None
    }
}

#[derive(Clone)]
struct Ours {
    client: Client,
    request: Request,
}

impl Ours {
    fn new(url: &str, poll_cost: f64, requests_per_second: f64) -> Result<Self, Box<dyn Error>> {
        let builder = Client::builder().api_key(KEY).base_url(url).max_requests_per_second(requests_per_second);
        let builder = builder.poll_cost(poll_cost);
        Ok(Self { client: builder.build()?, request: Request::new(PROMPT) })
    }
}

impl Waiter for Ours {
    async fn one(&self) -> Result<(), String> {
        let task = self.client.submit(&self.request).await.map_err(|error| error.to_string())?;
        task.wait().await.map_err(|error| error.to_string())?;
        Ok(())
    }

    fn sent(&self) -> (u64, u64) {
        let stats = self.client.stats();
        (stats.requests(), stats.status_requests)
    }

    fn lag(&self) -> Option<(f64, f64)> {
        let lag = self.client.stats().lag_seconds;
        lag.mean.zip(lag.p95)
    }
}

/// What one writes without a library: no limits, no deadlines, no retries, a fixed interval.
#[derive(Clone)]
struct Bare(Arc<Loop>);

struct Loop {
    http: reqwest::Client,
    url: String,
    body: String,
    interval: Duration,
    creates: AtomicU64,
    looks: AtomicU64,
}

impl Bare {
    fn new(url: &str, interval: f64) -> Result<Self, Box<dyn Error>> {
        Ok(Self(Arc::new(Loop {
            http: plain_http()?,
            url: url.to_owned(),
            body: wire::create_body(&Request::new(PROMPT)),
            interval: Duration::from_secs_f64(interval),
            creates: AtomicU64::new(0),
            looks: AtomicU64::new(0),
        })))
    }
}

/// As one makes it without a thought, but for one version of HTTP and no proxy.
pub(super) fn plain_http() -> Result<reqwest::Client, Box<dyn Error>> {
    // reqwest is built without a TLS provider of its own; a second setting of it changes nothing.
    _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().http1_only().build()?)
}

impl Loop {
    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<serde_json::Value, Box<dyn Error + Send + Sync>> {
        let answer = request.bearer_auth(KEY).send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }

    async fn one(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.creates.fetch_add(1, Ordering::Relaxed);
        let create = self.http.post(format!("{}{}", self.url, wire::CREATE_PATH));
        let task = self.exchange(create.header("content-type", "application/json").body(self.body.clone())).await?;
        let path = format!("{}{}{}", self.url, wire::TASK_PATH, task["id"].as_str().ok_or("no id")?);
        loop {
            tokio::time::sleep(self.interval).await;
            self.looks.fetch_add(1, Ordering::Relaxed);
            let task = self.exchange(self.http.get(&path)).await?;
            match task["status"].as_str() {
                Some("completed") => return Ok(()),
                Some("failed") => return Err("the task failed".into()),
                _ => {}
            }
        }
    }
}

impl Waiter for Bare {
    async fn one(&self) -> Result<(), String> {
        self.0.one().await.map_err(|error| error.to_string())
    }

    fn sent(&self) -> (u64, u64) {
        let (creates, looks) = (self.0.creates.load(Ordering::Relaxed), self.0.looks.load(Ordering::Relaxed));
        (creates + looks, looks)
    }
}

#[derive(Default)]
struct Outcomes {
    completed: AtomicU64,
    failed: AtomicU64,
    first_failure: Mutex<Option<String>>,
}

async fn measure(job: &Job, waiter: impl Waiter) -> Result<Done, Box<dyn Error>> {
    let resident_before = memory("self", "VmRSS:");
    let outcomes = Arc::new(Outcomes::default());
    let once = matches!(job.until, Until::Once);
    let mut tasks = JoinSet::new();
    for number in 0..job.tasks {
        let delay = Duration::from_secs_f64(job.spread * f64::from(number) / f64::from(job.tasks));
        tasks.spawn(keep_waiting(waiter.clone(), Arc::clone(&outcomes), delay, once));
    }
    let (warm_up, requests, completions) = match job.until {
        Until::Once => (0.0, u64::MAX, u64::MAX),
        Until::Requests { warm_up, count } => (warm_up, count, u64::MAX),
        Until::Completions { warm_up, count } => (warm_up, u64::MAX, count),
    };
    tokio::time::sleep(Duration::from_secs_f64(warm_up)).await;
    let (begin, cpu, sent) = (Instant::now(), cpu_seconds(), waiter.sent());
    let completed = outcomes.completed.load(Ordering::Relaxed);
    say("measuring")?;
    loop {
        let since = |now: u64, then: u64| now.saturating_sub(then);
        let now = waiter.sent();
        let done = Done {
            seconds: begin.elapsed().as_secs_f64(),
            requests: since(now.0, sent.0),
            status_requests: since(now.1, sent.1),
            completed: since(outcomes.completed.load(Ordering::Relaxed), completed),
            failed: outcomes.failed.load(Ordering::Relaxed),
            first_failure: None,
            lag: None,
            cpu_seconds: None,
            resident_before,
            resident: None,
            peak: None,
        };
        let all = once && done.completed + done.failed == u64::from(job.tasks);
        if all || done.requests >= requests || done.completed >= completions || done.seconds >= job.limit {
            return Ok(Done {
                cpu_seconds: cpu_seconds().zip(cpu).map(|(now, then)| now - then),
                resident: memory("self", "VmRSS:"),
                lag: waiter.lag(),
                peak: memory("self", "VmHWM:"),
                first_failure: outcomes.first_failure.lock().unwrap_or_else(PoisonError::into_inner).take(),
                ..done
            });
        }
        // So seldom that the looking costs next to nothing.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn keep_waiting(waiter: impl Waiter, outcomes: Arc<Outcomes>, delay: Duration, once: bool) {
    tokio::time::sleep(delay).await;
    loop {
        match waiter.one().await {
            Ok(()) => {
                outcomes.completed.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                outcomes.failed.fetch_add(1, Ordering::Relaxed);
                outcomes.first_failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                // Where something is wrong, no storm of requests is to be measured.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        if once {
            return;
        }
    }
}
