//! What the npm package `spark-t2i` stands on. Private; its types stand in the package's `native.d.ts`.

// Clippy looks at the build for tests, too, in which napi registers nothing.
#![cfg_attr(test, allow(dead_code))]

mod call;
mod client;
mod convert;
mod emulator;
mod mailbox;

use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge as bridge;

use crate::convert::{Given, Js, guarded};

/// The version of this library, which must be that of the package.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The verdict on parameters: an object, or JSON text.
#[napi]
pub fn validate(env: Env, parameters: Given) -> Result<Js> {
    guarded(env, || Ok(bridge::report(&parameters.0))).map(Js::from)
}

/// Width and height of a preset's name or of `WIDTHxHEIGHT`.
#[napi(ts_return_type = "[width: number, height: number]")]
pub fn size(env: Env, text: String) -> Result<Js> {
    guarded(env, || bridge::size(&text)).map(Js::from)
}

/// Runs the command `spark-t2i`, on this thread; returns its exit code.
#[napi]
pub fn run_command_line(env: Env, arguments: Vec<String>) -> Result<u8> {
    guarded(env, || Ok(bridge::run_command_line(arguments.into_iter().map(Into::into))))
}
