//! Clients: what is asked of the service.

use std::time::Duration;

use spark_t2i_bridge::{self as bridge, AnyCall, Error, Request};

use crate::call::{AnyOf, blocking, spark_t2i_callbacks, start, timed};
use crate::error::spark_t2i_result;
use crate::given::sized;
use crate::handle::{
    Object, give, spark_t2i_call, spark_t2i_client, spark_t2i_error, spark_t2i_estimate, spark_t2i_image,
    spark_t2i_stats, spark_t2i_task, with,
};
use crate::options::spark_t2i_options;
use crate::request::spark_t2i_request;
use crate::text::spark_t2i_text;

/// Makes a client: `options` may be NULL, so that all have their defaults. Nothing is sent. Thread-safe.
///
/// Errors: `SPARK_T2I_AUTHENTICATION` for a missing or malformed key, `SPARK_T2I_INVALID_REQUEST` for a setting that cannot
/// be, `SPARK_T2I_IO` for a certificate file that cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_new(
    options: *const spark_t2i_options,
    client: *mut *mut spark_t2i_client,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        give(client, error, || {
            let unset = spark_t2i_options::UNSET;
            let options = if options.is_null() { unset } else { sized(options, unset, "options")? };
            Ok(bridge::Client::new(options.read()?)?.into())
        })
    }
}

/// A call of a client with a request, all within so many seconds.
unsafe fn asking<C: AnyCall<Object> + 'static>(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout: f64,
    begin: impl FnOnce(&bridge::Client, Request, Option<Duration>) -> C,
) -> Result<AnyOf, Error> {
    // SAFETY: as promised to this function.
    let request = unsafe { spark_t2i_request::given(request)?.read() }?;
    timed(client, timeout, |client, timeout| begin(client, request, timeout))
}

/// Submits a request, waits for its end and gives the image, all within `timeout_seconds` (below 0: the client's
/// `wait_timeout_seconds`). Nothing is downloaded yet. Blocks. Thread-safe.
///
/// Errors: those of `spark_t2i_client_submit` and `spark_t2i_task_wait`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_generate(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    image: *mut *mut spark_t2i_image,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        blocking(image, error, || {
            asking(client, request, timeout_seconds, |client, request, timeout| {
                client.generate(request, timeout, false)
            })
        })
    }
}

/// Begins the same and returns at once. `callbacks` are told of events and of the end; where they are NULL, a thread waits
/// with `spark_t2i_call_wait` or `spark_t2i_call_next_event`. `call` may be NULL if there is an `on_done`: the call then
/// looks after itself. What was given may be freed when this returns, the client as well. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_generate_start(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        start(callbacks, call, error, || {
            asking(client, request, timeout_seconds, |client, request, timeout| client.generate(request, timeout, true))
        })
    }
}

/// Submits a request and gives its task, without waiting for its end. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` before anything is sent; `SPARK_T2I_OUTCOME_UNKNOWN` when the service may have taken
/// the request but no id came back (it is not repeated then); `SPARK_T2I_AUTHENTICATION`, `SPARK_T2I_PERMISSION`,
/// `SPARK_T2I_INSUFFICIENT_BALANCE`; `SPARK_T2I_RATE_LIMITED` and `SPARK_T2I_CONNECTION` beyond the retries;
/// `SPARK_T2I_NOT_FOUND` for a wrong base URL; `SPARK_T2I_TIMEOUT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_submit(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    task: *mut *mut spark_t2i_task,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(task, error, || asking(client, request, timeout_seconds, bridge::Client::submit)) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_submit_start(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || asking(client, request, timeout_seconds, bridge::Client::submit)) }
}

/// What a request would probably cost: NULL where the service has no estimate, which is no error. Nothing is charged. Blocks.
/// Thread-safe.
///
/// Errors: as `spark_t2i_client_submit`, but never `SPARK_T2I_OUTCOME_UNKNOWN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_estimate(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    estimate: *mut *mut spark_t2i_estimate,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(estimate, error, || asking(client, request, timeout_seconds, bridge::Client::estimate)) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_estimate_start(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || asking(client, request, timeout_seconds, bridge::Client::estimate)) }
}

/// The task with this id, whoever submitted it. Nothing is sent. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` when the text cannot be an id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_task(
    client: *const spark_t2i_client,
    id: spark_t2i_text,
    task: *mut *mut spark_t2i_task,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        give(task, error, || {
            let id = id.required("id")?;
            Ok(with(client, |client| client.task(&id))??.into())
        })
    }
}

/// What a client has done so far in this process. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_stats(
    client: *const spark_t2i_client,
    stats: *mut *mut spark_t2i_stats,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { give(stats, error, || Ok(with(client, bridge::Client::stats)??.into())) }
}
