//! What another thread tells Python: that there is something for an event loop, and log records.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use spark_t2i_bridge::{Courier, LogLevel, LogRecord, record_logs};

use crate::bell::Bell;
use crate::ending::BORDER;

pub(crate) static COURIER: Courier<Parcel> = Courier::new(deliver);

pub(crate) enum Parcel {
    Ring { event_loop: Py<PyAny>, bell: Py<Bell> },
    Log(LogRecord),
}

fn deliver(parcels: Vec<Parcel>) -> bool {
    let deliver_all = |py: Python<'_>| {
        for parcel in parcels {
            match parcel {
                Parcel::Log(record) => emit(py, &record),
                // A program that ends wants no exceptions from the calls that it leaves behind.
                Parcel::Ring { .. } if BORDER.is_closed() => {}
                // It fails for a loop that was closed, in which nobody waits any more.
                Parcel::Ring { event_loop, bell } => {
                    let ring = bell.getattr(py, "ring");
                    _ = ring.and_then(|ring| event_loop.call_method1(py, "call_soon_threadsafe", (ring,)));
                }
            }
        }
    };
    // Else there is no interpreter any more.
    Python::try_attach(deliver_all).is_some()
}

fn emit(py: Python<'_>, record: &LogRecord) {
    static EMIT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let arguments = (record.level.number(), record.target, &record.message);
    // As Python does with what a handler raises: it is shown, and nothing else stops.
    if let Err(problem) = EMIT.import(py, "spark_t2i._logging", "emit").and_then(|emit| emit.call1(arguments)) {
        problem.write_unraisable(py, None);
    }
}

/// Records as much as the logger wants now. A program that never imported `logging` wants nothing.
pub(crate) fn follow_logger(py: Python<'_>) -> PyResult<()> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if LOGGER.get(py).is_none() && !py.import("sys")?.getattr("modules")?.contains("logging")? {
        return Ok(());
    }
    let wanted: u32 =
        LOGGER.import(py, "spark_t2i._logging", "logger")?.call_method0("getEffectiveLevel")?.extract()?;
    record_logs(LogLevel::at_least(wanted), |record| COURIER.send(Parcel::Log(record)));
    Ok(())
}
