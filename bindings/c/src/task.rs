//! Tasks.

use crate::call::{blocking, spark_t2i_callbacks, start, timed};
use crate::error::spark_t2i_result;
use crate::handle::{
    Object, attempt, give, hand_out, out, put, read, spark_t2i_call, spark_t2i_error, spark_t2i_image,
    spark_t2i_snapshot, spark_t2i_task, with,
};
use crate::text::{spark_t2i_optional_double, spark_t2i_text};

/// The id of a task: valid until the task is freed; none of what is no task. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_id(task: *const spark_t2i_task) -> spark_t2i_text {
    read(task, spark_t2i_text::NONE, |task| task.id.view())
}

/// What the service last said of a task, to be freed; NULL where it was not asked yet. Nothing is sent. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_snapshot(
    task: *const spark_t2i_task,
    snapshot: *mut *mut spark_t2i_snapshot,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        give(snapshot, error, || Ok(with(task, |task| task.task.snapshot())?.map_or(Object::Nothing, Object::from)))
    }
}

/// How late the end of a task was noticed, in seconds, where that is known. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_lag_seconds(task: *const spark_t2i_task) -> spark_t2i_optional_double {
    read(task, None, |task| task.task.lag_seconds()).into()
}

/// An image of a task that was last seen completed: the first at `position` 0. `SPARK_T2I_END` where there are not as many.
/// Nothing is sent. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_image(
    task: *const spark_t2i_task,
    position: usize,
    image: *mut *mut spark_t2i_image,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(image, "image")?;
            let Some(found) = with(task, |task| task.task.images().into_iter().nth(position))? else {
                return Ok(spark_t2i_result::SPARK_T2I_END);
            };
            put(image, hand_out(found.into())?);
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

/// Waits for the end of a task and gives its image, all within `timeout_seconds` (below 0: the client's
/// `wait_timeout_seconds`). Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_TASK_FAILED`; `SPARK_T2I_TIMEOUT`, after which the task goes on; `SPARK_T2I_AUTHENTICATION` and
/// `SPARK_T2I_PERMISSION` at once; `SPARK_T2I_NOT_FOUND` after a grace of 10 s. All else is waited through.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_wait(
    task: *const spark_t2i_task,
    timeout_seconds: f64,
    image: *mut *mut spark_t2i_image,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(image, error, || timed(task, timeout_seconds, |task, timeout| task.task.wait(timeout, false))) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_wait_start(
    task: *const spark_t2i_task,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        start(callbacks, call, error, || timed(task, timeout_seconds, |task, timeout| task.task.wait(timeout, true)))
    }
}

/// Begins to watch a task: every event until its end, of which the last tells how it ended; the call itself then ends well,
/// with nothing in its outcome. Otherwise as `spark_t2i_task_wait_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_events_start(
    task: *const spark_t2i_task,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || timed(task, timeout_seconds, |task, timeout| task.task.events(timeout))) }
}

/// Asks the service for a task once. Blocks. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_refresh(
    task: *const spark_t2i_task,
    timeout_seconds: f64,
    snapshot: *mut *mut spark_t2i_snapshot,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(snapshot, error, || timed(task, timeout_seconds, |task, timeout| task.task.refresh(timeout))) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_refresh_start(
    task: *const spark_t2i_task,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        start(callbacks, call, error, || timed(task, timeout_seconds, |task, timeout| task.task.refresh(timeout)))
    }
}
