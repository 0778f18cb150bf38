//! The C library: its header, its installation, its tests and its figures.

use std::error::Error;

use crate::steps::root;

pub(crate) const HEADER: &str = "include/spark_t2i.h";
const BINDING: &str = "bindings/c";

/// The header that follows from the binding's Rust.
///
/// # Errors
/// When that cannot be read.
pub(crate) fn header() -> Result<String, Box<dyn Error>> {
    let binding = root().join(BINDING);
    let config = cbindgen::Config::from_file(binding.join("cbindgen.toml"))?;
    let mut written = Vec::new();
    cbindgen::generate_with_config(binding, config)?.write(&mut written);
    // Nothing else of it names the version.
    Ok(String::from_utf8(written)?.replace("@VERSION@", env!("CARGO_PKG_VERSION")))
}
