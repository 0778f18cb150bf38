//! Images.

use std::path::PathBuf;
use std::ptr;

use spark_t2i_bridge::{Error, ErrorKind, SaveOptions};

use crate::call::{AnyOf, blocking, spark_t2i_callbacks, start, timed};
use crate::error::spark_t2i_result;
use crate::handle::{
    free, nothing, read, spark_t2i_bytes, spark_t2i_call, spark_t2i_error, spark_t2i_image, spark_t2i_saved,
};
use crate::snapshot::spark_t2i_image_fields;
use crate::text::spark_t2i_text;

/// What is known of an image without fetching it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_image_get(image: *const spark_t2i_image) -> *const spark_t2i_image_fields {
    read(image, nothing(), |image| ptr::from_ref(&*image.record.fields))
}

/// Fetches an image into memory. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_DOWNLOAD`, `SPARK_T2I_TIMEOUT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_image_bytes(
    image: *const spark_t2i_image,
    timeout_seconds: f64,
    bytes: *mut *mut spark_t2i_bytes,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(bytes, error, || timed(image, timeout_seconds, |image, timeout| image.image.bytes(timeout))) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_image_bytes_start(
    image: *const spark_t2i_image,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        start(callbacks, call, error, || timed(image, timeout_seconds, |image, timeout| image.image.bytes(timeout)))
    }
}

/// For saving: replaces a file that is there already, at once and whole.
pub const SPARK_T2I_OVERWRITE: u32 = 1;
/// For saving: adds the extension of the image's own format to the path.
pub const SPARK_T2I_ADD_EXTENSION: u32 = 2;

unsafe fn saving(
    image: *const spark_t2i_image,
    path: spark_t2i_text,
    flags: u32,
    timeout: f64,
) -> Result<AnyOf, Error> {
    // SAFETY: as promised to this function.
    let path = PathBuf::from(unsafe { path.required("path") }?);
    let unknown = flags & !(SPARK_T2I_OVERWRITE | SPARK_T2I_ADD_EXTENSION);
    if unknown != 0 {
        return Err(Error::new(ErrorKind::InvalidRequest, format!("there are no flags {unknown:#x} for saving")));
    }
    let options = SaveOptions::default()
        .overwrite(flags & SPARK_T2I_OVERWRITE != 0)
        .add_extension(flags & SPARK_T2I_ADD_EXTENSION != 0);
    timed(image, timeout, |image, timeout| {
        let options = timeout.map_or(options, |timeout| options.timeout(timeout));
        image.image.save(path, options)
    })
}

/// Fetches an image into a file, which is whole or absent. `flags` are 0, or `SPARK_T2I_OVERWRITE` and
/// `SPARK_T2I_ADD_EXTENSION` joined by `|`. What was saved is told in `saved`, which may be NULL. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_IO`, for a file that exists already as well; `SPARK_T2I_DOWNLOAD`; `SPARK_T2I_TIMEOUT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_image_save(
    image: *const spark_t2i_image,
    path: spark_t2i_text,
    flags: u32,
    timeout_seconds: f64,
    saved: *mut *mut spark_t2i_saved,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    let mut unread = ptr::null_mut();
    // SAFETY: as promised to this function.
    unsafe {
        let place = if saved.is_null() { &raw mut unread } else { saved };
        let result = blocking(place, error, || saving(image, path, flags, timeout_seconds));
        free(unread);
        result
    }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_image_save_start(
    image: *const spark_t2i_image,
    path: spark_t2i_text,
    flags: u32,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || saving(image, path, flags, timeout_seconds)) }
}
