use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand::rngs::StdRng;
use spark_t2i_core::Decimal;

use crate::clock::Clock;
use crate::fault::Faults;
use crate::id::Mint;
use crate::limit::RateLimit;
use crate::scenario::Cases;
use crate::service::{Rules, Service};
use crate::state_file::StateFile;
use crate::stats::Counters;
use crate::store::Store;
use crate::{Emulator, Fault, Latency, StartError};

/// How an emulator shall behave; made by [`Emulator::builder`].
#[derive(Clone)]
pub struct Builder {
    addr: SocketAddr,
    latency: Latency,
    failure_rate: f64,
    progress: bool,
    rate_limit: Option<f64>,
    price: Decimal,
    api_key: Option<String>,
    state: Option<PathBuf>,
    seed: Option<u64>,
    scenarios: Option<PathBuf>,
    faults: Vec<Fault>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            latency: Latency::default(),
            failure_rate: 0.0,
            progress: true,
            rate_limit: None,
            price: "0.035714285714".parse().expect("it is a decimal number"),
            api_key: None,
            state: None,
            seed: None,
            scenarios: None,
            faults: Vec::new(),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("addr", &self.addr)
            .field("latency", &self.latency)
            .field("failure_rate", &self.failure_rate)
            .field("progress", &self.progress)
            .field("rate_limit", &self.rate_limit)
            .field("price", &self.price)
            .field("state", &self.state)
            .field("seed", &self.seed)
            .field("scenarios", &self.scenarios)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Where to listen; by default a free port of 127.0.0.1. An address that other machines may reach needs an
    /// [`api_key`](Self::api_key).
    pub fn addr(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.addr = addr.into();
        self
    }

    /// How long tasks take: a [`Latency`], or a `Duration` for a fixed one. By default two seconds.
    pub fn latency(mut self, latency: impl Into<Latency>) -> Self {
        self.latency = latency.into();
        self
    }

    /// The part of the tasks that fail, 0 to 1, with the code 003001095. By default none.
    pub fn failure_rate(mut self, part: f64) -> Self {
        self.failure_rate = part;
        self
    }

    /// Whether running tasks tell how much is done. By default they do, and better than any service: their progress is a
    /// straight line to their end.
    pub fn progress(mut self, told: bool) -> Self {
        self.progress = told;
        self
    }

    /// How many requests a second the API admits, create, estimate and status together; those beyond are refused with
    /// 429 and `Retry-After`. One second's worth may come at once. By default there is no limit.
    pub fn rate_limit(mut self, requests_per_second: f64) -> Self {
        self.rate_limit = Some(requests_per_second);
        self
    }

    /// What an image costs in USD. By default 0.035714285714.
    pub fn price(mut self, price: Decimal) -> Self {
        self.price = price;
        self
    }

    /// The one key that is accepted. By default any is, but there must be one.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// A file for tasks that outlive a restart, made if it is not there. A create is answered when its task stands in
    /// the file, and refused with 500 when it cannot be written. One emulator uses it at a time.
    pub fn state(mut self, path: impl Into<PathBuf>) -> Self {
        self.state = Some(path.into());
        self
    }

    /// Makes the draws of latencies, failures and seeds the same at every run, in the order of the creates, and those of
    /// faults, in the order of the requests of each kind. Ids differ all the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A folder of scenarios, each served at `/scenarios/NAME` beside the service itself; on loopback only. See
    /// [`Emulator::scenario`].
    pub fn scenarios(mut self, folder: impl Into<PathBuf>) -> Self {
        self.scenarios = Some(folder.into());
        self
    }

    /// Something that goes wrong on purpose; called again for more. [`Emulator::set_faults`] changes them while it runs.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts it. When this returns, it accepts connections.
    ///
    /// # Errors
    /// When an option is out of its range, the address cannot be had, or the state file cannot be used.
    pub fn start(self) -> Result<Emulator, StartError> {
        self.check()?;
        let scenarios = self.scenarios.as_deref().map(Cases::load).transpose()?;
        let (store, counters) = (Store::new(), Counters::default());
        let state = self
            .state
            .as_deref()
            .map(|path| StateFile::open(path, |id, record| Service::restore(&store, &counters, id, record)))
            .transpose()?;
        let service = Service {
            clock: Clock::start(),
            store,
            counters,
            rules: Rules {
                latency: self.latency,
                failure_rate: self.failure_rate,
                price: Arc::new(self.price),
                api_key: self.api_key.map(String::into_boxed_str),
                progress: self.progress,
                limit: self.rate_limit.map(RateLimit::new),
            },
            state,
            draws: Mutex::new(self.seed.map_or_else(rand::make_rng, StdRng::seed_from_u64)),
            mint: Mint::new(),
            faults: Faults::new(self.faults, self.seed),
        };
        Emulator::run(self.addr, Arc::new(service), scenarios)
    }

    fn check(&self) -> Result<(), StartError> {
        let invalid = |option, range, given: &dyn fmt::Display| {
            Err(StartError::InvalidOption { option, range, given: given.to_string() })
        };
        if !(0.0..=1.0).contains(&self.failure_rate) {
            return invalid("failure_rate", "0 to 1", &self.failure_rate);
        }
        if let Some(limit) = self.rate_limit.filter(|limit| !(0.001..=1e6).contains(limit)) {
            return invalid("rate_limit", "0.001 to 1000000 requests a second", &limit);
        }
        if self.price < Decimal::default() {
            return invalid("price", "0 or more", &self.price);
        }
        let is_sendable = |key: &String| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if self.api_key.as_ref().is_some_and(|key| !is_sendable(key)) {
            return invalid("api_key", "printable ASCII without white space", &"what was given");
        }
        if !self.addr.ip().to_canonical().is_loopback() {
            if self.api_key.is_none() {
                return Err(StartError::RefusedAddress(self.addr));
            }
            if self.scenarios.is_some() {
                return invalid("addr", "a loopback address where there are scenarios", &self.addr);
            }
        }
        Ok(())
    }
}
