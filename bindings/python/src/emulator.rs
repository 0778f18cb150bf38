use pyo3::prelude::*;
use spark_t2i_bridge::{self as bridge, EmulatorOptions};

use crate::convert::{Given, guarded};
use crate::ending::detach;

/// The service on loopback, inside this process.
#[pyclass(frozen, module = "spark_t2i._native")]
pub(crate) struct Emulator(bridge::Emulator);

#[pymethods]
impl Emulator {
    #[new]
    fn new(py: Python<'_>, options: Given) -> PyResult<Self> {
        guarded(py, || detach(py, || bridge::Emulator::start(EmulatorOptions::by_name(options.0)?))).map(Self)
    }

    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    fn stats(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || detach(py, || self.0.stats()))
    }

    fn faults(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        guarded(py, || self.0.faults())
    }

    fn set_faults(&self, py: Python<'_>, faults: Given) -> PyResult<()> {
        guarded(py, || self.0.set_faults(faults.0))
    }

    fn stop(&self, py: Python<'_>) {
        detach(py, || self.0.stop());
    }
}
