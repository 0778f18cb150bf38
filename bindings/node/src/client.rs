use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use napi::bindgen_prelude::{Env, ObjectFinalize, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, AnyCall, Error, Options, SaveOptions, request};

use crate::call::{Call, Many};
use crate::convert::{Given, Js, guarded};

/// Begins a call that takes a timeout.
fn call<C: AnyCall + 'static>(
    env: Env,
    timeout: Given,
    begin: impl FnOnce(Option<Duration>) -> std::result::Result<C, Error>,
) -> Result<Call> {
    guarded(env, || begin(bridge::timeout(timeout.0)?)).map(|call| Call::new(Arc::new(call)))
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
    pub fn generate(&self, env: Env, given: Given, model: Option<String>, timeout: Given, watch: bool) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.generate(request(&given.0, model)?, timeout, watch)))
    }

    #[napi]
    pub fn submit(&self, env: Env, given: Given, model: Option<String>, timeout: Given) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.submit(request(&given.0, model)?, timeout)))
    }

    #[napi]
    pub fn estimate(&self, env: Env, given: Given, model: Option<String>, timeout: Given) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.estimate(request(&given.0, model)?, timeout)))
    }

    #[napi]
    pub fn task(&self, env: Env, id: String) -> Result<Task> {
        guarded(env, || self.0.task(&id)).map(Task)
    }

    #[napi]
    pub fn many(&self) -> Many {
        Many::new(&self.0)
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
    pub fn images(&self, env: Env) -> Result<Vec<Image>> {
        self.0.images().into_iter().map(|image| Image::new(env, image)).collect()
    }

    #[napi]
    pub fn wait(&self, env: Env, timeout: Given, watch: bool) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.wait(timeout, watch)))
    }

    #[napi]
    pub fn events(&self, env: Env, timeout: Given) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.events(timeout)))
    }

    #[napi]
    pub fn refresh(&self, env: Env, timeout: Given) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.refresh(timeout)))
    }
}

/// A finished image, and how many bytes JavaScript was told that it has.
#[napi(custom_finalize)]
pub struct Image(bridge::Image, i64);

/// How many there are.
static IMAGES: AtomicUsize = AtomicUsize::new(0);

impl Image {
    /// JavaScript collects when much is to be had, and sees nothing of what an image holds here. So it is told far more, or those
    /// of a thousand calls would wait for a collection; but the truth of one of many, which somebody keeps: nothing is to be
    /// had of them.
    pub(crate) fn new(env: Env, image: bridge::Image) -> Result<Self> {
        let told = if IMAGES.fetch_add(1, Ordering::Relaxed) < 256 { 1 << 19 } else { 1 << 12 };
        env.adjust_external_memory(told)?;
        Ok(Self(image, told))
    }
}

impl ObjectFinalize for Image {
    fn finalize(self, env: Env) -> Result<()> {
        IMAGES.fetch_sub(1, Ordering::Relaxed);
        env.adjust_external_memory(-self.1).map(|_| ())
    }
}

#[napi]
impl Image {
    /// What is known of it without fetching it.
    #[napi]
    pub fn about(&self) -> Js {
        self.0.about().into()
    }

    #[napi]
    pub fn bytes(&self, env: Env, timeout: Given) -> Result<Call> {
        call(env, timeout, |timeout| Ok(self.0.bytes(timeout)))
    }

    #[napi]
    pub fn save(&self, env: Env, path: Given, overwrite: bool, add_extension: bool, timeout: Given) -> Result<Call> {
        let options = SaveOptions::default().overwrite(overwrite).add_extension(add_extension);
        call(env, timeout, |timeout| {
            let options = timeout.map_or(options, |timeout| options.timeout(timeout));
            Ok(self.0.save(bridge::path(path.0)?, options))
        })
    }
}
