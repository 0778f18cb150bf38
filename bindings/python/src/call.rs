use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use spark_t2i_bridge::{self as bridge, AnyCall};

use crate::bell::{Bell, pull};
use crate::convert::{Told, Wanted, guarded};
use crate::deliver::{COURIER, follow_logger};
use crate::ending::{BORDER, detach};

/// How long a blocking call waits before it looks for Ctrl-C.
const SLICE: Duration = Duration::from_millis(50);
/// How long a call that has ended waits for its log records to be delivered.
const LONGEST_FLUSH: Duration = Duration::from_millis(500);

/// A call under way. Dropping it cancels it.
#[pyclass(frozen, subclass, module = "spark_t2i._native")]
pub(crate) struct Call(Arc<dyn AnyCall>);

impl Call {
    pub(crate) fn new(call: impl AnyCall + 'static) -> Self {
        Self(Arc::new(call))
    }

    /// The next item, or `true` and the result; waited for with an eye on Ctrl-C.
    fn step(&self, py: Python<'_>) -> PyResult<(bool, Told)> {
        loop {
            match guarded(py, || detach(py, || self.0.wait(SLICE)).found())? {
                Some((ended, value)) => return Ok((ended, value.into())),
                None => py.check_signals()?,
            }
        }
    }
}

#[pymethods]
impl Call {
    /// The ids of the tasks that it is after now, as far as they are known.
    #[getter]
    fn task_ids(&self) -> Vec<String> {
        self.0.task_ids().iter().map(ToString::to_string).collect()
    }

    /// Waits for the end; every item before it goes to `on_item`.
    #[pyo3(signature = (on_item = None))]
    fn result(&self, py: Python<'_>, on_item: Option<&Bound<'_, PyAny>>) -> PyResult<Told> {
        let result = loop {
            match (self.step(py), on_item) {
                (Ok((false, item)), Some(on_item)) => _ = on_item.call1((item,))?,
                (Ok((false, _)), None) => {}
                (end, _) => break end.map(|(_, result)| result),
            }
        };
        // The log records of what happened before are with their logger then.
        detach(py, || COURIER.flush(LONGEST_FLUSH));
        result
    }

    /// Waits for the next item; `StopIteration` at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Told> {
        match self.step(py)? {
            (false, item) => Ok(item),
            (true, _) => Err(PyStopIteration::new_err(())),
        }
    }

    /// What there is now: none, `(False, item)`, or `(True, result)`.
    fn poll(&self, py: Python<'_>) -> PyResult<Option<(bool, Told)>> {
        Ok(guarded(py, || self.0.take().found())?.map(|(ended, value)| (ended, value.into())))
    }

    /// Sets the result of `future`, which is one of `event_loop`, to none as soon as there is something: by the loop's bell.
    fn wake(&self, bell: Py<Bell>, event_loop: Py<PyAny>, future: Py<PyAny>) -> PyResult<()> {
        if BORDER.is_closed() {
            return Err(PyRuntimeError::new_err("the program has ended: nothing is told to an event loop any more"));
        }
        self.0.when_ready(Box::new(move || pull(bell, event_loop, future)));
        Ok(())
    }

    /// Ends it at once, as cancelled. The tasks at the service go on.
    fn cancel(&self, py: Python<'_>) {
        detach(py, || self.0.cancel());
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
    fn add(&self, py: Python<'_>, index: usize, wanted: Wanted) -> PyResult<()> {
        guarded(py, || {
            self.0.add(index, wanted.request(), None);
            Ok(())
        })
    }
}
