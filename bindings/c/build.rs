//! How the shared library is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The number goes up when a program would have to be compiled anew.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libspark_t2i.so.0");
        // Its threads cannot be taken back from the system, so that it must stay: `dlclose` leaves it where it is.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
