//! What other threads have for the one thread of an event loop, which is told once for all that came since it looked.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What has come for a thread that looks when it is told to.
pub struct Inbox<T>(Mutex<Vec<T>>);

impl<T> Inbox<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Puts something in, on any thread. `true` where the other thread has to be told to look: for the first one since it did.
    #[must_use]
    pub fn put(&self, item: T) -> bool {
        let mut waiting = lock(&self.0);
        waiting.push(item);
        waiting.len() == 1
    }

    /// All that came, in its order.
    pub fn take(&self) -> Vec<T> {
        mem::take(&mut lock(&self.0))
    }
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A way to tell an event loop that watches files, and needs no lock of an interpreter.
pub struct Pipe {
    /// Whether there is a byte in it: never more than one, so that neither end ever blocks.
    rung: Mutex<bool>,
    pull: PipeWriter,
    hear: PipeReader,
}

impl Pipe {
    /// One with nothing in it.
    ///
    /// # Errors
    /// When the process may open no more files.
    pub fn new() -> io::Result<Self> {
        let (hear, pull) = io::pipe()?;
        Ok(Self { rung: Mutex::default(), pull, hear })
    }

    /// Has something to read in it from now on. On any thread.
    pub fn ring(&self) {
        let mut rung = lock(&self.rung);
        *rung = *rung || (&self.pull).write(&[0]).is_ok();
    }

    /// Has nothing to read in it any more. To be called before looking: what comes later rings again.
    ///
    /// # Errors
    /// When it cannot be read: never, in a process that leaves its files alone.
    pub fn hush(&self) -> io::Result<()> {
        if mem::take(&mut *lock(&self.rung)) { (&self.hear).read_exact(&mut [0]) } else { Ok(()) }
    }

    /// The end to watch.
    pub fn hear(&self) -> &PipeReader {
        &self.hear
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn tells_once_for_all_that_came_since_it_was_emptied() {
        let inbox = Inbox::new();
        assert_eq!([inbox.put(1), inbox.put(2), inbox.put(3)], [true, false, false]);
        assert_eq!(inbox.take(), [1, 2, 3]);
        assert!(inbox.put(4));
        assert_eq!(inbox.take(), [4]);
        assert!(inbox.take().is_empty());
    }

    #[test]
    fn a_pipe_holds_one_byte_however_often_it_is_rung() {
        let pipe = Pipe::new().expect("a pipe");
        // More than a pipe holds, were they all in it.
        for _ in 0..100_000 {
            pipe.ring();
        }
        pipe.hush().expect("read");
        // It would block, did it read.
        pipe.hush().expect("nothing to read");
        pipe.ring();
        pipe.hear().read_exact(&mut [0]).expect("rung again");
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        const EACH: usize = 10_000;
        let shared = Arc::new((Inbox::new(), Pipe::new().expect("a pipe")));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    for number in 0..EACH {
                        if shared.0.put(number) {
                            shared.1.ring();
                        }
                    }
                })
            })
            .collect();
        let mut sum = 0;
        let mut count = 0;
        while count < 4 * EACH {
            // As an event loop: it waits until there is something to read, and would wait for ever were a ring lost.
            wait_until_readable(&shared.1);
            shared.1.hush().expect("read");
            let came = shared.0.take();
            count += came.len();
            sum += came.iter().sum::<usize>();
        }
        for thread in threads {
            thread.join().expect("it ends");
        }
        assert_eq!(sum, 4 * (0..EACH).sum::<usize>());
    }

    /// Reads the byte itself, and puts it back.
    fn wait_until_readable(pipe: &Pipe) {
        pipe.hear().read_exact(&mut [0]).expect("a byte");
        (&pipe.pull).write_all(&[0]).expect("room for a byte");
    }
}
