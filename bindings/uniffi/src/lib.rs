//! `spark_t2i_uniffi`: what the Swift package `SparkT2I` and the Kotlin module `io.github.sparkt2i` stand on.
//!
//! What begins with `Native` is for their hand-written layers alone. The other records are what their users see.

mod call;
mod client;
mod emulator;
mod logs;
mod values;

uniffi::setup_scaffolding!();
