//! Scenarios: scripted services that misbehave as told, and judge what their clients did.
//!
//! `tests/conformance/README.md` says how to write one and how to run them from any language.

mod answer;
mod case;
mod compare;
mod gate;
mod placeholder;
mod play;
mod routes;
mod run;
mod secure;
mod slow;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
use rand::RngExt;
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use spark_t2i_core::wire::{CREATE_PATH, ESTIMATE_PATH, TASK_PATH};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::error::StartError;
use case::{Case, Kind};
use placeholder::Values;
use run::Run;
use slow::Slowness;

pub(crate) use routes::{Side, routes};
pub use run::Verdict;

/// Where scenarios are served.
const PATH: &str = "/scenarios/";
/// The most runs that are kept; the oldest go first.
const MOST_RUNS: usize = 10_000;
/// The longest label of a run.
const LONGEST_LABEL: usize = 200;

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// There is none of this name.
    #[error("there is no scenario \"{0}\": a run is called NAME or NAME@RUN, and GET /scenarios lists the names")]
    Unknown(String),
    /// It needs an address of its own, which could not be had.
    #[error("the scenario {name} cannot be served: {reason}")]
    Unservable {
        /// The scenario.
        name: String,
        /// What was in the way.
        reason: String,
    },
}

/// The scenarios of a folder.
#[derive(Debug, Default)]
pub(crate) struct Cases(BTreeMap<String, (Case, Value)>);

impl Cases {
    /// Reads every `*.json` file of a folder.
    ///
    /// # Errors
    /// When the folder has none, or one cannot be read or is no scenario.
    pub(crate) fn load(folder: &Path) -> Result<Self, StartError> {
        let unreadable = |path: &Path, reason: String| StartError::Scenario { path: path.to_owned(), reason };
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error.to_string()))?;
        let mut cases = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, error.to_string()))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            if !is_name(&name) {
                return Err(unreadable(&path, "the name has other characters than a-z, 0-9 and -".to_owned()));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error.to_string()))?;
            let (case, raw) = Case::read(&name, &text).map_err(|reason| unreadable(&path, reason))?;
            // What a run would find wrong is found now.
            Run::new(&case, &raw, Values::default()).map_err(|reason| unreadable(&path, reason))?;
            cases.insert(name, (case, raw));
        }
        if cases.is_empty() {
            return Err(unreadable(folder, "it holds no scenario (*.json)".to_owned()));
        }
        Ok(Self(cases))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What a run holds besides its state, and lets go of with it.
#[derive(Debug)]
struct Running {
    run: Arc<Run>,
    _sockets: Vec<Socket>,
    server: Option<AbortHandle>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// All scenarios and their runs.
#[derive(Debug)]
pub(crate) struct Stage {
    cases: Cases,
    own_url: String,
    /// The second origin.
    elsewhere_url: String,
    handle: Handle,
    runs: Mutex<Runs>,
}

#[derive(Debug, Default)]
struct Runs {
    by_label: HashMap<String, Arc<Running>>,
    oldest_first: VecDeque<String>,
}

impl Stage {
    pub(crate) fn new(cases: Cases, own_url: String, elsewhere_url: String, handle: Handle) -> Self {
        Self { cases, own_url, elsewhere_url, handle, runs: Mutex::default() }
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.cases.0.keys().map(String::as_str).collect()
    }

    /// The case of a run as a runner needs it; the run begins when it is first asked for.
    pub(crate) fn case(self: &Arc<Self>, label: &str) -> Result<Value, ScenarioError> {
        self.case_for(label, Slowness::default())
    }

    /// The same for a program that is so slow, from the beginning of its run.
    fn case_for(self: &Arc<Self>, label: &str, slowness: Slowness) -> Result<Value, ScenarioError> {
        self.run(label, slowness).map(|run| run.filled.clone())
    }

    pub(crate) fn verdict(self: &Arc<Self>, label: &str, outcome: Option<&Value>) -> Result<Verdict, ScenarioError> {
        self.run(label, Slowness::default()).map(|run| run.judge(outcome))
    }

    fn run(self: &Arc<Self>, label: &str, slowness: Slowness) -> Result<Arc<Run>, ScenarioError> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = runs.by_label.get(label) {
            return Ok(Arc::clone(&running.run));
        }
        let unknown = || ScenarioError::Unknown(spark_t2i_core::printable(label, LONGEST_LABEL));
        let (name, suffix) = label.split_once('@').unwrap_or((label, "0"));
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if label.len() > LONGEST_LABEL || suffix.is_empty() || !suffix.bytes().all(is_safe) {
            return Err(unknown());
        }
        let (case, raw) = self.cases.0.get(name).ok_or_else(unknown)?;
        let running = self
            .begin(case, raw, label, slowness)
            .map_err(|reason| ScenarioError::Unservable { name: name.to_owned(), reason: reason.to_string() })?;
        let run = Arc::clone(&running.run);
        if runs.oldest_first.len() >= MOST_RUNS
            && let Some(oldest) = runs.oldest_first.pop_front()
        {
            runs.by_label.remove(&oldest);
        }
        runs.oldest_first.push_back(label.to_owned());
        runs.by_label.insert(label.to_owned(), Arc::new(running));
        Ok(run)
    }

