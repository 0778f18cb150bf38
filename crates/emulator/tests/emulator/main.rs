//! The emulator as its clients see it: over plain sockets, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in its helpers too")]

mod api;
mod catalogue;
mod counters;
mod failures;
mod fault_settings;
mod faults;
mod http;
mod images;
mod public_clients;
mod scenarios;
mod start;
mod state;
