//! The one runtime of a process, for all its clients.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use spark_t2i::{Error, ErrorKind};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::process::PerProcess;

static RUNTIME: PerProcess<Running> = PerProcess::empty();

struct Running {
    handle: Handle,
    /// Taken by the one who stops it.
    runtime: Mutex<Option<Runtime>>,
}

/// The runtime of this process, started on first use: one thread, which is plenty for thousands of requests a second.
pub(crate) fn handle() -> Result<Handle, Error> {
    let running = RUNTIME.get_or_make(|| {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("spark-t2i").enable_all().build().map_err(
                |error| Error::new(ErrorKind::Io, "the client's thread cannot be started").with_source(error),
            )?;
        Ok(Running { handle: runtime.handle().clone(), runtime: Mutex::new(Some(runtime)) })
    })?;
    Ok(running.handle.clone())
}

/// Ends every call of this process as cancelled, and the runtime with its thread; waits for that for `at_most`. For the
/// end of a program; a call that is made afterwards starts a new one. Nothing happens in a forked child that made no call.
pub fn shut_down(at_most: Duration) {
    if let Some(running) = RUNTIME.take() {
        let runtime = running.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(at_most);
        }
    }
}
