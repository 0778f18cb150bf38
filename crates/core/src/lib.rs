//! What is known about the text-to-image API `spark_t2i_3_0`, as types and pure functions.
//!
//! This crate holds the rules of the specification and nothing that touches the world: no socket, no clock, no
//! runtime. The client, the emulator and every language binding take them from here, so that a rule stands in one
//! place and reads the same in every language.
//!
//! | module of thought | types |
//! |---|---|
//! | what is asked | [`Request`], [`Size`], [`Parameters`], [`Given`], [`limits`] |
//! | what is wrong with it | [`Report`], [`Violation`], [`Warning`], [`Code`] |
//! | what is answered | [`TaskSnapshot`], [`Status`], [`Output`], [`Content`], [`Usage`], [`Estimate`], [`Decimal`] |
//! | what went wrong | [`Error`], [`ErrorKind`], [`Charged`], [`ServerError`] |
//! | when to ask again | [`polling`] |
//! | the wire | [`wire`] |
//!
//! ```
//! use spark_t2i_core::{Request, TaskSnapshot};
//!
//! let request = Request::new("a red fox in the snow").size(2560, 1440).seed(42);
//! assert!(request.validate().is_valid());
//!
//! let task = TaskSnapshot::decode(br#"{"id":"d758n65e","status":"in_progress","progress":0.5}"#)?;
//! assert_eq!(task.progress, Some(0.5));
//! # Ok::<(), spark_t2i_core::Unreadable>(())
//! ```

mod code;
mod decimal;
mod error;
mod estimate;
mod id;
mod json;
pub mod limits;
pub mod polling;
mod request;
mod size;
mod status;
mod suggest;
mod task;
mod text;
mod validate;
pub mod wire;

pub use code::Code;
pub use decimal::{Decimal, InvalidDecimal};
pub use error::{Charged, Error, ErrorKind};
pub use estimate::Estimate;
pub use id::{InvalidTaskId, TaskId};
pub use json::Unreadable;
pub use request::Request;
pub use size::{InvalidSize, Preset, Size};
pub use status::Status;
pub use suggest::did_you_mean;
pub use task::{Content, Metadata, Output, ServerError, TaskSnapshot, Usage};
pub use text::printable;
pub use validate::{Given, Parameters, Report, Violation, Warning};
