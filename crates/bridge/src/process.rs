//! Values that belong to one process. A forked child has the memory of its parent, but none of its threads: what waits for
//! such a thread waits for ever, and a lock that one of them held is never given back.

use std::mem;
use std::ops::Deref;
use std::process;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use spark_t2i::Error;

/// A value that a forked child makes anew. The parent's is left there untouched: dropping it could wait for its threads.
pub struct PerProcess<T>(ArcSwapOption<Slot<T>>);

struct Slot<T> {
    process: u32,
    value: T,
}

/// The value of this process.
pub struct Here<T>(Arc<Slot<T>>);

impl<T> Deref for Here<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> PerProcess<T> {
    /// Nothing yet.
    pub const fn empty() -> Self {
        Self(ArcSwapOption::const_empty())
    }

    /// The value of the process that runs now.
    pub fn new(value: T) -> Self {
        Self(ArcSwapOption::from_pointee(Slot { process: process::id(), value }))
    }

    /// The value of this process; none where there is only that of a process that forked.
    pub fn get(&self) -> Option<Here<T>> {
        here(self.0.load_full()?)
    }

    /// The value of this process, made now if there is none.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get_or_make(&self, make: impl FnOnce() -> Result<T, Error>) -> Result<Here<T>, Error> {
        if let Some(here) = self.get() {
            return Ok(here);
        }
        let new = Some(Arc::new(Slot { process: process::id(), value: make()? }));
        let seen = self.0.load_full();
        if seen.as_ref().is_none_or(|slot| slot.process != process::id()) {
            // Another thread may be faster; then its value counts.
            leave(Guard::into_inner(self.0.compare_and_swap(&seen, new)));
        }
        leave(seen);
        self.get().ok_or_else(|| Error::internal("a value was taken away while it was made"))
    }

    /// Takes the value of this process away.
    pub fn take(&self) -> Option<Here<T>> {
        here(self.0.swap(None)?)
    }
}

fn here<T>(slot: Arc<Slot<T>>) -> Option<Here<T>> {
    if slot.process == process::id() {
        return Some(Here(slot));
    }
    leave(Some(slot));
    None
}

/// Lets go of a value, but for one of another process, of which not even the count is lowered.
fn leave<T>(slot: Option<Arc<Slot<T>>>) {
    mem::forget(slot.filter(|slot| slot.process != process::id()));
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
