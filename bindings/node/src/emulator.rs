use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use spark_t2i_bridge::{self as bridge, EmulatorOptions};

use crate::convert::{Given, guarded};

/// The service on loopback, inside this process.
#[napi]
pub struct Emulator(bridge::Emulator);

#[napi]
impl Emulator {
    #[napi(constructor)]
    pub fn new(env: Env, options: Given) -> Result<Self> {
        guarded(env, || bridge::Emulator::start(EmulatorOptions::by_name(options.0)?)).map(Self)
    }

    #[napi(getter)]
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// Its counters, as JSON.
    #[napi]
    pub fn stats(&self, env: Env) -> Result<String> {
        guarded(env, || self.0.stats())
    }

    #[napi]
    pub fn faults(&self, env: Env) -> Result<Vec<String>> {
        guarded(env, || self.0.faults())
    }

    #[napi]
    pub fn set_faults(&self, env: Env, faults: Given) -> Result<()> {
        guarded(env, || self.0.set_faults(faults.0))
    }

    #[napi]
    pub fn stop(&self) {
        self.0.stop();
    }
}
