//! When to ask again: as few requests as possible, as soon as possible.
//!
//! A task finishes at an unknown time. Each request before it is wasted, and each second after it is lag. The [`Engine`]
//! learns how long each kind of work takes, and plans the requests of all tasks so that lag plus `poll_cost` × requests is
//! least; it draws all requests of a client on one budget. It is pure: time goes in, the next action comes out.
//!
//! | file | what is decided there |
//! |---|---|
//! | `engine`, `options` | what the driver is told, and what it tells |
//! | `planning` | which time each task is given, and when all are given new ones |
//! | `flight` | the tasks in flight, and their queue |
//! | `learning`, `shapes`, `bins` | how long a kind of work takes: hazards from intervals, with log-normal shapes where little was seen |
//! | `plan` | the best schedule for a distribution: the table, and the rule beyond it |
//! | `work` | plan, progress and jitter together: the gap of one task |
//! | `price`, `budget` | what a request costs while the budget is short; who may send when |
//! | `profile`, `kind`, `lag` | what is saved; kinds of work; the counters |

// Counts, nanoseconds and seconds meet in floating point here, far within its precision.
#![expect(clippy::cast_precision_loss)]

mod bins;
mod budget;
mod engine;
mod flight;
mod kind;
mod lag;
mod learning;
mod options;
mod plan;
mod planning;
mod price;
mod profile;
mod shapes;
mod work;

pub use engine::Engine;
pub use flight::TaskHandle;
pub use kind::WorkKind;
pub use lag::Lag;
pub use options::{EngineOptions, Next, Noticed, Policy, Taken};
pub use plan::{Cost, Plan};
pub use profile::{InvalidProfile, LatencyProfile};
