//! A call under way, for a coroutine or a task that waits for it.

use std::sync::Arc;

use spark_t2i_bridge::{self as bridge, AnyCall, Bytes, Step, guard};
use uniffi::{Enum, Object, Record};

use crate::client::{NativeImage, NativeTask};
use crate::values::{Estimate, Event, Problem, TaskSnapshot, Tell};

/// What a call throws.
#[derive(Debug, uniffi::Error)]
pub enum NativeError {
    /// An error of the client.
    Told {
        /// It.
        problem: Problem,
    },
}

impl std::fmt::Display for NativeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an error of the client")
    }
}

impl From<bridge::Error> for NativeError {
    fn from(error: bridge::Error) -> Self {
        Self::Told { problem: error.tell() }
    }
}

/// Work of the bridge, as a part of a function.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, bridge::Error>) -> Result<T, NativeError> {
    Ok(guard(work)?)
}

/// What a call yields or ends with.
#[derive(Enum)]
pub enum NativeFound {
    Nothing,
    Event { event: Event },
    Image { image: Arc<NativeImage> },
    Task { task: Arc<NativeTask> },
    Snapshot { snapshot: TaskSnapshot },
    Estimate { estimate: Option<Estimate> },
    Bytes { bytes: Vec<u8> },
    Saved { saved: NativeSaved },
}

/// A file that was saved.
#[derive(Debug, Record)]
pub struct NativeSaved {
    pub path: String,
    pub bytes: u64,
    pub format: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

macro_rules! found {
    ($($type:ty: $value:ident => $found:expr;)+) => {
        $(impl From<$type> for NativeFound {
            fn from($value: $type) -> Self {
                $found
            }
        })+
    };
}

found! {
    bridge::Event: event => Self::Event { event: event.tell() };
    bridge::Image: image => Self::Image { image: Arc::new(NativeImage(image)) };
    bridge::Task: task => Self::Task { task: Arc::new(NativeTask(task)) };
    Arc<bridge::TaskSnapshot>: task => Self::Snapshot { snapshot: task.as_ref().tell() };
    Option<bridge::Estimate>: estimate => Self::Estimate { estimate: estimate.tell() };
    Bytes: bytes => Self::Bytes { bytes: bytes.into() };
    (): _nothing => Self::Nothing;
    bridge::Saved: saved => {
        let (width, height) = saved.pixels.map(|pixels| (pixels.width, pixels.height)).unzip();
        let format = saved.format.extension().to_owned();
        // It was given as a text, and is one again.
        let path = saved.path.to_string_lossy().into_owned();
        Self::Saved { saved: NativeSaved { path, bytes: saved.bytes, format, width, height } }
    };
}

/// What there is of a call.
#[derive(Enum)]
pub enum NativeStep {
    Pending,
    Item { item: NativeFound },
    Done { result: NativeFound },
}

/// Somebody who waits for a call.
#[uniffi::export(callback_interface)]
pub trait NativeWake: Send + Sync {
    /// There is something to take. Called on a thread of the runtime, which it must not block.
    fn wake(&self);
}

/// A call under way. Dropping it cancels it.
#[derive(Object)]
pub struct NativeCall(Box<dyn AnyCall<NativeFound>>);

impl NativeCall {
    pub(crate) fn begin<C: AnyCall<NativeFound> + 'static>(
        begin: impl FnOnce() -> Result<C, bridge::Error>,
    ) -> Result<Arc<Self>, NativeError> {
        guarded(|| Ok(Arc::new(Self(Box::new(begin()?)))))
    }
}

#[uniffi::export]
impl NativeCall {
    /// What there is now.
    pub fn take(&self) -> Result<NativeStep, NativeError> {
        guarded(|| match self.0.take() {
            Step::Pending => Ok(NativeStep::Pending),
            Step::Item(item) => Ok(NativeStep::Item { item }),
            Step::Done(result) => result.map(|result| NativeStep::Done { result }),
        })
    }

    /// Wakes once, now or as soon as there is something to take.
    pub fn when_ready(&self, wake: Box<dyn NativeWake>) {
        self.0.when_ready(Box::new(move || wake.wake()));
    }

    /// Ends it at once, as cancelled. The tasks at the service go on.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}
