use std::sync::Arc;

use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall, Step};

use crate::convert::{Given, Js, guarded, thrown};
use crate::mailbox::{Local, News};

/// A call under way. It is cancelled when it is collected.
#[napi]
pub struct Call(Arc<dyn AnyCall>);

impl Call {
    pub(crate) fn new(call: impl AnyCall + 'static) -> Self {
        Self(Arc::new(call))
    }
}

#[napi]
impl Call {
    /// The ids of the tasks that it is after now, as far as they are known.
    #[napi(getter)]
    pub fn task_ids(&self) -> Vec<String> {
        self.0.task_ids().iter().map(ToString::to_string).collect()
    }

    /// What there is now: null, `[false, item]`, or `[true, result]`.
    #[napi]
    pub fn poll(&self, env: Env) -> Result<Option<(bool, Js)>> {
        match guarded(env, || Ok(self.0.take()))? {
            Step::Pending => Ok(None),
            Step::Item(item) => Ok(Some((false, item.into()))),
            Step::Done(Ok(result)) => Ok(Some((true, result.into()))),
            Step::Done(Err(error)) => Err(thrown(env, &error)),
        }
    }

    /// Has this number among the news as soon as there is something.
    #[napi]
    pub fn wake(&self, env: Env, number: u32) -> Result<()> {
        let mailbox = Arc::clone(&Local::of(env)?.mailbox);
        guarded(env, || {
            self.0.when_ready(Box::new(move || mailbox.send(News::Ready(number))));
            Ok(())
        })
    }

    /// Ends it at once, as cancelled. The tasks at the service go on.
    #[napi]
    pub fn cancel(&self, env: Env) -> Result<()> {
        guarded(env, || {
            self.0.cancel();
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
        Call(Arc::clone(&self.0) as _)
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
