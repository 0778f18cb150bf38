use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use spark_t2i_bridge::{self as bridge, AnyCall, Error, Options, SaveOptions};

use crate::call::{Call, Many};
use crate::convert::{Given, Told, Wanted, guarded};
use crate::deliver::follow_logger;
use crate::ending::detach;

/// Begins a call that takes a timeout. While attached to the interpreter: nothing waits, and no fork of Python's meets the
/// runtime half started.
fn call<C: AnyCall + 'static>(
    py: Python<'_>,
    timeout: Given,
    begin: impl FnOnce(Option<Duration>) -> Result<C, Error>,
) -> PyResult<Call> {
    follow_logger(py)?;
    guarded(py, || begin(bridge::timeout(timeout.0)?)).map(Call::new)
}

/// A client.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Client(bridge::Client);

#[pymethods]
impl Client {
    // While attached, too, for the same reason.
    #[new]
    fn new(py: Python<'_>, options: Given) -> PyResult<Self> {
        guarded(py, || bridge::Client::new(Options::by_name(options.0)?)).map(Self)
    }

    #[getter]
    fn max_in_flight(&self) -> usize {
        self.0.max_in_flight()
    }

    fn generate(&self, py: Python<'_>, wanted: Wanted, timeout: Given, watch: bool) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.generate(wanted.request()?, timeout, watch)))
    }

    fn submit(&self, py: Python<'_>, wanted: Wanted, timeout: Given) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.submit(wanted.request()?, timeout)))
    }

    fn estimate(&self, py: Python<'_>, wanted: Wanted, timeout: Given) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.estimate(wanted.request()?, timeout)))
    }

    fn task(&self, py: Python<'_>, id: &str) -> PyResult<Task> {
        guarded(py, || self.0.task(id)).map(Task)
    }

    fn many(&self, py: Python<'_>) -> PyResult<Py<Many>> {
        Many::new(py, &self.0)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Told> {
        guarded(py, || detach(py, || self.0.stats())).map(Told::from)
    }
}

/// A task.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Task(pub(crate) bridge::Task);

#[pymethods]
impl Task {
    #[getter]
    fn id(&self) -> &str {
        self.0.id().as_str()
    }

    #[getter]
    fn lag_seconds(&self, py: Python<'_>) -> Option<f64> {
        detach(py, || self.0.lag_seconds())
    }

    fn snapshot(&self, py: Python<'_>) -> Told {
        detach(py, || self.0.snapshot()).into()
    }

    fn images(&self, py: Python<'_>) -> Vec<Image> {
        detach(py, || self.0.images()).into_iter().map(Image).collect()
    }

    fn wait(&self, py: Python<'_>, timeout: Given, watch: bool) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.wait(timeout, watch)))
    }

    fn events(&self, py: Python<'_>, timeout: Given) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.events(timeout)))
    }

    fn refresh(&self, py: Python<'_>, timeout: Given) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.refresh(timeout)))
    }
}

/// A finished image.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Image(pub(crate) bridge::Image);

#[pymethods]
impl Image {
    /// What is known of it without fetching it.
    fn about(&self) -> Told {
        self.0.about().into()
    }

    fn bytes(&self, py: Python<'_>, timeout: Given) -> PyResult<Call> {
        call(py, timeout, |timeout| Ok(self.0.bytes(timeout)))
    }

    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        overwrite: bool,
        add_extension: bool,
        timeout: Given,
    ) -> PyResult<Call> {
        let options = SaveOptions::default().overwrite(overwrite).add_extension(add_extension);
        call(py, timeout, |timeout| Ok(self.0.save(path, timeout.map_or(options, |timeout| options.timeout(timeout)))))
    }
}
