//! The built binary, as a user and as a program meets it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod codes;
mod files;
mod in_process;
mod json;
mod learning;
mod offline;
mod options;
#[cfg(unix)]
mod serving;
#[cfg(unix)]
mod stopping;
mod support;
#[cfg(unix)]
mod terminal;
