use std::process;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Lets foreign code be called until it is closed, which waits for what is running: so that whoever frees a handle knows that
/// nothing is called for it any more.
pub struct Gate {
    state: Mutex<Passing>,
    changed: Condvar,
    process: u32,
}

#[derive(Default)]
struct Passing {
    closed: bool,
    /// Who is within; several times, who came back from there.
    within: Vec<ThreadId>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), process: process::id() }
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, Passing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls foreign code, under no lock; none where the gate is closed.
    pub fn pass<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        /// However the foreign code ends.
        struct Within<'a>(&'a Gate, ThreadId);

        impl Drop for Within<'_> {
            fn drop(&mut self) {
                let mut state = self.0.state();
                if let Some(place) = state.within.iter().position(|thread| *thread == self.1) {
                    state.within.swap_remove(place);
                }
                drop(state);
                self.0.changed.notify_all();
            }
        }

        let me = thread::current().id();
        let mut state = self.state();
        if state.closed {
            return None;
        }
        state.within.push(me);
        drop(state);
        let _within = Within(self, me);
        Some(work())
    }

    /// Nothing passes any more when this returns, but for the caller itself where it is within.
    pub fn close(&self) {
        // In a forked child nothing of its parent's is running, and a lock may be held for ever.
        if self.process != process::id() {
            return;
        }
        let me = thread::current().id();
        let mut state = self.state();
        state.closed = true;
        while state.within.iter().any(|thread| *thread != me) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn closing_waits_for_what_is_running_and_lets_nothing_else_in() {
        let (gate, left) = (Gate::default(), AtomicBool::new(false));
        let (entered, wait) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                gate.pass(|| {
                    entered.send(()).unwrap();
                    thread::sleep(Duration::from_millis(100));
                    left.store(true, Ordering::Release);
                });
            });
            wait.recv().unwrap();
            gate.close();
            assert!(left.load(Ordering::Acquire));
        });
        assert_eq!(gate.pass(|| 7), None);
    }

    #[test]
    fn whoever_is_within_may_come_back_and_close_it() {
        let gate = Gate::default();
        let passed = gate.pass(|| {
            assert_eq!(gate.pass(|| 7), Some(7));
            gate.close();
            gate.pass(|| 8)
        });
        assert_eq!(passed, Some(None));
    }

    #[test]
    fn a_panic_leaves_it_as_well() {
        let gate = Gate::default();
        let work = || gate.pass(|| panic!("in foreign code"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        thread::scope(|scope| {
            scope.spawn(|| gate.close());
        });
    }
}
