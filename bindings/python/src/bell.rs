//! How the runtime tells an event loop that there is something for those who wait in it: by a pipe that the loop watches, so
//! that no other thread needs the interpreter for it.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;

/// The bell of one event loop, which calls `ring` whenever there is something to read from `fileno`.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Bell(Arc<Mutex<State>>);

struct State {
    /// The futures of those who wait for nothing any more.
    ready: Vec<Py<PyAny>>,
    /// Whether there is a byte in the pipe: never more than one, so that neither end ever blocks.
    pulled: bool,
    pull: PipeWriter,
    hear: PipeReader,
}

/// Tells one who waits in the event loop of a bell.
pub(crate) struct Rope {
    bell: Arc<Mutex<State>>,
    future: Py<PyAny>,
}

impl Rope {
    pub(crate) fn new(bell: &Bell, future: Py<PyAny>) -> Self {
        Self { bell: Arc::clone(&bell.0), future }
    }

    /// On any thread, attached to the interpreter or not.
    pub(crate) fn pull(self) {
        let mut state = self.bell.lock().unwrap_or_else(PoisonError::into_inner);
        state.ready.push(self.future);
        if !state.pulled {
            state.pulled = state.pull.write(&[0]).is_ok();
        }
    }
}

#[pymethods]
impl Bell {
    #[new]
    fn new() -> PyResult<Self> {
        if cfg!(not(unix)) {
            return Err(PyNotImplementedError::new_err("event loops watch no pipes here"));
        }
        let (hear, pull) = io::pipe()?;
        Ok(Self(Arc::new(Mutex::new(State { ready: Vec::new(), pulled: false, pull, hear }))))
    }

    #[cfg(unix)]
    fn fileno(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(&self.0.lock().unwrap_or_else(PoisonError::into_inner).hear)
    }

    /// Sets the results of their futures to none. In the event loop's thread.
    fn ring(&self, py: Python<'_>) -> PyResult<()> {
        let ready = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if mem::take(&mut state.pulled) {
                state.hear.read_exact(&mut [0])?;
            }
            mem::take(&mut state.ready)
        };
        for future in ready {
            // It was cancelled where nobody waits any more.
            if !future.call_method0(py, "done")?.is_truthy(py)? {
                future.call_method1(py, "set_result", (py.None(),))?;
            }
        }
        Ok(())
    }
}
