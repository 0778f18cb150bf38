use std::sync::Arc;

use spark_t2i_bridge::{Argument, Emulator, EmulatorOptions};
use uniffi::{Object, Record};

use crate::call::{NativeError, guarded};
use crate::client::{integer, map, number, text};

/// The options of an emulator; what is none has its default.
#[derive(Record)]
pub struct NativeEmulatorOptions {
    pub latency: Option<String>,
    pub failure_rate: Option<f64>,
    pub progress: Option<bool>,
    pub rate_limit: Option<f64>,
    pub price: Option<String>,
    pub api_key: Option<String>,
    pub seed: Option<i64>,
    pub faults: Option<Vec<String>>,
}

/// The service on loopback, inside this process. A library without the feature `emulator` has it as well, so that the
/// generated code fits both, but cannot start it.
#[derive(Object)]
pub struct NativeEmulator(Emulator);

#[uniffi::export]
impl NativeEmulator {
    /// Starts one.
    #[uniffi::constructor]
    pub fn new(options: NativeEmulatorOptions) -> Result<Arc<Self>, NativeError> {
        guarded(|| {
            let options = EmulatorOptions::by_name(map([
                ("latency", text(options.latency)),
                ("failure_rate", number(options.failure_rate)),
                ("progress", options.progress.map_or(Argument::Absent, Argument::Boolean)),
                ("rate_limit", number(options.rate_limit)),
                ("price", text(options.price)),
                ("api_key", text(options.api_key)),
                ("seed", integer(options.seed)),
                ("faults", options.faults.map_or(Argument::Absent, list)),
            ]))?;
            Ok(Arc::new(Self(Emulator::start(options)?)))
        })
    }

    /// The base URL for a client.
    pub fn url(&self) -> String {
        self.0.url().to_owned()
    }

    /// Its counters as JSON.
    pub fn stats(&self) -> Result<String, NativeError> {
        guarded(|| self.0.stats())
    }

    /// Sets these faults in place of all others.
    pub fn set_faults(&self, faults: Vec<String>) -> Result<(), NativeError> {
        guarded(|| self.0.set_faults(list(faults)))
    }

    /// Stops it.
    pub fn stop(&self) {
        self.0.stop();
    }
}

fn list(texts: Vec<String>) -> Argument {
    Argument::List(texts.into_iter().map(Argument::Text).collect())
}
