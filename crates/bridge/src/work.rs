//! A future that runs on the runtime and can be dropped by another thread: at once, not when the runtime comes to it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;

/// Work under way, as the one who started it sees it.
pub(crate) struct Work {
    runtime: Handle,
    state: Mutex<State>,
}

struct State {
    /// None when it has ended or was stopped.
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    waker: Option<Waker>,
}

impl Work {
    /// Starts work. Only the runtime keeps it alive.
    pub(crate) fn start(runtime: &Handle, future: impl Future<Output = ()> + Send + 'static) -> Weak<Self> {
        let state = Mutex::new(State { future: Some(Box::pin(future)), waker: None });
        let work = Arc::new(Self { runtime: runtime.clone(), state });
        let seen = Arc::downgrade(&work);
        runtime.spawn(Running(work));
        seen
    }

    /// Drops what is left of it, on this thread, before this returns.
    pub(crate) fn stop(&self) {
        let (future, waker) = {
            let mut state = self.state();
            (state.future.take(), state.waker.take())
        };
        // Within the runtime, because parts of it may start something when they are dropped: a connection that goes back to its
        // pool does.
        let within = self.runtime.enter();
        drop(future);
        drop(within);
        // So that the runtime lets go of the rest.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same, as the runtime sees it.
struct Running(Arc<Work>);

impl Future for Running {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.state();
        let Some(future) = &mut state.future else { return Poll::Ready(()) };
        if future.as_mut().poll(context).is_ready() {
            state.future = None;
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The runtime ends.
impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::runtime::Builder;

    use super::*;

    /// Starts something when it is dropped, as a connection does that goes back to its pool.
    struct StartsSomething;

    impl Drop for StartsSomething {
        fn drop(&mut self) {
            tokio::spawn(async {});
        }
    }

    #[test]
    fn what_another_thread_drops_is_dropped_within_the_runtime() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let last = StartsSomething;
        let work = Work::start(runtime.handle(), async move {
            let _last = last;
            pending::<()>().await;
        });
        runtime.block_on(tokio::task::yield_now());
        std::thread::scope(|scope| {
            scope.spawn(|| work.upgrade().expect("it is under way").stop());
        });
    }

    #[test]
    fn and_so_is_what_is_left_when_the_runtime_ends() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let last = StartsSomething;
        let _work = Work::start(runtime.handle(), async move {
            let _last = last;
            pending::<()>().await;
        });
        runtime.block_on(tokio::task::yield_now());
        drop(runtime);
    }
}
