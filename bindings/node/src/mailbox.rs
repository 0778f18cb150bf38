//! What other threads tell a thread of JavaScript: which calls have something for it, and log records.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use napi::bindgen_prelude::{Env, Function, FunctionRef, Result, Status, ToNapiValue, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{check_status, sys};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, Inbox, Listener, LogLevel, LogRecord};

use crate::call::Calls;
use crate::convert::{Record, guarded};

/// How long the end of the last thread of JavaScript waits for what goes on in the background.
const LONGEST_END: Duration = Duration::from_millis(300);

/// Threads of JavaScript that use this library.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// It does not keep the process alive by itself: see [`hold`].
type Signal = ThreadsafeFunction<(), (), (), Status, false, true>;

/// The news for one thread of JavaScript, which is woken once for all that came since it looked.
pub(crate) struct Mailbox {
    news: Inbox<News>,
    signal: Signal,
}

/// One of them.
pub enum News {
    /// The call with this number has something.
    Ready(i64),
    /// A log record.
    Log(LogRecord),
}

impl Mailbox {
    pub(crate) fn send(&self, news: News) {
        if self.news.put(news) {
            // It fails where the thread has ended, which is told nothing any more.
            _ = self.signal.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// A number, or level, target and message.
impl ToNapiValue for News {
    unsafe fn to_napi_value(env: sys::napi_env, news: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for the environment.
        unsafe {
            match news {
                Self::Ready(number) => i64::to_napi_value(env, number),
                Self::Log(record) => {
                    let level = record.level.number().to_string();
                    Vec::to_napi_value(env, vec![level, record.target.to_owned(), record.message])
                }
            }
        }
    }
}

/// What belongs to one thread of JavaScript.
pub(crate) struct Local {
    pub(crate) build: FunctionRef<Record, Unknown<'static>>,
    listener: Cell<Option<Listener>>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) calls: Calls,
}

impl Local {
    pub(crate) fn of(env: Env) -> Result<&'static Self> {
        let local = env.get_instance_data::<Self>()?;
        local.map(|local| &*local).ok_or_else(|| napi::Error::from_reason("the native part was not started"))
    }
}

/// To be called once before anything else. `build` makes the objects of this package, from a name and fields; `signal` is
/// called when there are news.
#[napi]
pub fn start(
    env: Env,
    #[napi(ts_arg_type = "Build")] build: Function<'_, Record, Unknown<'static>>,
    signal: Function<'_, (), ()>,
) -> Result<()> {
    let signal = signal.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build()?;
    let mailbox = Arc::new(Mailbox { news: Inbox::new(), signal });
    let build = build.create_ref()?;
    env.set_instance_data(Local { build, listener: Cell::default(), mailbox, calls: Calls::default() }, (), |_| {})?;
    THREADS.fetch_add(1, Ordering::AcqRel);
    env.add_env_cleanup_hook((), |()| {
        if THREADS.fetch_sub(1, Ordering::AcqRel) == 1 {
            bridge::shut_down(LONGEST_END);
        }
    })?;
    Ok(())
}

/// What came since the last time.
#[napi]
pub fn take_news(env: Env) -> Result<Vec<News>> {
    Ok(Local::of(env)?.mailbox.news.take())
}

/// Whether the process shall stay alive for what is to come.
#[napi]
pub fn hold(env: Env, on: bool) -> Result<()> {
    let signal = Local::of(env)?.mailbox.signal.raw();
    let switch = if on { sys::napi_ref_threadsafe_function } else { sys::napi_unref_threadsafe_function };
    // SAFETY: it lives as long as the mailbox, and this is its thread.
    check_status!(unsafe { switch(env.raw(), signal) })
}

/// From now on this thread is told log records of this level and above: 10 for debug, 20 for info, 30 for warnings, 40 for
/// errors, 50 for none.
#[napi]
pub fn listen(env: Env, level: u32) -> Result<()> {
    let (level, local) = (LogLevel::at_least(level), Local::of(env)?);
    // The one before goes first.
    local.listener.take();
    if level != LogLevel::Off {
        let mailbox = Arc::clone(&local.mailbox);
        let tell = move |record: &LogRecord| mailbox.send(News::Log(record.clone()));
        local.listener.set(Some(guarded(env, || bridge::listen(level, tell))?));
    }
    Ok(())
}
