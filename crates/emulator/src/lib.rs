//! The text-to-image API `spark_t2i_3_0` on loopback: for demos and tests that need no key and no network.
//!
//! It has the service's endpoints, validates by the specification with its codes, lets tasks run for a latency of your
//! choice, paints their pictures, and counts what it was asked. It is no diffusion model: the [`painter`] draws an
//! abstract picture from prompt, seed and size.
//!
//! ```
//! use spark_t2i_emulator::Emulator;
//!
//! let emulator = Emulator::start()?; // on a free port of 127.0.0.1
//! println!("base URL: {}", emulator.url());
//! assert_eq!(emulator.stats().tasks.created, 0);
//! # Ok::<(), spark_t2i_emulator::StartError>(())
//! ```
//!
//! It runs on threads of its own, so that blocking and async programs use it alike, and stops when it is dropped.
//! [`Emulator::builder`] offers the rest:
//!
//! ```
//! use spark_t2i_emulator::{Emulator, Latency};
//!
//! let emulator = Emulator::builder()
//!     .latency("lognormal:12s:0.25".parse::<Latency>()?)
//!     .failure_rate(0.1)
//!     .rate_limit(50.0)
//!     .seed(7) // the same draws at every run
//!     .start()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it serves
//!
//! | path | what |
//! |---|---|
//! | `POST /model/v1/generation` | creates a task |
//! | `POST /model/v1/generation/precharge` | estimates its cost |
//! | `GET /model/v1/generation/task/{id}` | reads a task |
//! | `GET /images/{id}.png` | a finished task's picture, by ranges too; needs no key |
//! | `GET /api/v1/skill/models` | the list of models, for command line tools; needs no key |
//! | `GET /api/v1/skill/models/{model}/spec` | a model's parameters and bounds; needs no key |
//! | `GET /model/v1/models/skill/search` | the search for models, for SDKs |
//! | `GET /model/v1/models/skill/{model}` | a model's manual in Markdown |
//! | `GET /_emulator/stats` | the counters, as [`Stats`]; needs no key |
//! | `/_emulator/faults` | what goes wrong on purpose, each a [`Fault`]: `GET`, `POST` with `{"faults":["http-500:0.5"]}` in place of all others, `DELETE`; from this machine only |
//!
//! The paths below `/model` also without it. They take any key (`Authorization: Bearer …`) unless one is demanded with
//! [`Builder::api_key`]. A create and an estimate take the parameters wrapped (`{"input":[{"params":{…}}]}`) or flat
//! beside `model`, and the model in the body or in an `X-Model` header: public clients of the service run unchanged.
//!
//! A task's state follows from its record and the time alone: there are no timers, and a finished task takes a few
//! hundred bytes, since its picture is painted anew whenever it is downloaded.

mod answers;
mod builder;
mod catalogue;
mod clock;
mod connection;
mod control;
mod emulator;
mod error;
mod fault;
mod host;
mod id;
mod images;
mod latency;
mod limit;
mod model_card;
pub mod painter;
mod range;
mod routes;
mod scenario;
mod service;
mod state_file;
mod stats;
mod store;
mod task;

pub use builder::Builder;
pub use emulator::Emulator;
pub use error::StartError;
pub use fault::{Fault, InvalidFault};
pub use latency::{InvalidLatency, Latency};
pub use scenario::{ScenarioError, Verdict};
pub use stats::{Charges, Lag, Polls, Requests, Stats, Tasks};
