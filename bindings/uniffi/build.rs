//! Links the library for systems whose pages have 16 KB.

fn main() {
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    // Android's since version 15, whatever NDK it is built with. On Linux it costs nothing, and shows in the tests what it does.
    if ["android", "linux"].contains(&system.as_str()) {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,max-page-size=16384");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
