//! Calls under way, which JavaScript knows by numbers: an object for each would weigh more than the call, and lie about until a
//! collection.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall};

use crate::convert::{Given, Js, guarded};
use crate::mailbox::{Local, News};

/// Those of one thread of JavaScript.
#[derive(Default)]
pub(crate) struct Calls {
    last: Cell<i64>,
    under_way: RefCell<HashMap<i64, Arc<dyn AnyCall>>>,
}

impl Calls {
    /// Gives it a number, which it has until its end is taken or it is forgotten.
    pub(crate) fn add(&self, call: Arc<dyn AnyCall>) -> i64 {
        // Never one that somebody may still take for that of another call.
        let number = self.last.get() + 1;
        self.last.set(number);
        self.under_way.borrow_mut().insert(number, call);
        number
    }

    fn get(&self, call: i64) -> Option<Arc<dyn AnyCall>> {
        self.under_way.borrow().get(&call).cloned()
    }
}

fn with(env: Env, call: i64, work: impl FnOnce(Arc<dyn AnyCall>)) -> Result<()> {
    let under_way = Local::of(env)?.calls.get(call);
    guarded(env, || Ok(under_way.map(work))).map(|_| ())
}

/// What there is of a call now: null, `[false, item]`, or `[true, result]`.
#[napi]
pub fn poll(env: Env, call: i64) -> Result<Option<(bool, Js)>> {
    let calls = &Local::of(env)?.calls;
    let under_way = calls.get(call).ok_or_else(|| napi::Error::from_reason("the end of a call was taken twice"))?;
    let found = guarded(env, || under_way.take().found());
    if !matches!(found, Ok(None | Some((false, _)))) {
        calls.under_way.borrow_mut().remove(&call);
    }
    Ok(found?.map(|(ended, value)| (ended, value.into())))
}

/// Has the number of a call among the news as soon as there is something.
#[napi]
pub fn wake(env: Env, call: i64) -> Result<()> {
    let mailbox = Arc::clone(&Local::of(env)?.mailbox);
    with(env, call, |under_way| under_way.when_ready(Box::new(move || mailbox.send(News::Ready(call)))))
}

/// Ends a call at once, as cancelled; nothing happens to one that has ended. The tasks at the service go on.
#[napi]
pub fn cancel(env: Env, call: i64) -> Result<()> {
    with(env, call, |under_way| under_way.cancel())
}

/// The same, for whoever does not want to know its end.
#[napi]
pub fn forget(env: Env, call: i64) -> Result<()> {
    cancel(env, call)?;
    Local::of(env)?.calls.under_way.borrow_mut().remove(&call);
    Ok(())
}

/// Many images at once.
#[napi]
pub struct Many(pub(crate) Arc<bridge::Many>);

#[napi]
impl Many {
    /// A call that yields what becomes of them: `[index, image or null, error or null]` each. It has no end.
    #[napi]
    pub fn call(&self, env: Env) -> Result<i64> {
        Ok(Local::of(env)?.calls.add(Arc::clone(&self.0) as _))
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
