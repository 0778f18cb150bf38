//! Writes the Kotlin and the Swift code from the library's metadata: see `cargo xtask generate`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
