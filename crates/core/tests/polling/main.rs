//! The engine on virtual time, with fixed seeds, against the figures it is known for.
#![allow(missing_docs, clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod scratch;
mod world;
