//! The engine on virtual time, with fixed seeds, against the targets it has to reach: every figure is an average over runs
//! in which it sees no more than a client would.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod crowds;
mod learning;
mod manners;
mod optimum;
mod progress;
mod world;

use spark_t2i_core::polling::{Engine, EngineOptions, WorkKind};

const PRICE: f64 = 0.1;
const KIND: WorkKind = WorkKind::UNKNOWN;

fn engine(seed: u64) -> Engine {
    Engine::new(EngineOptions { seed, ..EngineOptions::default() })
}

fn engine_with_budget(max_requests_per_second: f64) -> Engine {
    Engine::new(EngineOptions { seed: 7, max_requests_per_second, ..EngineOptions::default() })
}
