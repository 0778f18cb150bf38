//! Signals, which are the program's business: the threads that are started here take none.

/// Does something that starts threads. They have those signals blocked that are blocked where they are started: `SIGPIPE` above
/// all. Programs in Rust ignore it, as do Python, Node and Java; one in C or in Swift need not, and would die of a server that
/// hangs up.
#[cfg(unix)]
pub(crate) fn starting<T>(start: impl FnOnce() -> T) -> T {
    use nix::sys::signal::{SigSet, SigmaskHow, Signal};

    struct Restore(SigSet);

    impl Drop for Restore {
        fn drop(&mut self) {
            // It is what the system gave.
            _ = self.0.thread_set_mask();
        }
    }

    let mut all = SigSet::all();
    // What a thread does to itself is not for others.
    for own in [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGABRT, Signal::SIGTRAP] {
        all.remove(own);
    }
    let _restore = all.thread_swap_mask(SigmaskHow::SIG_BLOCK).map(Restore);
    start()
}

#[cfg(not(unix))]
pub(crate) fn starting<T>(start: impl FnOnce() -> T) -> T {
    start()
}
