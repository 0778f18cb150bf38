use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use spark_t2i::Error;

/// Makes an error of a panic, which must not cross a border between languages.
///
/// # Errors
/// That of `work`, or `internal`.
pub fn guard<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What was half changed is not seen again: the objects behind a border are whole between two calls.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(told(panic.as_ref())))
}

/// The same for a future.
pub(crate) async fn guarded<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(told(panic.as_ref())))
}

fn told(panic: &(dyn Any + Send)) -> Error {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!("this is a bug of spark-t2i, please report it: {}", message.unwrap_or("a panic")))
}

#[cfg(test)]
mod tests {
    use spark_t2i::ErrorKind;

    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let error = guard::<()>(|| panic!("number {}", 7)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains("number 7"), "{error}");
        assert_eq!(guard(|| Ok(7)).unwrap(), 7);
    }
}
