use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use spark_t2i_bridge::{self as bridge, AnyCall, Step};

use crate::convert::{argument, guarded, raise, to_python};
use crate::deliver::{COURIER, Parcel, flush_logs, follow_logger};

/// How long a blocking call waits before it looks for Ctrl-C.
const SLICE: Duration = Duration::from_millis(50);

/// Threads of Python that wait in here.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Waits until no thread waits in here any more, for `at_most`. Not to be called while attached to the interpreter.
pub(crate) fn all_returned(at_most: Duration) {
    let until = Instant::now() + at_most;
    while WAITING.load(Ordering::Acquire) > 0 && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
}

struct Waiting;

impl Waiting {
    fn begin() -> Self {
        WAITING.fetch_add(1, Ordering::AcqRel);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A call under way. Dropping it cancels it.
#[pyclass(frozen, subclass, module = "spark_t2i._native")]
pub(crate) struct Call(Arc<dyn AnyCall>);

/// An item, or the result of the end.
enum Found {
    Item(Py<PyAny>),
    Result(Py<PyAny>),
}

impl Call {
    pub(crate) fn new(py: Python<'_>, call: impl AnyCall + 'static) -> PyResult<Self> {
        follow_logger(py)?;
        Ok(Self(Arc::new(call)))
    }

    fn found(py: Python<'_>, step: Step<bridge::Value, bridge::Value>) -> PyResult<Option<Found>> {
        Ok(Some(match step {
            Step::Pending => return Ok(None),
            Step::Item(item) => Found::Item(to_python(py, item)?.unbind()),
            Step::Done(Ok(result)) => Found::Result(to_python(py, result)?.unbind()),
            Step::Done(Err(error)) => return Err(raise(py, &error)),
        }))
    }

    /// The next step, waited for with an eye on Ctrl-C.
    fn step(&self, py: Python<'_>) -> PyResult<Found> {
        let _waiting = Waiting::begin();
        loop {
            let step = guarded(py, || Ok(py.detach(|| self.0.wait(SLICE))))?;
            match Self::found(py, step)? {
                Some(found) => return Ok(found),
                None => py.check_signals()?,
            }
        }
    }
}

#[pymethods]
impl Call {
    /// The ids of the tasks that it is after now, as far as they are known.
    #[getter]
    fn task_ids(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.0.task_ids().iter().map(ToString::to_string).collect())
    }

    /// Waits for the end; every item before it goes to `on_item`.
    #[pyo3(signature = (on_item = None))]
    fn result(&self, py: Python<'_>, on_item: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let result = loop {
            match (self.step(py), on_item) {
                (Ok(Found::Item(item)), Some(on_item)) => _ = on_item.call1((item,))?,
                (Ok(Found::Item(_)), None) => {}
                (Ok(Found::Result(result)), _) => break Ok(result),
                (Err(error), _) => break Err(error),
            }
        };
        flush_logs(py);
        result
    }

    /// Waits for the next item; `StopIteration` at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.step(py)? {
            Found::Item(item) => Ok(item),
            Found::Result(_) => Err(PyStopIteration::new_err(())),
        }
    }

    /// What there is now: none, `(False, item)`, or `(True, result)`.
    fn poll(&self, py: Python<'_>) -> PyResult<Option<(bool, Py<PyAny>)>> {
        let step = guarded(py, || Ok(py.detach(|| self.0.take())))?;
        Ok(Self::found(py, step)?.map(|found| match found {
            Found::Item(item) => (false, item),
            Found::Result(result) => (true, result),
        }))
    }

    /// Sets the result of `future`, which is one of `event_loop`, to none as soon as there is something.
    fn wake(&self, py: Python<'_>, event_loop: Py<PyAny>, future: Py<PyAny>) {
        let wake = Box::new(move || COURIER.send(Parcel::Wake { event_loop, future }));
        py.detach(|| self.0.when_ready(wake));
    }

    /// Ends it at once, as cancelled. The tasks at the service go on.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| self.0.cancel());
    }
}

/// Many images at once.
#[pyclass(frozen, extends = Call, module = "spark_t2i._native")]
pub(crate) struct Many(Arc<bridge::Many>);

impl Many {
    pub(crate) fn new(py: Python<'_>, client: &bridge::Client) -> PyResult<Py<Self>> {
        follow_logger(py)?;
        let many = Arc::new(bridge::Many::new(client));
        Py::new(py, PyClassInitializer::from(Call(Arc::clone(&many) as _)).add_subclass(Self(many)))
    }
}

#[pymethods]
impl Many {
    /// Begins one more.
    fn add(&self, index: usize, parameters: &Bound<'_, PyAny>, model: Option<String>) -> PyResult<()> {
        let (py, parameters) = (parameters.py(), argument(parameters)?);
        guarded(py, || {
            self.0.add(index, bridge::request(&parameters, model), None);
            Ok(())
        })
    }
}
