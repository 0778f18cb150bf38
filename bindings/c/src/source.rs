//! Where the requests of many come from.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use spark_t2i_bridge::{Error, ErrorKind, Gate, Many};

use crate::call::{spark_t2i_callbacks, start_with};
use crate::error::spark_t2i_result;
use crate::given::seconds;
use crate::handle::{spark_t2i_call, spark_t2i_client, spark_t2i_error, with};
use crate::request::spark_t2i_request;

/// Gives the next request of many: writes it to `request`, which is `SPARK_T2I_REQUEST_INIT` before, and returns true; or
/// returns false when there are no more. `index` counts up from 0. What the request points to is copied when this returns.
pub type spark_t2i_source =
    Option<unsafe extern "C" fn(user_data: *mut c_void, index: usize, request: *mut spark_t2i_request) -> bool>;

/// A source, and what is made of its requests.
pub(crate) struct Source {
    many: Arc<Many>,
    next: unsafe extern "C" fn(*mut c_void, usize, *mut spark_t2i_request) -> bool,
    user_data: *mut c_void,
    timeout: Option<Duration>,
}

impl Source {
    /// Asks for requests as there is room, through the gate of the call.
    pub(crate) fn ask(&self, gate: &Gate) {
        while let Some(turn) = self.many.turn() {
            let given = gate.pass(|| {
                let mut request = spark_t2i_request::UNSET;
                // SAFETY: it is promised that it may be called until the gate is closed, and that what it points to is valid now.
                unsafe { (self.next)(self.user_data, turn.index(), &raw mut request).then(|| request.read()) }
            });
            match given.flatten() {
                Some(request) => turn.add(request, self.timeout),
                None => turn.no_more(),
            }
        }
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
        start_with(callbacks, call, error, || {
            let timeout = seconds("timeout_seconds", timeout_seconds)?;
            let next = source.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "the source is NULL"))?;
            let many = Arc::new(with(client, Many::new)?);
            Ok((Arc::clone(&many) as _, Some(Source { many, next, user_data: source_data, timeout })))
        })
    }
}
