//! Texts and numbers that may be absent, as C has them.

use std::ffi::{CStr, OsString, c_char};
use std::ptr;
use std::slice;

use spark_t2i_bridge::{Argument, Error, ErrorKind};

/// A text in UTF-8: `length` bytes at `data`, which need not end with NUL and may hold NULs. `{NULL, 0}` is no text.
///
/// Texts that the library hands out do end with a NUL behind their last byte. They belong to the object that they were
/// read from, and are valid as long as it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct spark_t2i_text {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes, a NUL at the end not counted.
    pub length: usize,
}

/// A whole number that may be absent.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct spark_t2i_optional_uint64 {
    /// The number; 0 where there is none.
    pub value: u64,
    /// Whether there is one.
    pub known: bool,
}

/// A whole number that may be absent.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct spark_t2i_optional_int64 {
    /// The number; 0 where there is none.
    pub value: i64,
    /// Whether there is one.
    pub known: bool,
}

/// A number that may be absent.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct spark_t2i_optional_double {
    /// The number; 0 where there is none.
    pub value: f64,
    /// Whether there is one.
    pub known: bool,
}

macro_rules! optional {
    ($($optional:ident of $number:ty)+) => {
        $(impl<T: Into<$number>> From<Option<T>> for $optional {
            fn from(value: Option<T>) -> Self {
                value.map_or_else(Self::default, |value| Self { value: value.into(), known: true })
            }
        })+
    };
}
optional! { spark_t2i_optional_uint64 of u64 spark_t2i_optional_int64 of i64 spark_t2i_optional_double of f64 }

impl spark_t2i_text {
    pub(crate) const NONE: Self = Self { data: ptr::null(), length: 0 };

    /// What the caller said, copied, for the bridge to judge; `name` is for errors.
    pub(crate) unsafe fn argument(self, name: &str) -> Result<Argument, Error> {
        let invalid = |what: String| Err(Error::new(ErrorKind::InvalidRequest, format!("{name} {what}")));
        let bytes: &[u8] = match (self.data.is_null(), self.length) {
            (true, 0) => return Ok(Argument::Absent),
            (true, length) => return invalid(format!("has a length of {length}, but its data is NULL")),
            (false, length) if isize::try_from(length).is_err() => {
                return invalid(format!("cannot be {length} bytes long"));
            }
            // SAFETY: it is promised that there are so many bytes.
            (false, length) => unsafe { slice::from_raw_parts(self.data.cast(), length) },
        };
        Ok(str::from_utf8(bytes)
            .map_or(Argument::IllFormedText(OsString::new()), |text| Argument::Text(text.to_owned())))
    }

    /// The same, where it has to be well-formed.
    pub(crate) unsafe fn optional(self, name: &str) -> Result<Option<String>, Error> {
        // SAFETY: as promised to this function.
        match unsafe { self.argument(name) }? {
            Argument::Text(text) => Ok(Some(text)),
            Argument::Absent => Ok(None),
            _ => Err(Error::new(ErrorKind::InvalidRequest, format!("{name} is not UTF-8"))),
        }
    }

    /// The same, where there has to be one.
    pub(crate) unsafe fn required(self, name: &str) -> Result<String, Error> {
        // SAFETY: as promised to this function.
        let text = unsafe { self.optional(name) }?;
        text.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, format!("{name} is missing")))
    }
}

/// A text with a NUL behind it.
pub(crate) struct OwnedText(Box<[u8]>);

impl OwnedText {
    pub(crate) fn new(text: &str) -> Self {
        Self([text.as_bytes(), b"\0"].concat().into())
    }

    /// The text, for as long as this is there.
    pub(crate) fn view(&self) -> spark_t2i_text {
        spark_t2i_text { data: self.0.as_ptr().cast(), length: self.0.len() - 1 }
    }
}

/// The text of a C string, which has to end with NUL: its bytes up to there. NULL gives `{NULL, 0}`. Nothing is copied.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_text_of(string: *const c_char) -> spark_t2i_text {
    if string.is_null() {
        return spark_t2i_text::NONE;
    }
    // SAFETY: it is promised that it ends.
    spark_t2i_text { data: string, length: unsafe { CStr::from_ptr(string) }.count_bytes() }
}
