//! One thread that calls foreign code, in batches, and can be stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use spark_t2i::{Error, ErrorKind};

use crate::process::PerProcess;
use crate::threads::starting;

/// More at once would keep others from the interpreter for long.
const MOST_AT_ONCE: usize = 500;

/// Delivers parcels to foreign code on one thread of its own: the threads of the runtime never wait for an interpreter, and
/// once it is stopped, nobody calls one any more. A forked child gets a thread of its own.
pub struct Courier<P: 'static> {
    /// Delivers a batch. `false` when nothing can be delivered any more.
    deliver: fn(Vec<P>) -> bool,
    running: PerProcess<Running<P>>,
    stopped: AtomicBool,
}

enum Order<P> {
    Deliver(P),
    Flush(Sender<()>),
    Stop,
}

struct Running<P> {
    orders: Sender<Order<P>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<P> Running<P> {
    fn is_this_thread(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_some_and(|thread| thread.thread().id() == thread::current().id())
    }
}

impl<P: Send + 'static> Courier<P> {
    /// One that has no thread yet.
    pub const fn new(deliver: fn(Vec<P>) -> bool) -> Self {
        Self { deliver, running: PerProcess::empty(), stopped: AtomicBool::new(false) }
    }

    /// Has something delivered soon, after what was sent before. Nothing, once it is stopped.
    pub fn send(&self, parcel: P) {
        self.order(Order::Deliver(parcel));
    }

    /// Waits until what was sent before is delivered, for `at_most`. Not to be called by a thread that the delivery waits
    /// for. The delivery itself, which may come back here, waits for nothing.
    pub fn flush(&self, at_most: Duration) {
        if self.running.get().is_some_and(|running| running.is_this_thread()) {
            return;
        }
        let (done, flushed) = mpsc::channel();
        self.order(Order::Flush(done));
        // An error means that nothing is delivered any more.
        _ = flushed.recv_timeout(at_most);
    }

    /// Ends the thread when it has delivered what there is, and waits for that, for `at_most`: foreign code may hang. What is
    /// sent afterwards starts another. Not to be called by a thread that the delivery waits for; the delivery itself may, and
    /// waits for nothing.
    pub fn end(&self, at_most: Duration) {
        let Some(running) = self.running.take() else { return };
        _ = running.orders.send(Order::Stop);
        if running.is_this_thread() {
            return;
        }
        let Some(thread) = running.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let until = Instant::now() + at_most;
        while !thread.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            // Nothing of it is left then, not even its stack.
            _ = thread.join();
        }
    }

    /// As [`end`](Self::end), and nothing is delivered ever after.
    pub fn stop(&self, at_most: Duration) {
        self.stopped.store(true, Ordering::Release);
        self.end(at_most);
    }

    fn order(&self, order: Order<P>) {
        if self.stopped.load(Ordering::Acquire) {
            return;
        }
        // Without a thread nothing can be said to anybody.
        if let Ok(running) = self.running.get_or_make(|| self.start()) {
            _ = running.orders.send(order);
        }
    }

    fn start(&self) -> Result<Running<P>, Error> {
        let (orders, to_do) = mpsc::channel::<Order<P>>();
        let deliver = self.deliver;
        let work = move || {
            while let Ok(first) = to_do.recv() {
                let (mut batch, mut flushed, mut stop) = (Vec::new(), Vec::new(), false);
                for order in std::iter::once(first).chain(to_do.try_iter()).take(MOST_AT_ONCE) {
                    match order {
                        Order::Deliver(parcel) => batch.push(parcel),
                        Order::Flush(done) => flushed.push(done),
                        Order::Stop => stop = true,
                    }
                }
                if (!batch.is_empty() && !deliver(batch)) || stop {
                    return;
                }
                for done in flushed {
                    // It is gone where nobody waits any more.
                    _ = done.send(());
                }
            }
        };
        let thread = starting(|| thread::Builder::new().name("spark-t2i-courier".to_owned()).spawn(work));
        let thread = thread.map_err(|error| {
            Error::new(ErrorKind::Io, "the thread that delivers cannot be started").with_source(error)
        })?;
        Ok(Running { orders, thread: Mutex::new(Some(thread)) })
    }
}
