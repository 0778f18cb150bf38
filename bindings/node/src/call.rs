use std::cell::RefCell;
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall};

use crate::convert::{Given, Js, guarded};
use crate::mailbox::{Local, News};

/// A call under way. It is cancelled when it is collected; what has ended does not wait for that.
#[napi]
pub struct Call(RefCell<Option<Arc<dyn AnyCall>>>);

impl Call {
    pub(crate) fn new(call: Arc<dyn AnyCall>) -> Self {
        Self(RefCell::new(Some(call)))
    }

    fn get(&self) -> Option<Arc<dyn AnyCall>> {
        self.0.borrow().clone()
    }

    fn with(&self, env: Env, work: impl FnOnce(Arc<dyn AnyCall>)) -> Result<()> {
        guarded(env, || Ok(self.get().map(work))).map(|_| ())
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
        let found = guarded(env, || call.take().found());
        if !matches!(found, Ok(None | Some((false, _)))) {
            self.0.take();
        }
        Ok(found?.map(|(ended, value)| (ended, value.into())))
    }

    /// Has this number among the news as soon as there is something.
    #[napi]
    pub fn wake(&self, env: Env, number: u32) -> Result<()> {
        let mailbox = Arc::clone(&Local::of(env)?.mailbox);
        self.with(env, |call| call.when_ready(Box::new(move || mailbox.send(News::Ready(number)))))
    }

    /// Ends it at once, as cancelled. The tasks at the service go on.
    #[napi]
    pub fn cancel(&self, env: Env) -> Result<()> {
        self.with(env, |call| call.cancel())
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
        Call::new(Arc::clone(&self.0) as _)
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
