//! The one runtime of a process, for all its clients.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use spark_t2i::{Error, ErrorKind};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::process::PerProcess;
use crate::threads::starting;

static RUNTIME: PerProcess<Running> = PerProcess::empty();

struct Running {
    handle: Handle,
    /// Taken by the one who stops it.
    thread: Mutex<Option<Thread>>,
}

struct Thread {
    /// How long to wait for what blocks.
    stop: oneshot::Sender<Duration>,
    stopped: Receiver<()>,
}

/// The runtime of this process, started on first use: one thread, which is plenty for thousands of requests a second.
pub(crate) fn handle() -> Result<Handle, Error> {
    let running = RUNTIME.get_or_make(start)?;
    Ok(running.handle.clone())
}

fn start() -> Result<Running, Error> {
    let cannot = |error| Error::new(ErrorKind::Io, "the client's thread cannot be started").with_source(error);
    // It runs on a thread of its own, and not on workers: that takes a good deal less of a machine's time.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let handle = runtime.handle().clone();
    let (stop, to_stop) = oneshot::channel();
    let (tell, stopped) = mpsc::channel();
    let run = move || {
        let at_most = runtime.block_on(to_stop).unwrap_or_default();
        runtime.shutdown_timeout(at_most);
        // It is gone where nobody waits any more.
        _ = tell.send(());
    };
    starting(|| thread::Builder::new().name("spark-t2i".to_owned()).spawn(run)).map_err(cannot)?;
    Ok(Running { handle, thread: Mutex::new(Some(Thread { stop, stopped })) })
}

/// Ends every call of this process as cancelled, and the runtime with its thread; waits for that for `at_most`. For the
/// end of a program; a call that is made afterwards starts a new one. Nothing happens in a forked child that made no call.
pub fn shut_down(at_most: Duration) {
    if let Some(running) = RUNTIME.take() {
        let thread = running.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Thread { stop, stopped }) = thread
            && stop.send(at_most).is_ok()
        {
            _ = stopped.recv_timeout(at_most);
        }
    }
}
