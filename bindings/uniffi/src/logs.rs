use std::sync::{Arc, LazyLock, Weak};

use spark_t2i_bridge::{self as bridge, Courier, Listener};
use uniffi::{Enum, Object, Record};

use crate::call::{NativeError, guarded};

/// How grave a log record is.
#[derive(Debug, Clone, Copy, Enum)]
pub enum LogLevel {
    /// What has gone wrong in this library itself.
    Error,
    /// What somebody should look at.
    Warning,
    /// Tasks, and what became of them.
    Info,
    /// Requests and repetitions.
    Debug,
    /// Everything.
    Trace,
}

/// What the client logs: never a key, and no prompt.
#[derive(Debug, Clone, Record)]
pub struct LogRecord {
    /// How grave.
    pub level: LogLevel,
    /// Where it comes from: `spark_t2i::submit`.
    pub target: String,
    /// What it says.
    pub message: String,
}

/// Somebody who is told log records.
#[uniffi::export(callback_interface)]
pub trait NativeLogListener: Send + Sync {
    /// Takes a record, on a thread of its own.
    fn log(&self, record: LogRecord);
}

struct Parcel {
    to: Weak<dyn NativeLogListener>,
    record: LogRecord,
}

/// One thread for all: what a listener does keeps no request waiting.
static COURIER: LazyLock<Courier<Parcel>> = LazyLock::new(|| {
    Courier::new(|parcels| {
        for Parcel { to, record } in parcels {
            if let Some(listener) = to.upgrade() {
                listener.log(record);
            }
        }
        true
    })
});

/// Log records that are told until this is dropped.
#[derive(Object)]
pub struct NativeLogs {
    _listening: Listener,
    _listener: Arc<dyn NativeLogListener>,
}

#[uniffi::export]
impl NativeLogs {
    /// Tells records of this level and graver ones.
    #[uniffi::constructor]
    pub fn new(level: LogLevel, listener: Box<dyn NativeLogListener>) -> Result<Arc<Self>, NativeError> {
        let listener: Arc<dyn NativeLogListener> = listener.into();
        let to = Arc::downgrade(&listener);
        guarded(|| {
            let listening = bridge::listen(to_bridge(level), move |record| {
                let record = LogRecord {
                    level: from_bridge(record.level),
                    target: record.target.to_owned(),
                    message: record.message.clone(),
                };
                COURIER.send(Parcel { to: Weak::clone(&to), record });
            })?;
            Ok(Arc::new(Self { _listening: listening, _listener: listener }))
        })
    }
}

fn to_bridge(level: LogLevel) -> bridge::LogLevel {
    match level {
        LogLevel::Error => bridge::LogLevel::Error,
        LogLevel::Warning => bridge::LogLevel::Warning,
        LogLevel::Info => bridge::LogLevel::Info,
        LogLevel::Debug => bridge::LogLevel::Debug,
        LogLevel::Trace => bridge::LogLevel::Trace,
    }
}

fn from_bridge(level: bridge::LogLevel) -> LogLevel {
    match level {
        bridge::LogLevel::Off | bridge::LogLevel::Error => LogLevel::Error,
        bridge::LogLevel::Warning => LogLevel::Warning,
        bridge::LogLevel::Info => LogLevel::Info,
        bridge::LogLevel::Debug => LogLevel::Debug,
        bridge::LogLevel::Trace => LogLevel::Trace,
    }
}
