//! What a caller gives: structs with their size, numbers and texts that may not be given, arrays.

use std::ptr;
use std::slice;
use std::time::Duration;

use spark_t2i_bridge::{self as bridge, Argument, Error, ErrorKind};

use crate::text::spark_t2i_text;

/// A struct of the caller's, which may be older and shorter than ours: what it lacks is as in `unset`.
pub(crate) unsafe fn sized<T: Copy>(given: *const T, unset: T, name: &str) -> Result<T, Error> {
    let invalid = |what: String| Err(Error::new(ErrorKind::InvalidRequest, format!("{name} {what}")));
    if given.is_null() {
        return invalid("is NULL".to_owned());
    }
    // SAFETY: each of these structs begins with its size.
    let size = unsafe { given.cast::<usize>().read() };
    if size < size_of::<usize>() {
        return invalid(format!("has the size {size}: begin with its _INIT"));
    }
    if size > size_of::<T>() {
        return invalid(format!(
            "is of {size} bytes and here of {}: the program was compiled for a newer version than this library's, {}",
            size_of::<T>(),
            env!("CARGO_PKG_VERSION")
        ));
    }
    let mut whole = unset;
    // SAFETY: it is promised that there are as many bytes as it says, which are not more than ours.
    unsafe { ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut whole).cast(), size) };
    Ok(whole)
}

/// A number of seconds: below 0 for "not given".
pub(crate) fn seconds(name: &str, seconds: f64) -> Result<Option<Duration>, Error> {
    if seconds < 0.0 {
        return Ok(None);
    }
    bridge::timeout(Argument::Number(seconds)).map_err(|error| error.with_context(name))
}

pub(crate) fn named(name: &str, value: Argument) -> (String, Argument) {
    (name.to_owned(), value)
}

pub(crate) unsafe fn text(text: spark_t2i_text, name: &str) -> Result<Argument, Error> {
    // SAFETY: as promised to this function.
    Ok(unsafe { text.optional(name) }?.map_or(Argument::Absent, Argument::Text))
}

pub(crate) fn number(number: f64) -> Argument {
    if number < 0.0 { Argument::Absent } else { Argument::Number(number) }
}

pub(crate) fn whole(number: i64) -> Argument {
    if number < 0 { Argument::Absent } else { Argument::Integer(number.into()) }
}

/// An array of the caller's.
pub(crate) unsafe fn list<'a, T>(first: *const T, count: usize, name: &str) -> Result<&'a [T], Error> {
    if count == 0 {
        return Ok(&[]);
    }
    if first.is_null() || count > isize::MAX as usize / size_of::<T>() {
        let message = format!("there cannot be {count} {name} where there is not that much memory, or NULL");
        return Err(Error::new(ErrorKind::InvalidRequest, message));
    }
    // SAFETY: it is promised that there are so many.
    Ok(unsafe { slice::from_raw_parts(first, count) })
}
