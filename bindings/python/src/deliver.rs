//! What another thread tells Python: that there is something for an event loop, and log records.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use spark_t2i_bridge::{Courier, LogLevel, LogRecord, set_log_level, start_logs};

use crate::ending::{BORDER, detach};

pub(crate) static COURIER: Courier<Parcel> = Courier::new(deliver);

/// Whether there are log records since a call waited for their delivery.
static RECORDED: AtomicBool = AtomicBool::new(false);

/// How long a call that has ended waits for its log records to be delivered.
const LONGEST_FLUSH: Duration = Duration::from_millis(500);

pub(crate) enum Parcel {
    Wake { event_loop: Py<PyAny>, future: Py<PyAny> },
    Log(LogRecord),
}

fn deliver(parcels: Vec<Parcel>) -> bool {
    let delivered = Python::try_attach(|py| {
        let mut to_wake: Vec<(Py<PyAny>, Vec<Py<PyAny>>)> = Vec::new();
        for parcel in parcels {
            match parcel {
                Parcel::Log(record) => emit(py, &record),
                Parcel::Wake { event_loop, future } => {
                    match to_wake.iter_mut().find(|(known, _)| known.is(&event_loop)) {
                        Some((_, futures)) => futures.push(future),
                        None => to_wake.push((event_loop, vec![future])),
                    }
                }
            }
        }
        // A program that ends wants no exceptions from the calls that it leaves behind.
        for (event_loop, futures) in to_wake.into_iter().filter(|_| !BORDER.is_closed()) {
            // It fails for a loop that was closed, in which nobody waits any more.
            _ = wake(py, &event_loop, futures);
        }
    });
    // Else there is no interpreter any more.
    delivered.is_some()
}

fn wake(py: Python<'_>, event_loop: &Py<PyAny>, futures: Vec<Py<PyAny>>) -> PyResult<Py<PyAny>> {
    static WAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    event_loop.call_method1(py, "call_soon_threadsafe", (WAKE.import(py, "spark_t2i._aio", "_wake")?, futures))
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
    static STARTED: Once = Once::new();
    if LOGGER.get(py).is_none() && !py.import("sys")?.getattr("modules")?.contains("logging")? {
        return Ok(());
    }
    let wanted: u32 =
        LOGGER.import(py, "spark_t2i._logging", "logger")?.call_method0("getEffectiveLevel")?.extract()?;
    STARTED.call_once(|| {
        // It fails where another library in this one listens already, which then has the records.
        _ = start_logs(|record| {
            COURIER.send(Parcel::Log(record));
            RECORDED.store(true, Ordering::Release);
        });
    });
    set_log_level(LogLevel::at_least(wanted));
    Ok(())
}

/// Waits until the log records of what happened before are with their logger.
pub(crate) fn flush_logs(py: Python<'_>) {
    if RECORDED.swap(false, Ordering::AcqRel) {
        detach(py, || COURIER.flush(LONGEST_FLUSH));
    }
}
