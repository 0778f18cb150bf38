use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::builder::Builder;
use crate::connection::{Door, Wire};
use crate::routes::{self, Context};
use crate::scenario::{self, Cases, ScenarioError, Side, Stage, Verdict};
use crate::service::Service;
use crate::{Fault, StartError, Stats};

/// Connections that wait to be accepted: a client may open a thousand at once.
const BACKLOG: u32 = 1024;
/// How long stopping waits for a picture that is being painted.
const LONGEST_STOP: Duration = Duration::from_millis(200);

/// A running emulator. It stops when it is dropped, from wherever: in an async function, too.
pub struct Emulator {
    url: String,
    addr: SocketAddr,
    service: Arc<Service>,
    stage: Option<Arc<Stage>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts one with the defaults: on a free port of 127.0.0.1, with a latency of two seconds, taking any key.
    ///
    /// # Errors
    /// When the system gives no port or no threads.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Offers every option.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base URL for a client, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that is listened on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it has seen so far; the same as `GET /_emulator/stats`.
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// The faults that are set, in their order; the same as `GET /_emulator/faults`.
    pub fn faults(&self) -> Vec<Fault> {
        self.service.faults.all()
    }

    /// Sets these faults in place of all others, for the requests that arrive from now on; the same as
    /// `POST /_emulator/faults`. With [`Builder::seed`] they strike as at any other time that they are set.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.service.faults.set(faults.into_iter().collect());
    }

    /// Sets no faults; the same as `DELETE /_emulator/faults`.
    pub fn clear_faults(&self) {
        self.set_faults([]);
    }

    /// The names of the scenarios; none without [`Builder::scenarios`].
    pub fn scenarios(&self) -> Vec<&str> {
        self.stage.as_ref().map(|stage| stage.names()).unwrap_or_default()
    }

    /// The case of a scenario as its runner needs it, with every address and key filled in; the same as
    /// `GET /scenarios/NAME`. `label` is the scenario's name, or `NAME@RUN` for a run with a state of its own.
    ///
    /// # Errors
    /// When there is no such scenario, or it cannot be served.
    pub fn scenario(&self, label: &str) -> Result<Value, ScenarioError> {
        self.stage(label)?.case(label)
    }

    /// Whether a run of a scenario went as expected: its requests, and the outcome where there is one; the same as
    /// `GET` or `POST /scenarios/NAME/verdict`.
    ///
    /// # Errors
    /// As [`scenario`](Self::scenario).
    pub fn verdict(&self, label: &str, outcome: Option<&Value>) -> Result<Verdict, ScenarioError> {
        self.stage(label)?.verdict(label, outcome)
    }

    fn stage(&self, label: &str) -> Result<&Arc<Stage>, ScenarioError> {
        self.stage.as_ref().ok_or_else(|| ScenarioError::Unknown(spark_t2i_core::printable(label, 200)))
    }

    /// Stops it, as dropping it does: closes all connections, and frees the address and the state file. Takes some
    /// milliseconds, at most a quarter of a second.
    pub fn stop(self) {}

    /// Serves on threads of its own, so that the caller's runtime, if there is one, has no part in it.
    pub(crate) fn run(addr: SocketAddr, service: Arc<Service>, cases: Option<Cases>) -> Result<Self, StartError> {
        let (report, started) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&service);
        let thread = thread::Builder::new()
            .name("spark-t2i-emulator".to_owned())
            .spawn(move || {
                let (runtime, listener, addr) = match listen(addr) {
                    Ok(started) => started,
                    Err(error) => {
                        // Nobody waits for it only if the caller's thread is gone.
                        _ = report.send(Err(error));
                        return;
                    }
                };
                let context = Context { service: shared, own_url: url_of(addr).into() };
                let mut router = routes::router(context);
                let stage = match cases.map(|cases| set_stage(cases, addr, &runtime)).transpose() {
                    Ok(stage) => stage,
                    Err(error) => {
                        _ = report.send(Err(error));
                        return;
                    }
                };
                if let Some(stage) = &stage {
                    router = router.merge(scenario::routes(Arc::downgrade(stage), Side::Main));
                }
                runtime.spawn(serve(listener, router));
                _ = report.send(Ok((addr, stage)));
                // Either way it is time to stop: told to, or forgotten.
                _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(LONGEST_STOP);
            })
            .map_err(StartError::Threads)?;
        let started = started.recv().unwrap_or_else(|_| Err(StartError::Threads(io::Error::other("the thread ended"))));
        // Made before a failure is returned: dropping it waits for the thread, which lets go of the state file.
        let emulator =
            |addr, stage| Self { url: url_of(addr), addr, service, stage, stop: Some(stop), thread: Some(thread) };
        match started {
            Ok((addr, stage)) => {
                let emulator = emulator(addr, stage);
                tracing::info!(url = emulator.url, "the emulator accepts connections");
                Ok(emulator)
            }
            Err(error) => {
                drop(emulator(addr, None));
                Err(error)
            }
        }
    }
}

async fn serve(listener: TcpListener, router: Router) {
    let service = router.into_make_service_with_connect_info::<Wire>();
    // It ends only with the runtime.
    _ = axum::serve(Door(listener), service).await;
}

/// Makes the scenarios ready, with the second origin that they lead to.
fn set_stage(cases: Cases, addr: SocketAddr, runtime: &Runtime) -> Result<Arc<Stage>, StartError> {
    let second = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener =
        runtime.block_on(TcpListener::bind(second)).map_err(|source| StartError::Listen { address: second, source })?;
    let second = listener.local_addr().map_err(|source| StartError::Listen { address: second, source })?;
    let stage = Arc::new(Stage::new(cases, url_of(addr), url_of(second), runtime.handle().clone()));
    runtime.spawn(serve(listener, scenario::routes(Arc::downgrade(&stage), Side::Elsewhere)));
    Ok(stage)
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It is gone only if the thread is.
            _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the emulator's thread panicked");
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url).finish_non_exhaustive()
    }
}

fn listen(addr: SocketAddr) -> Result<(Runtime, TcpListener, SocketAddr), StartError> {
    let threads = thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        // These paint: more at once would be no faster, and each holds a picture in memory.
        .max_blocking_threads(threads)
        .thread_name("spark-t2i-emulator")
        .enable_all()
        .build()
        .map_err(StartError::Threads)?;
    let bound = runtime.block_on(async {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // So that a restart gets the port of the run before; on Windows this would let two share it.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        let listener = socket.listen(BACKLOG)?;
        let addr = listener.local_addr()?;
        io::Result::Ok((listener, addr))
    });
    match bound {
        Ok((listener, addr)) => Ok((runtime, listener, addr)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(StartError::AddressInUse(addr)),
        Err(source) => Err(StartError::Listen { address: addr, source }),
    }
}

/// The URL that leads to an address; to one that stands for all of a machine's, by loopback.
fn url_of(addr: SocketAddr) -> String {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, addr.port()))
}
