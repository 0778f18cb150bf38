//! Where the requests of many come from.

use std::ffi::c_void;

use spark_t2i_bridge::{Error, ErrorKind, Request};

use crate::call::{Call, spark_t2i_callbacks, start_with};
use crate::error::spark_t2i_result;
use crate::given::seconds;
use crate::handle::{spark_t2i_call, spark_t2i_client, spark_t2i_error, with};
use crate::request::spark_t2i_request;

/// Gives the next request of many: writes it to `request`, which is `SPARK_T2I_REQUEST_INIT` before, and returns true; or
/// returns false when there are no more. `index` counts up from 0. What the request points to is copied when this returns.
pub type spark_t2i_source =
    Option<unsafe extern "C" fn(user_data: *mut c_void, index: usize, request: *mut spark_t2i_request) -> bool>;

/// A source of the caller's.
struct Source {
    next: unsafe extern "C" fn(*mut c_void, usize, *mut spark_t2i_request) -> bool,
    user_data: *mut c_void,
}

// SAFETY: the pointer is handed back and never read; that other threads get it is documented.
unsafe impl Send for Source {}
// SAFETY: the same.
unsafe impl Sync for Source {}

impl Source {
    fn next(&self, index: usize) -> Option<Result<Request, Error>> {
        let mut request = spark_t2i_request::UNSET;
        // SAFETY: it is promised that it may be called until the call is freed, and that what it points to is valid now.
        unsafe { (self.next)(self.user_data, index, &raw mut request).then(|| request.read()) }
    }
}

/// Begins to generate many images, `max_in_flight` at a time, in the order of their completion. `source` gives the requests
/// one by one, as there is room; each may take `timeout_seconds`. A request that fails is told like any other. Thread-safe.
///
/// With `callbacks`, `on_generated` tells of each, and both functions are called on the callback thread; without, it is
/// `spark_t2i_call_next_generated` that calls the source and gives what came of each. After the call was freed neither is
/// called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_generate_many_start(
    client: *const spark_t2i_client,
    source: spark_t2i_source,
    source_data: *mut c_void,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        start_with(callbacks, call, error, |follower| {
            let timeout = seconds("timeout_seconds", timeout_seconds)?;
            let next = source.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "the source is NULL"))?;
            let source = Source { next, user_data: source_data };
            with(client, |client| Call::many(client, Box::new(move |index| source.next(index)), timeout, follower))
        })
    }
}
