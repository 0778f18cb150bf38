//! Away from the interpreter, and what happens there when it ends.

use pyo3::prelude::*;
use spark_t2i_bridge::Border;

/// (When it is closed, there are only daemon threads besides the one that ends the program.)
pub(crate) static BORDER: Border = Border::new();

/// As `Python::detach`; but it never comes back once another thread ends the program.
pub(crate) fn detach<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    let _away = BORDER.leave();
    py.detach(|| {
        let result = work();
        BORDER.halt_if_closed();
        result
    })
}
