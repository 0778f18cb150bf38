//! Calls under way: waited for by a thread, or told to callbacks.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use spark_t2i_bridge::{
    self as bridge, AnyCall, Courier, Error, ErrorKind, Followed, Follower, LogRecord, Step, Yields,
};

use crate::error::spark_t2i_result;
use crate::given::{seconds, sized};
use crate::handle::{
    Handle, Object, attempt, free_with, give, hand_out, out, put, spark_t2i_bytes, spark_t2i_call, spark_t2i_error,
    spark_t2i_event, text_object, with,
};
use crate::logs;
use crate::outcome::{spark_t2i_generated, spark_t2i_outcome};
use crate::told::spark_t2i_event_fields;

/// What is told of a call, and to whom. Begin with `SPARK_T2I_CALLBACKS_INIT`; each function may be NULL.
///
/// All are called on the library's callback thread, one after the other, under no lock: they may call any function of this
/// library, but what blocks there holds up the callbacks of all calls. They must not unwind or jump out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct spark_t2i_callbacks {
    /// The size of this struct, as the caller's compiler knows it.
    pub size: usize,
    /// Handed to each of them.
    pub user_data: *mut c_void,
    /// Something happened to the task. The event is valid until this returns.
    pub on_event: Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const spark_t2i_event_fields)>,
    /// One request of many has ended. The handle in it belongs to this function, the struct is valid until it returns.
    pub on_generated: Option<unsafe extern "C" fn(user_data: *mut c_void, generated: *const spark_t2i_generated)>,
    /// The call has ended: the last callback, exactly once, unless the call is freed before. The handle in the outcome
    /// belongs to this function, the struct is valid until it returns.
    pub on_done: Option<unsafe extern "C" fn(user_data: *mut c_void, outcome: *const spark_t2i_outcome)>,
}

impl spark_t2i_callbacks {
    pub(crate) const NONE: Self =
        Self { size: 0, user_data: ptr::null_mut(), on_event: None, on_generated: None, on_done: None };
}

pub(crate) enum Parcel {
    Call(Arc<Call>),
    Log(LogRecord),
}

/// The callback thread.
pub(crate) static COURIER: Courier<Parcel> = Courier::new(|parcels| {
    for parcel in parcels {
        match parcel {
            Parcel::Call(call) => call.deliver(|call| COURIER.send(Parcel::Call(call))),
            Parcel::Log(record) => logs::deliver(&record),
        }
    }
    true
});

/// A call of the bridge, of whatever type.
pub(crate) type AnyOf = Arc<dyn AnyCall<Object>>;

/// A call under way.
pub(crate) type Call = Followed<Object>;

// SAFETY: what it holds of foreign pointers it hands back and never reads; that other threads get them is documented.
unsafe impl Send for spark_t2i_callbacks {}
// SAFETY: the same.
unsafe impl Sync for spark_t2i_callbacks {}

impl Follower<Object> for spark_t2i_callbacks {
    fn item(&self, item: Object) {
        match item {
            Object::Event(event) => {
                if let Some(on_event) = self.on_event {
                    // SAFETY: it is promised that it may be called; the event lives as long.
                    unsafe { on_event(self.user_data, &raw const *event.fields) };
                }
            }
            Object::Generated(generated) => {
                if let Some(on_generated) = self.on_generated {
                    let generated = spark_t2i_generated::from(&generated);
                    // SAFETY: the same.
                    unsafe { on_generated(self.user_data, &raw const generated) };
                }
            }
            _ => {}
        }
    }

    fn done(&self, end: Result<Object, Error>) {
        if let Some(on_done) = self.on_done {
            let outcome = spark_t2i_outcome::from(end);
            // SAFETY: the same.
            unsafe { on_done(self.user_data, &raw const outcome) };
        }
    }
}

/// A call of what a handle stands for, all within so many seconds.
pub(crate) fn timed<H: Handle, C: AnyCall<Object> + 'static>(
    handle: *const H,
    timeout: f64,
    begin: impl FnOnce(&H::Held, Option<Duration>) -> C,
) -> Result<AnyOf, Error> {
    let timeout = seconds("timeout_seconds", timeout)?;
    with(handle, |held| Arc::new(begin(held, timeout)) as _)
}

/// Waits for the end of a call, and hands its result out.
pub(crate) unsafe fn blocking<H: Handle>(
    place: *mut *mut H,
    error: *mut *mut spark_t2i_error,
    begin: impl FnOnce() -> Result<AnyOf, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { give(place, error, || begin()?.result()) }
}

/// Begins a call that somebody else waits for.
pub(crate) unsafe fn start(
    callbacks: *const spark_t2i_callbacks,
    place: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
    begin: impl FnOnce() -> Result<AnyOf, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start_with(callbacks, place, error, |follower| Ok(Call::new(begin()?, follower))) }
}

