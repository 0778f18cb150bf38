//! The end of an interpreter, for those of its threads that are on this side of the border when it comes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::process::PerProcess;

/// Counts the threads of an interpreter that are away from it, and lets none of them go back once it ends: it would end
/// them by force there, in the middle of Rust's frames.
pub struct Border {
    /// The thread that ends the interpreter. It may go on to use this library.
    closed_by: OnceLock<ThreadId>,
    away: PerProcess<Arc<AtomicUsize>>,
}

/// A thread that is away.
pub struct Away(Option<Arc<AtomicUsize>>);

impl Drop for Away {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Border {
    /// An open one.
    pub const fn new() -> Self {
        Self { closed_by: OnceLock::new(), away: PerProcess::empty() }
    }

    /// Counts the calling thread as away from the interpreter, until what this returns is dropped back there.
    pub fn leave(&self) -> Away {
        let away = self.away.get_or_make(|| Ok(Arc::new(AtomicUsize::new(0)))).ok().map(|count| Arc::clone(&count));
        if let Some(count) = &away {
            count.fetch_add(1, Ordering::AcqRel);
        }
        Away(away)
    }

    /// To be called by a thread that is away, when it is done there. Never returns once another thread has closed the border.
    pub fn halt_if_closed(&self) {
        if self.closed_by.get().is_some_and(|ending| *ending != thread::current().id()) {
            if let Some(count) = self.away.get() {
                count.fetch_sub(1, Ordering::AcqRel);
            }
            loop {
                thread::park();
            }
        }
    }

    /// Closes it, by the thread that ends the interpreter.
    pub fn close(&self) {
        _ = self.closed_by.set(thread::current().id());
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.closed_by.get().is_some()
    }

    /// Waits until no thread wants to go back any more, for `at_most`. Not to be called while attached to the interpreter.
    pub fn all_halted(&self, at_most: Duration) {
        let until = Instant::now() + at_most;
        while self.away.get().is_some_and(|away| away.load(Ordering::Acquire) > 0) && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Default for Border {
    fn default() -> Self {
        Self::new()
    }
}
