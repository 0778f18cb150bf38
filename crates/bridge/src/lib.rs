//! What every language binding of `spark-t2i` would otherwise repeat, and nothing that knows one of the languages.
//!
//! A binding converts, makes one call into this crate, and converts. Here it finds
//!
//! - [`Client`], [`Task`], [`Image`] and [`Many`]: handles that a foreign program may hold, copy and drop on any thread, and
//!   that go on working in a forked child;
//! - [`Call`]: work on the one runtime of the process, waited for by a blocking thread or an event loop, cancelled at once;
//! - [`Failure`]: the error as plain fields;
//! - [`Argument`] and [`Value`]: what goes in and what comes out as plain trees, for languages without types of their own for
//!   it; [`AnyCall`]: a call that yields those;
//! - [`Courier`]: the one thread that calls foreign code, in batches, until it is stopped; [`Inbox`] and [`Pipe`]: an event loop
//!   told once for all that came; [`Gate`]: no foreign code for what was freed; [`Followed`]: a call that tells callbacks, or
//!   that threads wait for;
//! - [`guard`]: an error in place of a panic; [`Border`]: no way back into an interpreter that ends;
//! - [`listen`], [`listen_aside`] or [`record_logs`]: the log records for the language's own logging;
//! - `Emulator` and `run_command_line`, behind the features `emulator` and `command-line`.
//!
//! Values that only hold something ([`TaskSnapshot`], [`Event`], [`Stats`], …) are the client's own.

mod argument;
mod border;
mod call;
mod client;
#[cfg(feature = "command-line")]
mod command_line;
mod courier;
#[cfg(feature = "emulator")]
mod emulator;
mod failure;
mod followed;
mod gate;
mod guard;
mod image;
mod inbox;
mod logs;
mod many;
#[cfg(not(feature = "emulator"))]
mod no_emulator;
mod options;
mod process;
mod runtime;
mod task;
mod threads;
mod value;
mod work;

pub use argument::{Argument, path, report, request, size, timeout};
pub use border::{Away, Border};
pub use bytes::Bytes;
pub use call::{AnyCall, Call, Step};
pub use client::Client;
#[cfg(feature = "command-line")]
pub use command_line::run_command_line;
pub use courier::Courier;
#[cfg(feature = "emulator")]
pub use emulator::{Emulator, EmulatorOptions, LatencyText};
pub use failure::Failure;
pub use followed::{Followed, Follower, NextRequest, Yields};
pub use gate::Gate;
pub use guard::guard;
pub use image::{AboutImage, Image, KeptImage};
pub use inbox::{Inbox, Pipe};
pub use logs::{Listener, LogLevel, LogRecord, listen, listen_aside, record_logs};
pub use many::{Generated, Many, Turn};
#[cfg(not(feature = "emulator"))]
pub use no_emulator::{Emulator, EmulatorOptions};
pub use options::Options;
pub use process::{Here, PerProcess};
pub use runtime::shut_down;
pub use spark_t2i::{
    Charged, Content, Decimal, Error, ErrorKind, Estimate, Event, EventKind, Given, LagStats, Metadata, Output,
    Parameters, Report, Request, SaveOptions, Saved, ServerError, Size, Stats, Status, TaskId, TaskSnapshot, Usage,
    Violation, Warning,
};
pub use task::Task;
pub use value::Value;
