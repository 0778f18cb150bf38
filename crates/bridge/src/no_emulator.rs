//! The emulator of a library that has none: none can be made, but it is there, so that what is written for both fits both.

use spark_t2i::{Error, ErrorKind};

use crate::argument::Argument;

/// The options of an emulator that cannot be started.
#[derive(Debug)]
pub enum EmulatorOptions {}

impl EmulatorOptions {
    /// Says that there is no emulator here.
    ///
    /// # Errors
    /// `invalid_request`, always.
    pub fn by_name(_: Argument) -> Result<Self, Error> {
        let message = "this library was built without the emulator, as it is for phones: \
                       test on a computer, or start `spark-t2i serve` there and give its address as the base URL";
        Err(Error::new(ErrorKind::InvalidRequest, message))
    }
}

/// An emulator that cannot be.
#[derive(Debug)]
pub enum Emulator {}

#[expect(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::needless_pass_by_value,
    reason = "as of the emulator that there is with the feature `emulator`"
)]
impl Emulator {
    pub fn start(options: EmulatorOptions) -> Result<Self, Error> {
        match options {}
    }

    pub fn url(&self) -> &str {
        match *self {}
    }

    pub fn stats(&self) -> Result<String, Error> {
        match *self {}
    }

    pub fn set_faults(&self, _: Argument) -> Result<(), Error> {
        match *self {}
    }

    pub fn stop(&self) {
        match *self {}
    }
}
