use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall, Error, Options, SaveOptions, request};

use crate::call::Many;
use crate::convert::{Given, Js, Kept, guarded};
use crate::mailbox::Local;

/// Begins a call that takes a timeout, and gives it a number.
fn call<C: AnyCall + 'static>(
    env: Env,
    timeout: Given,
    begin: impl FnOnce(Option<Duration>) -> std::result::Result<C, Error>,
) -> Result<i64> {
    let call = guarded(env, || begin(bridge::timeout(timeout.0)?))?;
    Ok(Local::of(env)?.calls.add(Arc::new(call)))
}

/// A client.
#[napi]
pub struct Client(bridge::Client);

#[napi]
impl Client {
    #[napi(constructor)]
    pub fn new(env: Env, options: Given) -> Result<Self> {
        guarded(env, || bridge::Client::new(Options::by_name(options.0)?)).map(Self)
    }

    #[napi(getter)]
    pub fn max_in_flight(&self) -> u32 {
        u32::try_from(self.0.max_in_flight()).unwrap_or(u32::MAX)
    }

    #[napi]
    pub fn generate(&self, env: Env, given: Given, model: Option<String>, timeout: Given, watch: bool) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.generate(request(&given.0, model)?, timeout, watch)))
    }

    #[napi]
    pub fn submit(&self, env: Env, given: Given, model: Option<String>, timeout: Given) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.submit(request(&given.0, model)?, timeout)))
    }

    #[napi]
    pub fn estimate(&self, env: Env, given: Given, model: Option<String>, timeout: Given) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.estimate(request(&given.0, model)?, timeout)))
    }

    #[napi]
    pub fn task(&self, env: Env, id: String) -> Result<Task> {
        guarded(env, || self.0.task(&id)).map(Task)
    }

    #[napi]
    pub fn about_image(&self, env: Env, image: Kept) -> Result<Js> {
        guarded(env, || Ok(self.0.image(&image.0)?.about().into()))
    }

    #[napi]
    pub fn image_bytes(&self, env: Env, image: Kept, timeout: Given) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.image(&image.0)?.bytes(timeout)))
    }

    #[napi]
    pub fn save_image(
        &self,
        env: Env,
        image: Kept,
        path: Given,
        overwrite: bool,
        add_extension: bool,
        timeout: Given,
    ) -> Result<i64> {
        let options = SaveOptions::default().overwrite(overwrite).add_extension(add_extension);
        call(env, timeout, |timeout| {
            let options = timeout.map_or(options, |timeout| options.timeout(timeout));
            Ok(self.0.image(&image.0)?.save(bridge::path(path.0)?, options))
        })
    }

    #[napi]
    pub fn many(&self) -> Many {
        Many(Arc::new(bridge::Many::new(&self.0)))
    }

    #[napi]
    pub fn stats(&self, env: Env) -> Result<Js> {
        guarded(env, || self.0.stats()).map(Js::from)
    }
}

/// A task.
#[napi]
pub struct Task(pub(crate) bridge::Task);

#[napi]
impl Task {
    #[napi(getter)]
    pub fn id(&self) -> &str {
        self.0.id().as_str()
    }

    #[napi(getter)]
    pub fn lag_seconds(&self) -> Option<f64> {
        self.0.lag_seconds()
    }

    #[napi]
    pub fn snapshot(&self) -> Js {
        self.0.snapshot().into()
    }

    #[napi]
    pub fn images(&self) -> Vec<Kept> {
        self.0.images().iter().map(|image| Kept(image.keep())).collect()
    }

    #[napi]
    pub fn wait(&self, env: Env, timeout: Given, watch: bool) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.wait(timeout, watch)))
    }

    #[napi]
    pub fn events(&self, env: Env, timeout: Given) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.events(timeout)))
    }

    #[napi]
    pub fn refresh(&self, env: Env, timeout: Given) -> Result<i64> {
        call(env, timeout, |timeout| Ok(self.0.refresh(timeout)))
    }
}