/// The same, where it may be one of many.
pub(crate) unsafe fn start_with(
    callbacks: *const spark_t2i_callbacks,
    place: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
    begin: impl FnOnce(Option<Box<dyn Follower<Object>>>) -> Result<Call, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            let unset = spark_t2i_callbacks::NONE;
            let callbacks = if callbacks.is_null() { None } else { Some(sized(callbacks, unset, "callbacks")?) };
            if place.is_null() && callbacks.is_none_or(|callbacks| callbacks.on_done.is_none()) {
                let message = "nobody would ever know what comes of the call: there is neither on_done nor a place for its handle";
                return Err(Error::new(ErrorKind::InvalidRequest, message));
            }
            put(place, ptr::null_mut());
            let call = Arc::new(begin(callbacks.map(|callbacks| Box::new(callbacks) as _))?);
            if !place.is_null() {
                place.write(hand_out(Object::Call(Arc::clone(&call)))?);
            }
            if callbacks.is_some() {
                COURIER.send(Parcel::Call(call));
            }
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

/// Waits for the end of a call that has no callbacks, at most so many seconds; below 0: as long as it takes. Events and
/// images that nobody has taken are passed over.
///
/// Returns what `outcome.result` says; `SPARK_T2I_PENDING`, and leaves `outcome` alone, where the call has not ended yet;
/// `SPARK_T2I_INVALID_REQUEST` where it has callbacks, or its outcome was taken before. What is in `outcome` belongs to the
/// caller, the error among it; `outcome` may be NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_wait(
    call: *mut spark_t2i_call,
    at_most_seconds: f64,
    outcome: *mut spark_t2i_outcome,
) -> spark_t2i_result {
    let waited = bridge::guard(|| {
        let at_most = seconds("at_most_seconds", at_most_seconds)?;
        with(call, Arc::clone)?.end(at_most)
    });
    let Some(end) = waited.transpose() else { return spark_t2i_result::SPARK_T2I_PENDING };
    if outcome.is_null() {
        return end.err().map_or(spark_t2i_result::SPARK_T2I_OK, |error| error.kind().into());
    }
    let told = spark_t2i_outcome::from(end);
    let result = told.result;
    // SAFETY: it is promised that it can be written.
    unsafe { put(outcome, told) };
    result
}

/// Waits for the next event of a call that has no callbacks, at most so many seconds; below 0: as long as it takes.
///
/// Returns `SPARK_T2I_OK` with an event, to be freed; `SPARK_T2I_PENDING`; or `SPARK_T2I_END` when there are no more, and
/// `spark_t2i_call_wait` gives the outcome. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_next_event(
    call: *mut spark_t2i_call,
    at_most_seconds: f64,
    event: *mut *mut spark_t2i_event,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(event, "event")?;
            let at_most = seconds("at_most_seconds", at_most_seconds)?;
            Ok(match with(call, Arc::clone)?.next(Yields::Events, at_most)? {
                Step::Pending => spark_t2i_result::SPARK_T2I_PENDING,
                Step::Item(item) => {
                    put(event, hand_out(item)?);
                    spark_t2i_result::SPARK_T2I_OK
                }
                Step::Done(_) => spark_t2i_result::SPARK_T2I_END,
            })
        })
    }
}

/// Waits for what becomes of the next of many requests, of a call that has no callbacks, at most so many seconds; below 0: as
/// long as it takes. The source of the requests is called from here.
///
/// Returns `SPARK_T2I_OK` with `generated`, of which the caller owns the handle (the request itself may have failed: see
/// `generated.result`); `SPARK_T2I_PENDING`; or `SPARK_T2I_END` when all have ended or the call was cancelled. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_next_generated(
    call: *mut spark_t2i_call,
    at_most_seconds: f64,
    generated: *mut spark_t2i_generated,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            if generated.is_null() {
                let message = "generated is NULL: there is no place for the result";
                return Err(Error::new(ErrorKind::InvalidRequest, message));
            }
            let at_most = seconds("at_most_seconds", at_most_seconds)?;
            Ok(match with(call, Arc::clone)?.next(Yields::Generated, at_most)? {
                Step::Item(Object::Generated(item)) => {
                    generated.write((&item).into());
                    spark_t2i_result::SPARK_T2I_OK
                }
                Step::Pending | Step::Item(_) => spark_t2i_result::SPARK_T2I_PENDING,
                Step::Done(_) => spark_t2i_result::SPARK_T2I_END,
            })
        })
    }
}

/// Ends a call at once, as cancelled, unless it has ended. The tasks at the service go on. Nothing happens to a call that is
/// NULL. Thread-safe.
///
/// Returns `SPARK_T2I_OK`, or `SPARK_T2I_INVALID_REQUEST` for what is no handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_cancel(call: *mut spark_t2i_call) -> spark_t2i_result {
    if call.is_null() {
        return spark_t2i_result::SPARK_T2I_OK;
    }
    match bridge::guard(|| with(call, Arc::clone).map(|call| call.cancel())) {
        Ok(()) => spark_t2i_result::SPARK_T2I_OK,
        Err(error) => error.kind().into(),
    }
}

/// The ids of the tasks that a call is after now, as far as they are known, as JSON: a list of texts. It is how whoever
/// cancels a call learns what goes on at the service. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_task_ids(
    call: *const spark_t2i_call,
    task_ids: *mut *mut spark_t2i_bytes,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { give(task_ids, error, || Ok(text_object(&with(call, Arc::clone)?.task_ids()))) }
}

/// Frees a call. One that is under way is cancelled. When this returns, none of its callbacks runs or will run: it waits for
/// the one that is running, unless that is who calls this.
///
/// Returns `SPARK_T2I_OK`, also for NULL, or `SPARK_T2I_INVALID_REQUEST` for a handle that was freed before. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_free(call: *mut spark_t2i_call) -> spark_t2i_result {
    free_with(call, |call| call.close())
}
