use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use spark_t2i::{Error, ErrorKind, printable};
use spark_t2i_emulator::{Fault, Latency, StartError, Stats};

use crate::argument::{Argument, FromArgument, options, snake_case};
use crate::options::{by_name, set};
use crate::process::PerProcess;
use crate::threads::starting;

/// The options of an emulator; what is none has its default. Each is documented at the method of the emulator's `Builder`
/// with its name.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as said above")]
pub struct EmulatorOptions {
    pub addr: Option<String>,
    pub latency: Option<LatencyText>,
    pub failure_rate: Option<f64>,
    pub progress: Option<bool>,
    pub rate_limit: Option<f64>,
    /// A decimal number.
    pub price: Option<String>,
    pub api_key: Option<String>,
    pub seed: Option<u64>,
    pub state: Option<PathBuf>,
    /// As in `serve --fault`: `NAME[:PROBABILITY][@KIND]`.
    pub faults: Option<Vec<String>>,
}

/// As in `serve --latency`: `2s`, `lognormal:12s:0.25`, or a file's path. By name a number of seconds may be given, too.
#[derive(Debug, Clone)]
pub struct LatencyText(pub String);

impl FromArgument for LatencyText {
    fn read(name: &str, argument: Argument) -> Result<Self, Error> {
        Ok(Self(match argument {
            Argument::Integer(_) | Argument::Number(_) => format!("{}s", Duration::read(name, argument)?.as_secs_f64()),
            other => String::read(name, other)?,
        }))
    }
}

by_name!(EmulatorOptions: addr latency failure_rate progress rate_limit price api_key seed state faults);

/// The service on loopback, inside this process, on threads of its own. It stops when it is dropped; a forked child has no
/// part in it.
pub struct Emulator {
    url: String,
    running: PerProcess<spark_t2i_emulator::Emulator>,
    /// Its counters, from the moment that it is stopped.
    last: OnceLock<Stats>,
}

impl Emulator {
    /// Starts one.
    ///
    /// # Errors
    /// `invalid_request` for an option that cannot be; `io` when the system gives no port, no threads or no file.
    pub fn start(options: EmulatorOptions) -> Result<Self, Error> {
        let mut builder = spark_t2i_emulator::Emulator::builder();
        if let Some(addr) = options.addr {
            builder = builder.addr(read::<SocketAddr>("addr", &addr)?);
        }
        if let Some(LatencyText(latency)) = options.latency {
            builder = builder.latency(read::<Latency>("latency", &latency)?);
        }
        if let Some(price) = options.price {
            builder = builder.price(read("price", &price)?);
        }
        for fault in faults(&options.faults.unwrap_or_default())? {
            builder = builder.fault(fault);
        }
        set!(builder from options: failure_rate progress rate_limit api_key seed state);
        let emulator = starting(|| builder.start()).map_err(|error| {
            let kind = match &error {
                StartError::InvalidOption { .. } | StartError::RefusedAddress(_) => ErrorKind::InvalidRequest,
                _ => ErrorKind::Io,
            };
            Error::new(kind, error.to_string()).with_source(error)
        })?;
        Ok(Self { url: emulator.url().to_owned(), running: PerProcess::new(emulator), last: OnceLock::new() })
    }

    /// The base URL for a client.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its counters as JSON, as `GET /_emulator/stats` answers; the last ones, when it was stopped.
    ///
    /// # Errors
    /// `invalid_request` where it belongs to the parent of this process.
    pub fn stats(&self) -> Result<String, Error> {
        let stats = match self.last.get() {
            Some(stats) => serde_json::to_string(stats),
            None => self.with(|emulator| serde_json::to_string(&emulator.stats()))?,
        };
        stats.map_err(|error| Error::internal("counters that are no JSON").with_source(error))
    }

    /// The faults that are set.
    ///
    /// # Errors
    /// `invalid_request` when it was stopped, or belongs to the parent of this process.
    pub fn faults(&self) -> Result<Vec<String>, Error> {
        self.with(|emulator| emulator.faults().iter().map(ToString::to_string).collect())
    }

    /// Sets these faults, a list of texts, in place of all others.
    ///
    /// # Errors
    /// `invalid_request` for a text that is no fault; else as [`faults`](Self::faults).
    pub fn set_faults(&self, texts: Argument) -> Result<(), Error> {
        let faults = faults(&Vec::read("faults", texts)?)?;
        self.with(|emulator| emulator.set_faults(faults))
    }

    /// Stops it. To stop it twice is no error.
    pub fn stop(&self) {
        if let Some(emulator) = self.running.take() {
            _ = self.last.set(emulator.stats());
        }
    }

    fn with<T>(&self, work: impl FnOnce(&spark_t2i_emulator::Emulator) -> T) -> Result<T, Error> {
        let emulator = self.running.get().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the emulator was stopped, or was started before this process was forked: use its URL, or start another",
            )
        })?;
        Ok(work(&emulator))
    }
}

fn faults(texts: &[String]) -> Result<Vec<Fault>, Error> {
    texts.iter().map(|text| read("fault", text)).collect()
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|error| Error::new(ErrorKind::InvalidRequest, format!("{name} \"{}\": {error}", printable(text, 80))))
}
