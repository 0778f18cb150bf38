//! One conversation with the service: what all commands that call it share.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use spark_t2i::{Charged, Client, DEFAULT_BASE_URL, Error, ErrorKind, TaskId, printable};
use spark_t2i_emulator::Emulator;
use tokio::runtime::{self, Runtime};

use crate::arguments::ServiceOptions;
use crate::output::Output;
use crate::progress::Progress;
use crate::stop;

const KEY_VARIABLE: &str = "SPARK_T2I_API_KEY";
const BASE_URL_VARIABLE: &str = "SPARK_T2I_BASE_URL";
/// The emulator takes any key. This one is no part of an id or a URL: the client hides the key wherever it turns up.
const EMBEDDED_KEY: &str = "key-of-the-embedded-emulator";
/// No key is so long; a wrong file may be.
const MOST_KEY_BYTES: u64 = 16 << 10;
/// How long a stopped program waits for what it cannot stop, such as a name that is being looked up.
const LONGEST_STOP: Duration = Duration::from_millis(200);

pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) output: Output,
    pub(crate) progress: Progress,
    started: Instant,
    timeout: Duration,
    /// From the moment that it is known.
    task_id: RefCell<Option<TaskId>>,
    /// Dropped last: the client speaks to it.
    emulator: Option<Emulator>,
}

impl Session {
    /// Makes the client; with `local` it speaks to an emulator inside this process. Nothing is sent yet.
    pub(crate) fn open(options: &ServiceOptions, local: bool, output: Output) -> Result<Self, Error> {
        let mut client = Client::builder()
            .wait_timeout(options.wait_timeout)
            .max_requests_per_second(options.max_requests_per_second)
            .user_agent_suffix(concat!("cli/", env!("CARGO_PKG_VERSION")));
        if let Some(interval) = options.poll_interval {
            client = client.poll_interval(interval);
        }
        let mut emulator = None;
        if local {
            let started = Emulator::start().map_err(|error| {
                Error::new(ErrorKind::Io, format!("the embedded emulator did not start: {error}")).with_source(error)
            })?;
            client = client.api_key(EMBEDDED_KEY).base_url(started.url());
            emulator = Some(started);
        } else {
            client = client.api_key(key(options)?);
            let url = options.base_url.clone().or_else(|| variable(BASE_URL_VARIABLE));
            if let Some(profile) = latency_profile(url.as_deref()).filter(|_| !options.no_latency_profile) {
                client = client.latency_profile(profile);
            }
            if let Some(url) = url {
                client = client.base_url(url);
            }
        }
        let client = client.build()?;
        Ok(Self {
            progress: Progress::new(output, &client),
            client,
            output,
            started: Instant::now(),
            timeout: options.wait_timeout,
            task_id: RefCell::new(None),
            emulator,
        })
    }

    /// Does the work until it is done or Ctrl-C stops it, which is an error of kind `cancelled`.
    pub(crate) fn run<T>(&self, work: impl AsyncFnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        let runtime = runtime()?;
        let done = runtime.block_on(async {
            let stop = stop::requested().map_err(no_runtime)?;
            Ok(match select(pin!(work(self)), pin!(stop)).await {
                Either::Left((done, _)) => Some(done),
                Either::Right(_) => None,
            })
        });
        // Now the work is dropped, and the client knows whether a submit was under way.
        self.progress.clear();
        runtime.shutdown_timeout(LONGEST_STOP);
        done.and_then(|done| done.unwrap_or_else(|| Err(self.stopped())))
    }

    /// Notes the id, for the case that the program is stopped.
    pub(crate) fn knows(&self, id: &TaskId) {
        *self.task_id.borrow_mut() = Some(id.clone());
    }

    pub(crate) fn is_local(&self) -> bool {
        self.emulator.is_some()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What is left of `--wait-timeout`, which is for the whole.
    pub(crate) fn remaining(&self) -> Duration {
        self.timeout.saturating_sub(self.elapsed())
    }

    /// The work's result, or an error when the time is over before.
    pub(crate) async fn within_deadline<T>(
        &self,
        id: &TaskId,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::time::timeout(self.remaining(), work).await.unwrap_or_else(|_| {
            let message = format!("the image of task {id} was not fetched in time; it can be fetched again");
            Err(Error::new(ErrorKind::Timeout, message).with_charged(Charged::Yes).with_task_id(id))
        })
    }

    fn stopped(&self) -> Error {
        let stopped = |message: String| Error::new(ErrorKind::Cancelled, message);
        match &*self.task_id.borrow() {
            Some(id) if self.is_local() => {
                let message = format!("stopped; task {id} ends with the embedded emulator");
                stopped(message).with_charged(Charged::No).with_retryable(false).with_task_id(id)
            }
            Some(id) => stopped(format!("stopped; task {id} goes on at the service")).with_task_id(id),
            None if self.client.stats().outcomes_unknown > 0 => stopped(
                "stopped while the request was under way: the service may have taken (and charged) it; look at the \
                 account before submitting it again"
                    .to_owned(),
            )
            .with_retryable(false),
            None => stopped("stopped before anything was submitted".to_owned()).with_charged(Charged::No),
        }
    }
}

/// A runtime on this thread alone: there is one thing to wait for.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)
}

fn no_runtime(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the system gives no means to wait for a network: {error}")).with_source(error)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where it is kept how long the tasks of a service take; nowhere for a system without a cache folder. An embedded emulator
/// has none: it is new each time.
fn latency_profile(base_url: Option<&str>) -> Option<PathBuf> {
    let url = base_url.unwrap_or(DEFAULT_BASE_URL);
    // By the host alone: a server on this machine has another port each time.
    let host = url.split("://").last()?.split(['/', '@', ':', '?', '#']).next()?;
    let is_plain = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let host = if is_plain { host } else { "other" };
    Some(dirs::cache_dir()?.join("spark-t2i").join(format!("latency-{host}.json")))
}

/// The key in the file that was named, or in the environment.
fn key(options: &ServiceOptions) -> Result<String, Error> {
    match &options.api_key_file {
        Some(path) => key_in(path),
        None => variable(KEY_VARIABLE).ok_or_else(|| Error::new(ErrorKind::Authentication, "no API key")),
    }
}

/// The key in a file, without the line break that editors add.
pub(crate) fn key_in(path: &Path) -> Result<String, Error> {
    let shown = printable(&path.to_string_lossy(), 300);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MOST_KEY_BYTES + 1).read_to_end(&mut bytes)).map_err(|error| {
        Error::new(ErrorKind::Io, format!("the API key cannot be read from {shown}: {error}")).with_source(error)
    })?;
    let wrong = |why: &str| Error::new(ErrorKind::Authentication, format!("{shown} holds no API key: {why}"));
    if bytes.len() as u64 > MOST_KEY_BYTES {
        return Err(wrong("it is longer than any key"));
    }
    // The conversion's error would hold the bytes.
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is no text"))?;
    let key = text.strip_suffix('\n').unwrap_or(&text);
    let key = key.strip_suffix('\r').unwrap_or(key);
    if key.is_empty() { Err(wrong("it is empty")) } else { Ok(key.to_owned()) }
}
