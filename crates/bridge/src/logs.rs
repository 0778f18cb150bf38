//! The client's log records, for the logging of another language.

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};

use spark_t2i::{Error, ErrorKind};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::courier::Courier;

/// How much is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What has gone wrong in this library itself.
    Error,
    /// What somebody should look at.
    Warning,
    /// Tasks, and what became of them.
    Info,
    /// Requests and repetitions.
    Debug,
    /// Everything that ours say. What other libraries log is never recorded.
    Trace,
}

impl LogLevel {
    /// The level that a logger wants which takes records of this number or more: 10 for debug, 20 for info, 30 for warnings
    /// and 40 for errors, as many languages have it.
    pub fn at_least(number: u32) -> Self {
        match number {
            ..10 => Self::Trace,
            10..20 => Self::Debug,
            20..30 => Self::Info,
            30..40 => Self::Warning,
            40..50 => Self::Error,
            50.. => Self::Off,
        }
    }

    /// Its number, as [`at_least`](Self::at_least) reads them; 5 for the finest.
    pub fn number(self) -> u32 {
        match self {
            Self::Trace => 5,
            Self::Debug => 10,
            Self::Info => 20,
            Self::Warning => 30,
            Self::Error => 40,
            Self::Off => 50,
        }
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// How grave.
    pub level: LogLevel,
    /// Where it comes from: `spark_t2i::submit`.
    pub target: &'static str,
    /// What it says, with its fields: no key and no prompt.
    pub message: String,
}

static LEVEL: AtomicU8 = AtomicU8::new(LogLevel::Off as u8);

/// Hands the records of this level and above from now on to a sink: to the first one that is given here, in this process. It is
/// called on threads of the runtime and must not block them. Cheap where nothing changes. Nothing is recorded where this process
/// has a subscriber already.
pub fn record_logs(level: LogLevel, sink: impl Fn(LogRecord) + Send + Sync + 'static) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| _ = start(sink));
    set_level(level);
}

/// Nothing is recorded before [`set_level`] says how much.
fn start(sink: impl Fn(LogRecord) + Send + Sync + 'static) -> Result<(), Error> {
    let subscriber = tracing_subscriber::registry().with(Records { sink });
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Error::new(ErrorKind::Internal, "the log records go elsewhere already").with_source(error))
}

fn set_level(level: LogLevel) {
    if LEVEL.swap(level as u8, Ordering::Relaxed) != level as u8 {
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Somebody who is told log records until this is dropped: one of several interpreters in a process.
#[derive(Debug)]
pub struct Listener(u64);

type Tell = Arc<dyn Fn(&LogRecord) + Send + Sync>;

struct Told {
    listener: u64,
    level: LogLevel,
    /// On the courier's thread.
    aside: bool,
    tell: Tell,
}

static LISTENERS: Mutex<Vec<Told>> = Mutex::new(Vec::new());

/// Tells every record of this level and above from now on: on threads of the runtime, which `tell` must not block. As much
/// is recorded as any of the listeners wants.
///
/// # Errors
/// `internal` when this process has a subscriber already.
pub fn listen(level: LogLevel, tell: impl Fn(&LogRecord) + Send + Sync + 'static) -> Result<Listener, Error> {
    add(level, false, Arc::new(tell))
}

/// The same, but `tell` may block: it is called on one thread for all that are told so, and for no record any more, also of
/// those before, when it does not listen any more.
///
/// # Errors
/// As [`listen`].
pub fn listen_aside(level: LogLevel, tell: impl Fn(&LogRecord) + Send + Sync + 'static) -> Result<Listener, Error> {
    add(level, true, Arc::new(tell))
}

fn add(level: LogLevel, aside: bool, tell: Tell) -> Result<Listener, Error> {
    static STARTED: OnceLock<bool> = OnceLock::new();
    static LAST: AtomicU64 = AtomicU64::new(0);
    if !STARTED.get_or_init(|| start(tell_listeners).is_ok()) {
        return Err(Error::new(ErrorKind::Internal, "the log records go elsewhere already"));
    }
    let listener = LAST.fetch_add(1, Ordering::Relaxed);
    follow_listeners(|listeners| listeners.push(Told { listener, level, aside, tell }));
    Ok(Listener(listener))
}

impl Drop for Listener {
    fn drop(&mut self) {
        follow_listeners(|listeners| listeners.retain(|told| told.listener != self.0));
    }
}

/// Tells records to those who listen aside, by their numbers.
static COURIER: Courier<(u64, LogRecord)> = Courier::new(|parcels| {
    for (listener, record) in &parcels {
        let tell = listeners().iter().find(|told| told.listener == *listener).map(|told| Arc::clone(&told.tell));
        if let Some(tell) = tell {
            tell(record);
        }
    }
    true
});

#[expect(clippy::needless_pass_by_value, reason = "as `start` hands it over")]
fn tell_listeners(record: LogRecord) {
    let mut at_once: Vec<Tell> = Vec::new();
    for told in listeners().iter().filter(|told| record.level <= told.level) {
        if told.aside {
            COURIER.send((told.listener, record.clone()));
        } else {
            at_once.push(Arc::clone(&told.tell));
        }
    }
    // Not under the lock: what is told may be anything.
    for tell in at_once {
        tell(&record);
    }
}

fn listeners() -> MutexGuard<'static, Vec<Told>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn follow_listeners(change: impl FnOnce(&mut Vec<Told>)) {
    let mut listeners = listeners();
    change(&mut listeners);
    // Under the lock, so that the last one who changes it has the last word.
    set_level(listeners.iter().map(|told| told.level).max().unwrap_or(LogLevel::Off));
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

struct Records<F> {
    sink: F,
}

impl<S, F> Layer<S> for Records<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn(LogRecord) + Send + Sync + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("spark_t2i") && level_of(*metadata.level()) as u8 <= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        (self.sink)(LogRecord {
            level: level_of(*metadata.level()),
            target: metadata.target(),
            message: text.message + &text.fields,
        });
    }
}

/// The message first, then the fields as `name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // A text takes every write.
        _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
