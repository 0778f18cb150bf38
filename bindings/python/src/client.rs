use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use spark_t2i_bridge::{self as bridge, AnyCall, Error, Options, SaveOptions};

use crate::call::{Call, Many};
use crate::convert::{argument, guarded, to_python};
use crate::deliver::follow_logger;
use crate::ending::detach;

/// Begins a call that takes a timeout. While attached to the interpreter: nothing waits, and no fork of Python's meets the
/// runtime half started.
fn call<C: AnyCall + 'static>(
    timeout: &Bound<'_, PyAny>,
    begin: impl FnOnce(Option<Duration>) -> Result<C, Error>,
) -> PyResult<Call> {
    let (py, timeout) = (timeout.py(), argument(timeout)?);
    follow_logger(py)?;
    guarded(py, || begin(bridge::timeout(timeout)?)).map(Call::new)
}

/// A client.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Client(bridge::Client);

#[pymethods]
impl Client {
    // While attached, too, for the same reason.
    #[new]
    fn new(options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (py, options) = (options.py(), argument(options)?);
        guarded(py, || bridge::Client::new(Options::by_name(options)?)).map(Self)
    }

    #[getter]
    fn max_in_flight(&self) -> usize {
        self.0.max_in_flight()
    }

    fn generate(
        &self,
        parameters: &Bound<'_, PyAny>,
        model: Option<String>,
        timeout: &Bound<'_, PyAny>,
        watch: bool,
    ) -> PyResult<Call> {
        let parameters = argument(parameters)?;
        call(timeout, |timeout| Ok(self.0.generate(bridge::request(&parameters, model)?, timeout, watch)))
    }

    fn submit(
        &self,
        parameters: &Bound<'_, PyAny>,
        model: Option<String>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Call> {
        let parameters = argument(parameters)?;
        call(timeout, |timeout| Ok(self.0.submit(bridge::request(&parameters, model)?, timeout)))
    }

    fn estimate(
        &self,
        parameters: &Bound<'_, PyAny>,
        model: Option<String>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Call> {
        let parameters = argument(parameters)?;
        call(timeout, |timeout| Ok(self.0.estimate(bridge::request(&parameters, model)?, timeout)))
    }

    fn task(&self, py: Python<'_>, id: &str) -> PyResult<Task> {
        guarded(py, || self.0.task(id)).map(Task)
    }

    fn many(&self, py: Python<'_>) -> PyResult<Py<Many>> {
        Many::new(py, &self.0)
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, guarded(py, || detach(py, || self.0.stats()))?.into())
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

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, detach(py, || self.0.snapshot()).into())
    }

    fn images(&self, py: Python<'_>) -> Vec<Image> {
        detach(py, || self.0.images()).into_iter().map(Image).collect()
    }

    fn wait(&self, timeout: &Bound<'_, PyAny>, watch: bool) -> PyResult<Call> {
        call(timeout, |timeout| Ok(self.0.wait(timeout, watch)))
    }

    fn events(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Call> {
        call(timeout, |timeout| Ok(self.0.events(timeout)))
    }

    fn refresh(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Call> {
        call(timeout, |timeout| Ok(self.0.refresh(timeout)))
    }
}

/// A finished image.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Image(pub(crate) bridge::Image);

#[pymethods]
impl Image {
    /// What is known of it without fetching it.
    fn about<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.0.about().into())
    }

    fn bytes(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Call> {
        call(timeout, |timeout| Ok(self.0.bytes(timeout)))
    }

    fn save(&self, path: PathBuf, overwrite: bool, add_extension: bool, timeout: &Bound<'_, PyAny>) -> PyResult<Call> {
        let options = SaveOptions::default().overwrite(overwrite).add_extension(add_extension);
        call(timeout, |timeout| Ok(self.0.save(path, timeout.map_or(options, |timeout| options.timeout(timeout)))))
    }
}
