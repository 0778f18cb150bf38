//! When to ask again: as few requests as possible, as soon as possible.
//!
//! A task finishes at an unknown time. Each request before it is wasted, and each second after it is lag. The [`Engine`]
//! learns how long each kind of work takes, and plans the requests of all tasks so that lag plus `poll_cost` × requests is
//! least; it draws all requests of a client on one budget. It is pure: time goes in, the next action comes out.

// Counts, nanoseconds and seconds meet in floating point here, far within its precision.
#![expect(clippy::cast_precision_loss)]

mod bins;
mod budget;
mod engine;
mod flight;
mod kind;
mod lag;
mod learning;
mod plan;
mod price;
mod profile;
mod shapes;
mod work;

pub use engine::{Engine, EngineOptions, Next, Noticed, Policy, Taken};
pub use flight::TaskHandle;
pub use kind::WorkKind;
pub use lag::Lag;
pub use plan::{Cost, Plan};
pub use profile::{InvalidProfile, LatencyProfile};
