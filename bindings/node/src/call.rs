use std::sync::Arc;

use napi::bindgen_prelude::{Env, Result, ToNapiValue, sys};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall, Step, Value};

use crate::convert::{Given, Js, guarded, thrown};
use crate::mailbox::{Local, News};

/// A call under way. It is cancelled when it is collected.
#[napi]
pub struct Call(Arc<dyn AnyCall>);

/// An item, or the result of the end.
pub struct Found(bool, Value);

impl ToNapiValue for Found {
    unsafe fn to_napi_value(env: sys::napi_env, found: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for the environment.
        unsafe { ToNapiValue::to_napi_value(env, (found.0, Js::from(found.1))) }
    }
}

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
    #[napi(ts_return_type = "[ended: boolean, value: unknown] | null")]
    pub fn poll(&self, env: Env) -> Result<Option<Found>> {
        match guarded(env, || Ok(self.0.take()))? {
            Step::Pending => Ok(None),
            Step::Item(item) => Ok(Some(Found(false, item))),
            Step::Done(Ok(result)) => Ok(Some(Found(true, result))),
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
    pub fn add(
        &self,
        env: Env,
        index: u32,
        #[napi(ts_arg_type = "unknown")] parameters: Given,
        model: Option<String>,
        #[napi(ts_arg_type = "unknown")] timeout: Given,
    ) -> Result<()> {
        guarded(env, || {
            let timeout = bridge::timeout(timeout.0)?;
            self.0.add(index as usize, bridge::request(&parameters.0, model), timeout);
            Ok(())
        })
    }
}