    fn begin(
        self: &Arc<Self>,
        case: &Case,
        raw: &Value,
        label: &str,
        slowness: Slowness,
    ) -> Result<Running, Box<dyn std::error::Error>> {
        let listen = &case.server.listen;
        let prefix = format!("{PATH}{label}");
        let mut values = Values {
            base_url: format!("{}{prefix}", self.own_url),
            elsewhere: format!("{}{prefix}", self.elsewhere_url),
            // Long enough to be a secret for every client, and in no other text.
            key: format!("key-canary-{:016x}", rand::rng().random::<u64>()),
            ca_bundle_pem: String::new(),
            slowness,
        };
        if !listen.is_special() {
            return Ok(Running { run: Arc::new(Run::new(case, raw, values)?), _sockets: Vec::new(), server: None });
        }
        let (socket, addr) = loopback_socket()?;
        let mut sockets = Vec::new();
        let scheme = if listen.tls.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        values.base_url = format!("{scheme}:{}{prefix}", addr.port());
        let identity = listen.tls.map(|certificate| secure::Identity::new(certificate, slowness)).transpose()?;
        if let Some(identity) = &identity {
            values.ca_bundle_pem.clone_from(&identity.ca_bundle_pem);
        }
        let run = Arc::new(Run::new(case, raw, values)?);
        if listen.refused {
            // Bound, so that nobody else gets the port, and never listened on.
            return Ok(Running { run, _sockets: vec![socket], server: None });
        }
        if listen.unanswered {
            sockets = full_queue(socket, addr)?;
            return Ok(Running { run, _sockets: sockets, server: None });
        }
        socket.listen(1024)?;
        let listener = {
            let _in_runtime = self.handle.enter();
            tokio::net::TcpListener::from_std(socket.into())?
        };
        let server = match identity {
            Some(identity) => self.handle.spawn(identity.serve(listener, Arc::clone(&run), prefix)),
            None => {
                let gate = gate::Gate::new(listener, listen.connections.clone());
                let app = routes(Arc::downgrade(self), Side::Main);
                self.handle.spawn(async move {
                    // It ends only by being aborted.
                    _ = gate::serve(gate, app).await;
                })
            }
        };
        Ok(Running { run, _sockets: sockets, server: Some(server.abort_handle()) })
    }
}

/// A socket with a free port of 127.0.0.1.
fn loopback_socket() -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let addr = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok((socket, addr))
}

/// Listens with a queue that is full already: the system drops whoever comes next, and never answers.
fn full_queue(socket: Socket, addr: SocketAddr) -> io::Result<Vec<Socket>> {
    socket.listen(0)?;
    let mut sockets = vec![socket];
    for _ in 0..4 {
        let waiting = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        waiting.set_nonblocking(true)?;
        // It is under way, or waits in the queue.
        _ = waiting.connect(&addr.into());
        sockets.push(waiting);
    }
    Ok(sockets)
}

/// What a request under a scenario's base URL is for.
fn kind_of(method: &Method, path: &str, elsewhere: bool) -> Kind {
    let path = path.split('?').next().unwrap_or_default();
    match *method {
        _ if elsewhere => Kind::Elsewhere,
        Method::POST if path == CREATE_PATH => Kind::Create,
        Method::POST if path == ESTIMATE_PATH => Kind::Estimate,
        Method::GET if path.starts_with(TASK_PATH) => Kind::Status,
        Method::GET if path.starts_with("/image") => Kind::Image,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_known_by_method_and_path() {
        for (method, path, kind) in [
            (Method::POST, "/model/v1/generation", Kind::Create),
            (Method::GET, "/model/v1/generation", Kind::Other),
            (Method::POST, "/model/v1/generation/", Kind::Other),
            (Method::POST, "/model/v1/generation/precharge", Kind::Estimate),
            (Method::GET, "/model/v1/generation/task/a?x=1", Kind::Status),
            (Method::GET, "/images/a.png", Kind::Image),
            (Method::POST, "/image", Kind::Other),
        ] {
            assert_eq!(kind_of(&method, path, false), kind, "{method} {path}");
            assert_eq!(kind_of(&method, path, true), Kind::Elsewhere);
        }
    }
}
