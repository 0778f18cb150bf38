use std::cell::RefCell;
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall, Step};

use crate::convert::{Given, Js, guarded, thrown};
use crate::mailbox::{Local, News};

/// A call under way. It is cancelled when it is collected; what has ended does not wait for that.
#[napi]
pub struct Call(RefCell<Option<Arc<dyn AnyCall>>>);

impl Call {
    pub(crate) fn new(call: impl AnyCall + 'static) -> Self {
        Self::of(Arc::new(call))
    }

    fn of(call: Arc<dyn AnyCall>) -> Self {
        Self(RefCell::new(Some(call)))
    }

    fn get(&self) -> Option<Arc<dyn AnyCall>> {
        self.0.borrow().clone()
    }
}

#[napi]
impl Call {
    /// The ids of the tasks that it is after now, as far as they are known.
    #[napi(getter)]
    pub fn task_ids(&self) -> Vec<String> {
        self.get().iter().flat_map(|call| call.task_ids()).map(|id| id.to_string()).collect()
    }

    /// What there is now: null, `[false, item]`, or `[true, result]`.
    #[napi]
    pub fn poll(&self, env: Env) -> Result<Option<(bool, Js)>> {
        let call = self.get().ok_or_else(|| napi::Error::from_reason("the end of a call was taken twice"))?;
        let end = match guarded(env, || Ok(call.take()))? {
            Step::Pending => return Ok(None),
            Step::Item(item) => return Ok(Some((false, item.into()))),
            Step::Done(end) => end,
        };
        self.0.take();
        end.map(|result| Some((true, result.into()))).map_err(|error| thrown(env, &error))
    }

    /// Has this number among the news as soon as there is something.
    #[napi]
    pub fn wake(&self, env: Env, number: u32) -> Result<()> {
        let mailbox = Arc::clone(&Local::of(env)?.mailbox);
        guarded(env, || {
            if let Some(call) = self.get() {
                call.when_ready(Box::new(move || mailbox.send(News::Ready(number))));
            }
            Ok(())
        })
    }

    /// Ends it at once, as cancelled. The tasks at the service go on.
    #[napi]
    pub fn cancel(&self, env: Env) -> Result<()> {
        guarded(env, || {
            if let Some(call) = self.get() {
                call.cancel();
            }
            Ok(())
        })
    }
}

/// Many images at once.
#[napi]
pub struct Many(Arc<bridge::Many>);

impl Many {
    pub(crate) fn new(client: &bridge::Client) -> Self {
        Self(Arc::new(bridge::Many::new(client)))
    }
}

#[napi]
impl Many {
    /// What becomes of them: `[index, image or null, error or null]` each. It has no end.
    #[napi]
    pub fn call(&self) -> Call {
        Call::of(Arc::clone(&self.0) as _)
    }

    /// Begins one more.
    #[napi]
    pub fn add(&self, env: Env, index: u32, given: Given, model: Option<String>, timeout: Given) -> Result<()> {
        guarded(env, || {
            let timeout = bridge::timeout(timeout.0)?;
            self.0.add(index as usize, bridge::request(&given.0, model), timeout);
            Ok(())
        })
    }
}
