use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::builder::Builder;
use crate::routes::{self, Context};
use crate::service::Service;
use crate::{StartError, Stats};

/// Connections that wait to be accepted: a client may open a thousand at once.
const BACKLOG: u32 = 1024;
/// How long stopping waits for a picture that is being painted.
const LONGEST_STOP: Duration = Duration::from_millis(200);

/// A running emulator. It stops when it is dropped, from wherever: in an async function, too.
pub struct Emulator {
    url: String,
    addr: SocketAddr,
    service: Arc<Service>,
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

    /// Stops it, as dropping it does: closes all connections, and frees the address and the state file. Takes some
    /// milliseconds, at most a quarter of a second.
    pub fn stop(self) {}

    /// Serves on threads of its own, so that the caller's runtime, if there is one, has no part in it.
    pub(crate) fn run(addr: SocketAddr, service: Arc<Service>) -> Result<Self, StartError> {
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
                let listener = listener.tap_io(|stream| {
                    // Answers are small and wanted at once. A connection that refuses this works all the same.
                    _ = stream.set_nodelay(true);
                });
                runtime.spawn(axum::serve(listener, routes::router(context)).into_future());
                _ = report.send(Ok(addr));
                // Either way it is time to stop: told to, or forgotten.
                _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(LONGEST_STOP);
            })
            .map_err(StartError::Threads)?;
        let started = started.recv().unwrap_or_else(|_| Err(StartError::Threads(io::Error::other("the thread ended"))));
        // Made before a failure is returned: dropping it waits for the thread, which lets go of the state file.
        let emulator = |addr| Self { url: url_of(addr), addr, service, stop: Some(stop), thread: Some(thread) };
        match started {
            Ok(addr) => {
                let emulator = emulator(addr);
                tracing::info!(url = emulator.url, "the emulator accepts connections");
                Ok(emulator)
            }
            Err(error) => {
                drop(emulator(addr));
                Err(error)
            }
        }
    }
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
