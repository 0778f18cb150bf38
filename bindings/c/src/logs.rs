//! Log records, told to a callback.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use spark_t2i_bridge::{Error, ErrorKind, Gate, LogLevel, LogRecord, record_logs};

use crate::call::{COURIER, Parcel};
use crate::error::spark_t2i_result;
use crate::handle::{attempt, spark_t2i_error};
use crate::text::{OwnedText, spark_t2i_text};

/// How much is recorded.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum spark_t2i_log_level {
    /// Nothing.
    SPARK_T2I_LOG_OFF = 0,
    /// What has gone wrong in the library itself.
    SPARK_T2I_LOG_ERROR = 1,
    /// What somebody should look at.
    SPARK_T2I_LOG_WARNING = 2,
    /// Tasks, and what became of them.
    SPARK_T2I_LOG_INFO = 3,
    /// Requests and repetitions.
    SPARK_T2I_LOG_DEBUG = 4,
    /// Everything.
    SPARK_T2I_LOG_TRACE = 5,
}

const LEVELS: [(spark_t2i_log_level, LogLevel); 6] = [
    (spark_t2i_log_level::SPARK_T2I_LOG_OFF, LogLevel::Off),
    (spark_t2i_log_level::SPARK_T2I_LOG_ERROR, LogLevel::Error),
    (spark_t2i_log_level::SPARK_T2I_LOG_WARNING, LogLevel::Warning),
    (spark_t2i_log_level::SPARK_T2I_LOG_INFO, LogLevel::Info),
    (spark_t2i_log_level::SPARK_T2I_LOG_DEBUG, LogLevel::Debug),
    (spark_t2i_log_level::SPARK_T2I_LOG_TRACE, LogLevel::Trace),
];

/// Takes a log record: where it comes from (`spark_t2i::submit`) and what it says, both valid until it returns. It is called
/// on the callback thread.
pub type spark_t2i_log_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, target: spark_t2i_text, message: spark_t2i_text)>;

struct Target {
    callback: unsafe extern "C" fn(*mut c_void, i32, spark_t2i_text, spark_t2i_text),
    user_data: *mut c_void,
    gate: Gate,
}

// SAFETY: the pointer is handed back and never read; that another thread gets it is documented.
unsafe impl Send for Target {}
// SAFETY: the same.
unsafe impl Sync for Target {}

static TARGET: Mutex<Option<Arc<Target>>> = Mutex::new(None);

pub(crate) fn deliver(record: &LogRecord) {
    let target = TARGET.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(target) = target {
        let (from, message) = (OwnedText::new(record.target), OwnedText::new(&record.message));
        // SAFETY: it is promised that it may be called until the gate is closed.
        target
            .gate
            .pass(|| unsafe { (target.callback)(target.user_data, record.level as i32, from.view(), message.view()) });
    }
}

/// Tells log records from now on to `callback`, in place of one that was told before; NULL for none. `level` is a
/// `spark_t2i_log_level`: records of it and graver ones are told. They hold no key and no prompt. When this returns, the one
/// that was told before does not run any more, unless it is who calls this. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` for a level that is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_log_to(
    level: i32,
    callback: spark_t2i_log_callback,
    user_data: *mut c_void,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    let work = || {
        let wanted = LEVELS
            .into_iter()
            .find(|(number, _)| *number as i32 == level)
            .ok_or_else(|| Error::new(ErrorKind::InvalidRequest, format!("the log level is 0 to 5, not {level}")))?;
        let new = callback.map(|callback| Arc::new(Target { callback, user_data, gate: Gate::default() }));
        let level = if new.is_some() { wanted.1 } else { LogLevel::Off };
        record_logs(level, |record| COURIER.send(Parcel::Log(record)));
        let before = std::mem::replace(&mut *TARGET.lock().unwrap_or_else(PoisonError::into_inner), new);
        if let Some(before) = before {
            before.gate.close();
        }
        Ok(spark_t2i_result::SPARK_T2I_OK)
    };
    // SAFETY: as promised to this function.
    unsafe { attempt(error, work) }
}
