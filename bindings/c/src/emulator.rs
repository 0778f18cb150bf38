//! The emulator.

use std::ptr;

use spark_t2i_bridge::{self as bridge, Argument, EmulatorOptions, Error};

use crate::error::spark_t2i_result;
use crate::given::{list, named, number, sized, text};
use crate::handle::{
    Emulator, Object, attempt, give, read, spark_t2i_bytes, spark_t2i_emulator, spark_t2i_error, text_object, with,
};
use crate::request::SPARK_T2I_UNSET;
use crate::text::{OwnedText, spark_t2i_text};

/// The settings of an emulator. Begin with `SPARK_T2I_EMULATOR_OPTIONS_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct spark_t2i_emulator_options {
    /// The size of this struct, as the caller's compiler knows it.
    pub size: usize,
    /// How long tasks take: `2s` (the default), `500ms`, `lognormal:12s:0.25` (median and spread), or the path of a file of
    /// recorded seconds.
    pub latency: spark_t2i_text,
    /// The part of the tasks that fail, 0 (the default) to 1, with the code 003001095.
    pub failure_rate: f64,
    /// Requests a second, 0.001 to 1000000; those beyond are answered with 429. Default: no limit.
    pub rate_limit: f64,
    /// What an image costs in USD: a decimal number. Default: 0.035714285714.
    pub price: spark_t2i_text,
    /// The one key that is accepted. Default: any.
    pub api_key: spark_t2i_text,
    /// Makes latencies, failures and faults the same at every run: 0 to 2^63-1. Default: `SPARK_T2I_UNSET`.
    pub seed: i64,
    /// Whether running tasks tell how much is done: 1 (the default) or 0.
    pub progress: i32,
    /// A file for tasks that outlive a restart. Default: none.
    pub state: spark_t2i_text,
    /// Where to listen. Default: a free port of 127.0.0.1.
    pub addr: spark_t2i_text,
    /// What goes wrong on purpose: `NAME[:PROBABILITY][@KIND]`, such as `http-503:0.2`.
    pub faults: *const spark_t2i_text,
    /// How many.
    pub fault_count: usize,
}

impl spark_t2i_emulator_options {
    const UNSET: Self = Self {
        size: size_of::<Self>(),
        latency: spark_t2i_text::NONE,
        failure_rate: -1.0,
        rate_limit: -1.0,
        price: spark_t2i_text::NONE,
        api_key: spark_t2i_text::NONE,
        seed: SPARK_T2I_UNSET,
        progress: -1,
        state: spark_t2i_text::NONE,
        addr: spark_t2i_text::NONE,
        faults: ptr::null(),
        fault_count: 0,
    };

    unsafe fn read(&self) -> Result<EmulatorOptions, Error> {
        let seed = if self.seed == SPARK_T2I_UNSET { Argument::Absent } else { Argument::Integer(self.seed.into()) };
        let progress = if self.progress < 0 { Argument::Absent } else { Argument::Boolean(self.progress != 0) };
        // SAFETY: as promised to this function.
        unsafe {
            EmulatorOptions::by_name(Argument::Map(vec![
                named("latency", text(self.latency, "latency")?),
                named("failure_rate", number(self.failure_rate)),
                named("rate_limit", number(self.rate_limit)),
                named("price", text(self.price, "price")?),
                named("api_key", text(self.api_key, "api_key")?),
                named("seed", seed),
                named("progress", progress),
                named("state", text(self.state, "state")?),
                named("addr", text(self.addr, "addr")?),
                named("faults", faults(self.faults, self.fault_count)?),
            ]))
        }
    }
}

unsafe fn faults(first: *const spark_t2i_text, count: usize) -> Result<Argument, Error> {
    // SAFETY: as promised to this function.
    let faults = unsafe { list(first, count, "faults")?.iter().map(|fault| fault.required("a fault")) };
    Ok(Argument::List(faults.map(|fault| fault.map(Argument::Text)).collect::<Result<_, _>>()?))
}

/// Starts the service on loopback, inside this process, on threads of its own: for tests and demos, with no key and no
/// network. `options` may be NULL. It stops when it is freed. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` for an option that cannot be; `SPARK_T2I_IO` when the system gives no port, no threads
/// or no file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_emulator_new(
    options: *const spark_t2i_emulator_options,
    emulator: *mut *mut spark_t2i_emulator,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        give(emulator, error, || {
            let unset = spark_t2i_emulator_options::UNSET;
            let options = if options.is_null() { unset } else { sized(options, unset, "options")? };
            let options = options.read()?;
            let started = Box::new(bridge::Emulator::start(options)?);
            let url = OwnedText::new(started.url());
            Ok(Object::Emulator(Emulator { emulator: started, url }))
        })
    }
}

/// The base URL for clients: valid until the emulator is freed; none of what is no emulator. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_emulator_url(emulator: *const spark_t2i_emulator) -> spark_t2i_text {
    read(emulator, spark_t2i_text::NONE, |emulator| emulator.url.view())
}

/// What it has seen so far, as JSON: what `GET /_emulator/stats` answers. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_emulator_stats(
    emulator: *const spark_t2i_emulator,
    json: *mut *mut spark_t2i_bytes,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { give(json, error, || Ok(text_object(&with(emulator, |emulator| emulator.emulator.stats())??))) }
}

/// Lets these things go wrong from now on, and no others. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` for a text that is no fault.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_emulator_set_faults(
    emulator: *const spark_t2i_emulator,
    fault: *const spark_t2i_text,
    fault_count: usize,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            let faults = faults(fault, fault_count)?;
            with(emulator, |emulator| emulator.emulator.set_faults(faults))??;
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}
