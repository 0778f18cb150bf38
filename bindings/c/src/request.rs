//! Requests, and whether they keep the rules.

use spark_t2i_bridge::{self as bridge, Argument, Error, Request};

use crate::error::spark_t2i_result;
use crate::given::{named, sized};
use crate::handle::{attempt, give, spark_t2i_error, spark_t2i_report};
use crate::text::spark_t2i_text;

/// In a request: not given, and not sent. (In options and timeouts any number below 0 means "not given".)
pub const SPARK_T2I_UNSET: i64 = i64::MIN;

/// One image to be generated. Begin with `SPARK_T2I_REQUEST_INIT`. What breaks a rule of the service is found before
/// anything is sent.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct spark_t2i_request {
    /// The size of this struct, as the caller's compiler knows it.
    pub size: usize,
    /// What the image shows, in Chinese or English: 1 to 800 characters, at most 120 recommended.
    pub prompt: spark_t2i_text,
    /// The model; none for `spark_t2i_3_0`.
    pub model: spark_t2i_text,
    /// -1 for a random image, or 1 to 2^63-1: the same seed with the same parameters very probably gives a consistent image.
    pub seed: i64,
    /// Pixels, 1328 by default; only together with `height`. `width` times `height` lies in 512x512 to 2048x2048, the aspect
    /// ratio in 1:3 to 3:1.
    pub width: i64,
    /// Pixels, 1328 by default; only together with `width`.
    pub height: i64,
    /// 1 (the service's default) lets the service expand the prompt first, 0 does not. Recommended for short prompts.
    pub use_pre_llm: i64,
}

impl spark_t2i_request {
    pub(crate) const UNSET: Self = Self {
        size: size_of::<Self>(),
        prompt: spark_t2i_text::NONE,
        model: spark_t2i_text::NONE,
        seed: SPARK_T2I_UNSET,
        width: SPARK_T2I_UNSET,
        height: SPARK_T2I_UNSET,
        use_pre_llm: SPARK_T2I_UNSET,
    };

    pub(crate) unsafe fn given(request: *const Self) -> Result<Self, Error> {
        // SAFETY: as promised to this function.
        unsafe { sized(request, Self::UNSET, "the request") }
    }

    pub(crate) unsafe fn read(&self) -> Result<Request, Error> {
        // SAFETY: as promised to this function.
        let (parameters, model) = unsafe { (self.parameters()?, self.model.optional("request.model")?) };
        bridge::request(&parameters, model)
    }

    /// The parameters, for the bridge to judge.
    unsafe fn parameters(&self) -> Result<Argument, Error> {
        let whole = |number: i64| {
            if number == SPARK_T2I_UNSET { Argument::Absent } else { Argument::Integer(number.into()) }
        };
        let flag = match self.use_pre_llm {
            0 => Argument::Boolean(false),
            1 => Argument::Boolean(true),
            other => whole(other),
        };
        Ok(Argument::Map(vec![
            // SAFETY: as promised to this function.
            named("prompt", unsafe { self.prompt.argument("request.prompt") }?),
            named("seed", whole(self.seed)),
            named("width", whole(self.width)),
            named("height", whole(self.height)),
            named("use_pre_llm", flag),
        ]))
    }
}

/// Checks a request by the rules of the service, every one of them; nothing is sent. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_validate(
    request: *const spark_t2i_request,
    report: *mut *mut spark_t2i_report,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { give(report, error, || Ok(bridge::report(&spark_t2i_request::given(request)?.parameters()?).into())) }
}

/// Checks parameters in JSON, whatever the text is. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_validate_json(
    parameters: spark_t2i_text,
    report: *mut *mut spark_t2i_report,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { give(report, error, || Ok(bridge::report(&parameters.argument("parameters")?).into())) }
}

/// Sets width and height of a request to those of a preset (`1:1`, `4:3`, `3:2`, `16:9`, `21:9`, upright ones such as `9:16`,
/// and each with `-2k`) or of a text such as `2560x1440`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_request_set_size(
    request: *mut spark_t2i_request,
    size: spark_t2i_text,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function. Width and height were in the struct from the first version on.
    unsafe {
        attempt(error, || {
            sized(request, spark_t2i_request::UNSET, "the request")?;
            let size = bridge::size(&size.required("size")?)?;
            ((*request).width, (*request).height) = (size.width.into(), size.height.into());
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}
