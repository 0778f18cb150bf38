//! Client of the text-to-image API `spark_t2i_3_0`: send a prompt, get an image.
//!
//! ```no_run
//! use spark_t2i::{Client, Request};
//!
//! # async fn example() -> Result<(), spark_t2i::Error> {
//! let client = Client::from_env()?; // SPARK_T2I_API_KEY
//! let image = client.generate(Request::new("a red fox in the snow").size(2560, 1440).seed(42)).await?;
//! image.save("fox.png").await?;
//! # Ok(())
//! # }
//! ```
//!
//! What it promises:
//!
//! - **It never pays twice.** A submit is repeated by itself only if it certainly never reached the service's
//!   application. Where nobody can say, the error is [`ErrorKind::OutcomeUnknown`], never a silent second request.
//! - **It never loses a task.** From the moment an id is known every error, event and log line carries it, and
//!   [`Client::task`] takes it up again in any process.
//! - **Waiting survives** network errors, rate limits and broken answers; only the deadline ends it.
//! - **Deadlines hold**, and dropping a future stops at once. The task goes on at the service.
//! - **Money is exact**: [`Decimal`] from the wire to [`Stats::cost`].
//! - **The key stays home**: it goes to the base URL's origin alone, and into no log, error or debug output.
//! - **Files are whole or absent**: [`Image::save`] writes beside the target, checks, syncs and renames.
//!
//! Logs go to [`tracing`]; no key at any level, and no prompt.
//!
//! # Features
//! - `blocking`: the same client for programs without an async runtime, in `spark_t2i::blocking`.

mod address;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
mod download;
mod event;
mod format;
mod image;
mod latency_profile;
mod polling;
mod retry;
mod save;
mod server_clock;
mod stats;
mod submit;
mod task;
mod tls;
mod transport;
mod watch;

pub use builder::{ClientBuilder, OnOutcomeUnknown};
pub use client::{Client, Generated};
pub use event::{Event, EventKind};
pub use format::ImageFormat;
pub use image::Image;
pub use save::{SaveOptions, Saved};
pub use spark_t2i_core::wire::DEFAULT_BASE_URL;
pub use spark_t2i_core::{
    Charged, Code, Content, Decimal, Error, ErrorKind, Estimate, Given, InvalidSize, Metadata, Output, Parameters,
    Preset, Report, Request, ServerError, Size, Status, TaskId, TaskSnapshot, Usage, Violation, Warning, printable,
};
pub use stats::{LagStats, Stats};
pub use task::{Task, WaitOptions};
