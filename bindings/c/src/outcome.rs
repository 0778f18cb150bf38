//! What a call has come to, as structs that the caller owns.

use std::ptr;

use spark_t2i_bridge::{Error, Generated};

use crate::error::spark_t2i_result;
use crate::handle::{
    Object, hand_out, spark_t2i_bytes, spark_t2i_error, spark_t2i_estimate, spark_t2i_image, spark_t2i_saved,
    spark_t2i_snapshot, spark_t2i_task,
};

/// What a call has come to. Of the handles at most one is not NULL; whoever gets this owns it.
#[repr(C)]
pub struct spark_t2i_outcome {
    /// How the call ended.
    pub result: spark_t2i_result,
    /// Why it failed.
    pub error: *mut spark_t2i_error,
    /// Of `generate` and `wait`.
    pub image: *mut spark_t2i_image,
    /// Of `submit`.
    pub task: *mut spark_t2i_task,
    /// Of `estimate`; NULL where the service has none, which is no error.
    pub estimate: *mut spark_t2i_estimate,
    /// Of `refresh`.
    pub snapshot: *mut spark_t2i_snapshot,
    /// Of `bytes`.
    pub bytes: *mut spark_t2i_bytes,
    /// Of `save`.
    pub saved: *mut spark_t2i_saved,
}

/// What became of one request of many. Whoever gets this owns the handle in it that is not NULL.
#[repr(C)]
pub struct spark_t2i_generated {
    /// Which request it was: how many came before it from the source.
    pub index: usize,
    /// How it ended.
    pub result: spark_t2i_result,
    /// The image.
    pub image: *mut spark_t2i_image,
    /// Why there is none.
    pub error: *mut spark_t2i_error,
}

impl From<&Generated> for spark_t2i_generated {
    fn from(generated: &Generated) -> Self {
        let (mut image, mut error, mut result) = (ptr::null_mut(), ptr::null_mut(), spark_t2i_result::SPARK_T2I_OK);
        match &generated.result {
            Ok(found) => image = hand_out(found.clone().into()).unwrap_or(image),
            Err(problem) => (result, error) = (problem.kind().into(), hand_out(problem.into()).unwrap_or(error)),
        }
        Self { index: generated.index, result, image, error }
    }
}

impl From<Result<Object, Error>> for spark_t2i_outcome {
    fn from(end: Result<Object, Error>) -> Self {
        let mut outcome = Self {
            result: spark_t2i_result::SPARK_T2I_OK,
            error: ptr::null_mut(),
            image: ptr::null_mut(),
            task: ptr::null_mut(),
            estimate: ptr::null_mut(),
            snapshot: ptr::null_mut(),
            bytes: ptr::null_mut(),
            saved: ptr::null_mut(),
        };
        let handed_out = end.and_then(|object| {
            match object {
                Object::Image(_) => outcome.image = hand_out(object)?,
                Object::Task(_) => outcome.task = hand_out(object)?,
                Object::Estimate(_) => outcome.estimate = hand_out(object)?,
                Object::Snapshot(_) => outcome.snapshot = hand_out(object)?,
                Object::Bytes(_) => outcome.bytes = hand_out(object)?,
                Object::Saved(_) => outcome.saved = hand_out(object)?,
                _ => {}
            }
            Ok(())
        });
        if let Err(error) = handed_out {
            outcome.result = error.kind().into();
            outcome.error = hand_out((&error).into()).unwrap_or(ptr::null_mut());
        }
        outcome
    }
}
