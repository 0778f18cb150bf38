use std::sync::Arc;

use spark_t2i_bridge::{self as bridge, Listener};
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

/// Log records that are told until this is dropped.
#[derive(Object)]
pub struct NativeLogs(#[expect(dead_code, reason = "it listens as long as it is there")] Listener);

#[uniffi::export]
impl NativeLogs {
    /// Tells records of this level and graver ones.
    #[uniffi::constructor]
    pub fn new(level: LogLevel, listener: Box<dyn NativeLogListener>) -> Result<Arc<Self>, NativeError> {
        guarded(|| {
            let listening = bridge::listen_aside(to_bridge(level), move |record| {
                listener.log(LogRecord {
                    level: from_bridge(record.level),
                    target: record.target.to_owned(),
                    message: record.message.clone(),
                });
            })?;
            Ok(Arc::new(Self(listening)))
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
