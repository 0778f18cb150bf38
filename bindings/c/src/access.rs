//! What a program reads from what it holds, and how it lets go of it.

use std::ffi::c_char;
use std::sync::LazyLock;
use std::time::Duration;

use spark_t2i_bridge::{ErrorKind, guard, shut_down};

use crate::call::COURIER;
use crate::error::{spark_t2i_error_fields, spark_t2i_report_fields, spark_t2i_result};
use crate::handle::{
    self, fields, free, read, spark_t2i_bytes, spark_t2i_client, spark_t2i_emulator, spark_t2i_error,
    spark_t2i_estimate, spark_t2i_event, spark_t2i_image, spark_t2i_report, spark_t2i_saved, spark_t2i_snapshot,
    spark_t2i_stats, spark_t2i_task,
};
use crate::snapshot::spark_t2i_snapshot_fields;
use crate::text::{OwnedText, spark_t2i_text};
use crate::told::{spark_t2i_estimate_fields, spark_t2i_event_fields, spark_t2i_saved_fields, spark_t2i_stats_fields};

/// All there is to say of an error, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_error_get(error: *const spark_t2i_error) -> *const spark_t2i_error_fields {
    fields(error)
}

/// The verdict on a request, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_report_get(report: *const spark_t2i_report) -> *const spark_t2i_report_fields {
    fields(report)
}

/// What one answer of the service said about a task, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_snapshot_get(
    snapshot: *const spark_t2i_snapshot,
) -> *const spark_t2i_snapshot_fields {
    fields(snapshot)
}

/// What happened to a task, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_event_get(event: *const spark_t2i_event) -> *const spark_t2i_event_fields {
    fields(event)
}

/// What a request would probably cost, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_estimate_get(
    estimate: *const spark_t2i_estimate,
) -> *const spark_t2i_estimate_fields {
    fields(estimate)
}

/// What was saved, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_saved_get(saved: *const spark_t2i_saved) -> *const spark_t2i_saved_fields {
    fields(saved)
}

/// What a client has done, until it is freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_stats_get(stats: *const spark_t2i_stats) -> *const spark_t2i_stats_fields {
    fields(stats)
}

/// The bytes: `{NULL, 0}` of what is no such handle. A text is in UTF-8, and a NUL follows its last byte. Valid until it is
/// freed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_bytes_get(bytes: *const spark_t2i_bytes) -> spark_t2i_text {
    read(bytes, spark_t2i_text::NONE, |bytes| spark_t2i_text {
        data: bytes.as_ptr().cast::<c_char>(),
        length: bytes.len(),
    })
}

/// Frees a client. Calls under way, tasks and images go on without it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_free(client: *mut spark_t2i_client) -> spark_t2i_result {
    free(client)
}

/// Frees a task's handle. The task itself goes on. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_task_free(task: *mut spark_t2i_task) -> spark_t2i_result {
    free(task)
}

/// Frees an image. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_image_free(image: *mut spark_t2i_image) -> spark_t2i_result {
    free(image)
}

/// Frees an error. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_error_free(error: *mut spark_t2i_error) -> spark_t2i_result {
    free(error)
}

/// Frees a report. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_report_free(report: *mut spark_t2i_report) -> spark_t2i_result {
    free(report)
}

/// Frees a snapshot. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_snapshot_free(snapshot: *mut spark_t2i_snapshot) -> spark_t2i_result {
    free(snapshot)
}

/// Frees an event. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_event_free(event: *mut spark_t2i_event) -> spark_t2i_result {
    free(event)
}

/// Frees an estimate. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_estimate_free(estimate: *mut spark_t2i_estimate) -> spark_t2i_result {
    free(estimate)
}

/// Frees bytes. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_bytes_free(bytes: *mut spark_t2i_bytes) -> spark_t2i_result {
    free(bytes)
}

/// Frees what was told of a saved file. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_saved_free(saved: *mut spark_t2i_saved) -> spark_t2i_result {
    free(saved)
}

/// Frees counters. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_stats_free(stats: *mut spark_t2i_stats) -> spark_t2i_result {
    free(stats)
}

/// Frees an emulator, and stops it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_emulator_free(emulator: *mut spark_t2i_emulator) -> spark_t2i_result {
    free(emulator)
}

/// How many handles there are that were not freed. For tests: a program that frees all ends with 0. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn spark_t2i_handle_count() -> usize {
    handle::count()
}

/// The name of an error kind, as in every language: `invalid_request` and so on; none of what is no error kind. Always valid.
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn spark_t2i_kind_name(result: i32) -> spark_t2i_text {
    static NAMES: LazyLock<Vec<(i32, OwnedText)>> = LazyLock::new(|| {
        let name = |kind: &ErrorKind| (spark_t2i_result::from(*kind) as i32, OwnedText::new(kind.as_str()));
        ErrorKind::ALL.iter().map(name).collect()
    });
    let named = NAMES.iter().find(|(kind, _)| *kind == result);
    named.map_or(spark_t2i_text::NONE, |(_, name)| name.view())
}

/// The version of the library. A program may compare it with `SPARK_T2I_VERSION`, that of its header. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn spark_t2i_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Ends every call as cancelled, and the threads of the library; waits for each of the two for at most so many seconds (below
/// 0: one). The callbacks of those calls are made before. To be called before the program ends or what callbacks use is taken
/// down. Handles stay valid; a call that is begun afterwards starts the threads anew. Within a callback it does not wait for
/// the callback thread. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn spark_t2i_shut_down(at_most_seconds: f64) {
    let at_most = if at_most_seconds < 0.0 { 1.0 } else { at_most_seconds };
    let at_most = Duration::try_from_secs_f64(at_most).unwrap_or(Duration::MAX);
    // A panic here would have nobody to be told to.
    _ = guard(|| {
        shut_down(at_most);
        COURIER.end(at_most);
        Ok(())
    });
}
