use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use spark_t2i_bridge::{Inbox, Pipe};

use crate::deliver::{COURIER, Parcel};

/// Tells those who wait in one event loop that there is something for them: by a pipe that the loop watches, so that no other
/// thread needs the interpreter for it; or by the courier, where loops watch none.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Bell {
    /// The futures of those who wait for nothing any more.
    ready: Inbox<Py<PyAny>>,
    pipe: Option<Pipe>,
}

/// Tells one of them. On any thread, attached to the interpreter or not.
pub(crate) fn pull(bell: Py<Bell>, event_loop: Py<PyAny>, future: Py<PyAny>) {
    if bell.get().ready.put(future) {
        match &bell.get().pipe {
            Some(pipe) => pipe.ring(),
            None => COURIER.send(Parcel::Ring { event_loop, bell }),
        }
    }
}

#[pymethods]
impl Bell {
    #[new]
    fn new(by_pipe: bool) -> PyResult<Self> {
        Ok(Self { ready: Inbox::new(), pipe: if by_pipe { Some(Pipe::new()?) } else { None } })
    }

    /// What the loop watches.
    fn fileno(&self) -> PyResult<i32> {
        match &self.pipe {
            #[cfg(unix)]
            Some(pipe) => Ok(std::os::fd::AsRawFd::as_raw_fd(pipe.hear())),
            _ => Err(PyNotImplementedError::new_err("event loops watch no pipes here")),
        }
    }

    /// Sets the results of their futures to none. In the event loop's thread.
    fn ring(&self, py: Python<'_>) -> PyResult<()> {
        self.pipe.as_ref().map_or(Ok(()), Pipe::hush)?;
        for future in self.ready.take() {
            // It was cancelled where nobody waits any more.
            if !future.call_method0(py, "done")?.is_truthy(py)? {
                future.call_method1(py, "set_result", (py.None(),))?;
            }
        }
        Ok(())
    }
}
