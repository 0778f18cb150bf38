//! The promises of the client, as far as no scenario can say them in the words that all languages have. Each test fails
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
mod survives;
mod together;
mod told;
mod traffic;
