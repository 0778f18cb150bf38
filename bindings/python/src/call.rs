use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use spark_t2i_bridge::{self as bridge, AnyCall, Step};

use crate::bell::{Bell, Rope};
use crate::convert::{argument, guarded, raise, to_python};
use crate::deliver::{COURIER, Parcel, flush_logs, follow_logger};
use crate::ending::{BORDER, detach};

/// How long a blocking call waits before it looks for Ctrl-C.
const SLICE: Duration = Duration::from_millis(50);

/// A call under way. Dropping it cancels it.
#[pyclass(frozen, subclass, module = "spark_t2i._native")]
pub(crate) struct Call(Arc<dyn AnyCall>);

/// An item, or the result of the end.
enum Found {
    Item(Py<PyAny>),
    Result(Py<PyAny>),
}

impl Call {
    pub(crate) fn new(call: impl AnyCall + 'static) -> Self {
        Self(Arc::new(call))
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
        loop {
            let step = guarded(py, || Ok(detach(py, || self.0.wait(SLICE))))?;
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
    fn task_ids(&self) -> Vec<String> {
        self.0.task_ids().iter().map(ToString::to_string).collect()
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
        let step = guarded(py, || Ok(self.0.take()))?;
        Ok(Self::found(py, step)?.map(|found| match found {
            Found::Item(item) => (false, item),
            Found::Result(result) => (true, result),
        }))
    }

    /// Sets the result of `future`, which is one of `event_loop`, to none as soon as there is something: by the loop's bell,
    /// where it has one.
    fn wake(&self, event_loop: Py<PyAny>, future: Py<PyAny>, bell: Option<&Bell>) -> PyResult<()> {
        if BORDER.is_closed() {
            return Err(PyRuntimeError::new_err("the program has ended: nothing is told to an event loop any more"));
        }
        self.0.when_ready(match bell {
            Some(bell) => {
                let rope = Rope::new(bell, future);
                Box::new(move || rope.pull())
            }
            None => Box::new(move || COURIER.send(Parcel::Wake { event_loop, future })),
        });
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
    fn add(&self, index: usize, parameters: &Bound<'_, PyAny>, model: Option<String>) -> PyResult<()> {
        let (py, parameters) = (parameters.py(), argument(parameters)?);
        guarded(py, || {
            self.0.add(index, bridge::request(&parameters, model), None);
            Ok(())
        })
    }
}
