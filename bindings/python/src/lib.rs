//! `spark_t2i._native`: what the Python package `spark_t2i` stands on. Private; its types stand in `_native.pyi`.

mod bell;
mod call;
mod client;
mod convert;
mod deliver;
mod emulator;
mod ending;

/// The native part of `spark_t2i`.
#[pyo3::pymodule]
mod _native {
    use std::ffi::OsString;
    use std::time::Duration;

    use pyo3::prelude::*;
    use spark_t2i_bridge as bridge;

    #[pymodule_export]
    use crate::bell::Bell;
    #[pymodule_export]
    use crate::call::{Call, Many};
    #[pymodule_export]
    use crate::client::{Client, Image, Task};
    use crate::convert::{Given, Told, guarded};
    use crate::deliver::COURIER;
    #[pymodule_export]
    use crate::emulator::Emulator;
    use crate::ending::{BORDER, detach};

    /// How long the end of a program waits at most for each of the parts that end.
    const LONGEST_END: Duration = Duration::from_millis(300);

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "as it is called in Python")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// The verdict on parameters: a dict, or JSON text.
    #[pyfunction]
    #[expect(clippy::needless_pass_by_value, reason = "as arguments come")]
    fn validate(py: Python<'_>, parameters: Given) -> PyResult<Told> {
        guarded(py, || Ok(bridge::report(&parameters.0).into()))
    }

    /// Width and height of a preset's name or of `WIDTHxHEIGHT`.
    #[pyfunction]
    fn size(py: Python<'_>, text: &str) -> PyResult<Told> {
        guarded(py, || bridge::size(text)).map(Told::from)
    }

    /// Runs the command `spark-t2i`; returns its exit code.
    #[pyfunction]
    fn run_command_line(py: Python<'_>, arguments: Vec<OsString>) -> PyResult<u8> {
        guarded(py, || Ok(detach(py, || bridge::run_command_line(arguments))))
    }

    /// Ends what goes on in the background, at the end of the program: from now on no other thread calls Python.
    #[pyfunction]
    fn shut_down(py: Python<'_>) {
        BORDER.close();
        py.detach(|| {
            bridge::shut_down(LONGEST_END);
            BORDER.all_halted(LONGEST_END);
            COURIER.stop(LONGEST_END);
        });
    }
}
