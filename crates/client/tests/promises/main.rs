//! The promises of the client, one module each, against servers on loopback that misbehave as told. Each test fails
//! when its promise is broken.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cancelling;
mod deadlines;
mod files;
mod idle;
mod key;
mod money;
mod once;
mod resumed;
mod scripted;
mod secure;
mod survives;
mod traffic;
