//! The signals of the library's threads, which are the program's business: a thread has those blocked that are blocked where
//! it is started.

/// Does something that may start threads, which then take no signals. SIGPIPE above all: Rust programs ignore it, C programs
/// need not, and would die of a server that hangs up.
#[cfg(unix)]
pub(crate) fn starting<T>(work: impl FnOnce() -> T) -> T {
    use std::mem::MaybeUninit;
    use std::ptr;

    struct Restore(libc::sigset_t);

    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: it is what the system gave.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
        }
    }

    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the first call fills the set, and so does the last one, which cannot fail with this argument.
    let _restore = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        // What a thread does to itself is not for others.
        for own in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT, libc::SIGTRAP] {
            libc::sigdelset(all.as_mut_ptr(), own);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
        Restore(before.assume_init())
    };
    work()
}

#[cfg(not(unix))]
pub(crate) fn starting<T>(work: impl FnOnce() -> T) -> T {
    work()
}
