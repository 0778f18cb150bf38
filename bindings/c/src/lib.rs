//! The C library `spark_t2i`. `include/spark_t2i.h` is generated from these files, so that what is documented here is
//! documented there. Each function converts, makes one call into the bridge, and converts.
#![allow(non_camel_case_types, reason = "types have the names that they have in C")]
#![allow(unreachable_pub, reason = "what C sees is public, and in Rust nobody is outside")]

// In the order in which the header is to be read.
mod text;

mod error;

mod snapshot;

mod told;

mod record;

mod given;

mod handle;

mod options;

mod request;

mod client;

mod task;

mod image;

mod outcome;

mod call;

mod source;

mod access;

mod emulator;

mod logs;
