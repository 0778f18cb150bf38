//! Clients, tasks and images.

use std::ffi::c_void;
use std::path::PathBuf;
use std::ptr;
use std::slice;

use spark_t2i_bridge::{self as bridge, Argument, Error, ErrorKind, Options, SaveOptions};

use crate::call::{AnyOf, Source, blocking, seconds, sized, spark_t2i_callbacks, spark_t2i_source, start};
use crate::handle::{
    Object, attempt, free, hand_out, nothing, out, put, read, spark_t2i_bytes, spark_t2i_call, spark_t2i_client,
    spark_t2i_error, spark_t2i_estimate, spark_t2i_image, spark_t2i_report, spark_t2i_saved, spark_t2i_snapshot,
    spark_t2i_stats, spark_t2i_task, with,
};
use crate::record::{Record, spark_t2i_image_fields, spark_t2i_result};
use crate::text::{spark_t2i_optional_double, spark_t2i_text};

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

    unsafe fn given(request: *const Self) -> Result<(Argument, Option<String>), Error> {
        // SAFETY: as promised to this function.
        unsafe { sized(request, Self::UNSET, "the request")?.read() }
    }

    /// The parameters, for the bridge to judge, and the model.
    pub(crate) unsafe fn read(&self) -> Result<(Argument, Option<String>), Error> {
        let whole = |number: i64| {
            if number == SPARK_T2I_UNSET { Argument::Absent } else { Argument::Integer(number.into()) }
        };
        let flag = match self.use_pre_llm {
            0 => Argument::Boolean(false),
            1 => Argument::Boolean(true),
            other => whole(other),
        };
        // SAFETY: as promised to this function.
        let (prompt, model) =
            unsafe { (self.prompt.argument("request.prompt")?, self.model.optional("request.model")?) };
        let parameters = [
            ("prompt", prompt),
            ("seed", whole(self.seed)),
            ("width", whole(self.width)),
            ("height", whole(self.height)),
            ("use_pre_llm", flag),
        ];
        Ok((Argument::Map(parameters.map(|(name, value)| (name.to_owned(), value)).into()), model))
    }
}

/// A header of HTTP.
#[repr(C)]
pub struct spark_t2i_header {
    /// Its name.
    pub name: spark_t2i_text,
    /// Its value.
    pub value: spark_t2i_text,
}

/// What to do with a submit of which nobody can say whether the service took it.
#[repr(C)]
pub enum spark_t2i_on_outcome_unknown {
    /// Report it as `SPARK_T2I_OUTCOME_UNKNOWN`: nothing is ever paid twice.
    SPARK_T2I_FAIL = 0,
    /// Submit again, within the retries: an image is worth more than the risk of paying for it twice.
    SPARK_T2I_RESUBMIT = 1,
}

/// The settings of a client. Begin with `SPARK_T2I_OPTIONS_INIT`: nothing given, so that all have their defaults. A number below
/// 0 is not given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct spark_t2i_options {
    /// The size of this struct, as the caller's compiler knows it.
    pub size: usize,
    /// The API key. Default: that in the environment's `SPARK_T2I_API_KEY`.
    pub api_key: spark_t2i_text,
    /// Where the service is: `https://...`, or `http://...` for a loopback address. Default: `SPARK_T2I_BASE_URL`, or the
    /// service's own.
    pub base_url: spark_t2i_text,
    /// How long a connection may take to be made. Default: 10.
    pub connect_timeout_seconds: f64,
    /// How long one attempt of a request may take. Default: 30.
    pub request_timeout_seconds: f64,
    /// How long the whole of a call may take, retries and bodies included. Default: 600.
    pub wait_timeout_seconds: f64,
    /// How often one call is repeated after a failure that certainly did no harm. Default: 4.
    pub max_retries: i64,
    /// How many requests a second are sent to the service at most, downloads apart; 0 for no limit. Default: 50.
    pub max_requests_per_second: f64,
    /// What one request for the state of a task is worth, in seconds of lag: above 0. Default: 0.1.
    pub poll_cost_seconds: f64,
    /// Asks at a fixed interval, of at least 0.01, instead of by what was learned. Default: none.
    pub poll_interval_seconds: f64,
    /// A file in which what was learned about how long tasks take outlives the client. Default: none.
    pub latency_profile: spark_t2i_text,
    /// How many requests of `spark_t2i_client_generate_many_start` are under way at once. Default: 64.
    pub max_in_flight: i64,
    /// Further headers for every request to the service.
    pub headers: *const spark_t2i_header,
    /// How many.
    pub header_count: usize,
    /// The proxy for all requests. Default: the system's.
    pub proxy: spark_t2i_text,
    /// A file of PEM certificates to trust besides the platform's.
    pub ca_bundle: spark_t2i_text,
    /// What to add to the `User-Agent`, such as `my-program/1.2`.
    pub user_agent_suffix: spark_t2i_text,
    /// A value of `spark_t2i_on_outcome_unknown`.
    pub on_outcome_unknown: i32,
}

impl spark_t2i_options {
    const UNSET: Self = Self {
        size: size_of::<Self>(),
        api_key: spark_t2i_text::NONE,
        base_url: spark_t2i_text::NONE,
        connect_timeout_seconds: -1.0,
        request_timeout_seconds: -1.0,
        wait_timeout_seconds: -1.0,
        max_retries: -1,
        max_requests_per_second: -1.0,
        poll_cost_seconds: -1.0,
        poll_interval_seconds: -1.0,
        latency_profile: spark_t2i_text::NONE,
        max_in_flight: -1,
        headers: ptr::null(),
        header_count: 0,
        proxy: spark_t2i_text::NONE,
        ca_bundle: spark_t2i_text::NONE,
        user_agent_suffix: spark_t2i_text::NONE,
        on_outcome_unknown: 0,
    };

    /// As the bridge reads them.
    unsafe fn read(&self) -> Result<Options, Error> {
        const FAIL: i32 = spark_t2i_on_outcome_unknown::SPARK_T2I_FAIL as i32;
        const RESUBMIT: i32 = spark_t2i_on_outcome_unknown::SPARK_T2I_RESUBMIT as i32;
        let on_outcome_unknown = Argument::Text(match self.on_outcome_unknown {
            FAIL => "fail".to_owned(),
            RESUBMIT => "resubmit".to_owned(),
            other => other.to_string(),
        });
        // SAFETY: as promised to this function.
        unsafe {
            let headers = list(self.headers, self.header_count, "headers")?.iter();
            let headers = headers.map(|header| {
                Ok((
                    header.name.required("a header's name")?,
                    Argument::Text(header.value.required("a header's value")?),
                ))
            });
            Options::by_name(Argument::Map(vec![
                named("api_key", text(self.api_key, "api_key")?),
                named("base_url", text(self.base_url, "base_url")?),
                named("connect_timeout", number(self.connect_timeout_seconds)),
                named("request_timeout", number(self.request_timeout_seconds)),
                named("wait_timeout", number(self.wait_timeout_seconds)),
                named("max_retries", whole(self.max_retries)),
                named("max_requests_per_second", number(self.max_requests_per_second)),
                named("poll_cost", number(self.poll_cost_seconds)),
                named("poll_interval", number(self.poll_interval_seconds)),
                named("latency_profile", text(self.latency_profile, "latency_profile")?),
                named("max_in_flight", whole(self.max_in_flight)),
                named("headers", Argument::Map(headers.collect::<Result<_, Error>>()?)),
                named("proxy", text(self.proxy, "proxy")?),
                named("ca_bundle", text(self.ca_bundle, "ca_bundle")?),
                named("user_agent_suffix", text(self.user_agent_suffix, "user_agent_suffix")?),
                named("on_outcome_unknown", on_outcome_unknown),
            ]))
        }
    }
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

/// Makes a client: `options` may be NULL, so that all have their defaults. Nothing is sent. Thread-safe.
///
/// Errors: `SPARK_T2I_AUTHENTICATION` for a missing or malformed key, `SPARK_T2I_INVALID_REQUEST` for a setting that cannot
/// be, `SPARK_T2I_IO` for a certificate file that cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_new(
    options: *const spark_t2i_options,
    client: *mut *mut spark_t2i_client,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(client, "client")?;
            let unset = spark_t2i_options::UNSET;
            let options = if options.is_null() { unset } else { sized(options, unset, "options")? };
            put(client, hand_out(Object::Client(bridge::Client::new(options.read()?)?))?);
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

unsafe fn generating(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout: f64,
    watch: bool,
) -> Result<AnyOf, Error> {
    // SAFETY: as promised to this function.
    let (parameters, model) = unsafe { spark_t2i_request::given(request) }?;
    let timeout = seconds("timeout_seconds", timeout)?;
    with(client, |client| Ok(Box::new(client.generate(bridge::request(&parameters, model)?, timeout, watch)) as _))?
}

unsafe fn submitting(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout: f64,
) -> Result<AnyOf, Error> {
    // SAFETY: as promised to this function.
    let (parameters, model) = unsafe { spark_t2i_request::given(request) }?;
    let timeout = seconds("timeout_seconds", timeout)?;
    with(client, |client| Ok(Box::new(client.submit(bridge::request(&parameters, model)?, timeout)) as _))?
}

unsafe fn estimating(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout: f64,
) -> Result<AnyOf, Error> {
    // SAFETY: as promised to this function.
    let (parameters, model) = unsafe { spark_t2i_request::given(request) }?;
    let timeout = seconds("timeout_seconds", timeout)?;
    with(client, |client| Ok(Box::new(client.estimate(bridge::request(&parameters, model)?, timeout)) as _))?
}

fn waiting(task: *const spark_t2i_task, timeout: f64, watch: bool) -> Result<AnyOf, Error> {
    let timeout = seconds("timeout_seconds", timeout)?;
    with(task, |task| Box::new(task.task.wait(timeout, watch)) as _)
}

fn refreshing(task: *const spark_t2i_task, timeout: f64) -> Result<AnyOf, Error> {
    let timeout = seconds("timeout_seconds", timeout)?;
    with(task, |task| Box::new(task.task.refresh(timeout)) as _)
}

fn fetching(image: *const spark_t2i_image, timeout: f64) -> Result<AnyOf, Error> {
    let timeout = seconds("timeout_seconds", timeout)?;
    with(image, |image| Box::new(image.image.bytes(timeout)) as _)
}

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
    let options = seconds("timeout_seconds", timeout)?.map_or(options, |timeout| options.timeout(timeout));
    with(image, |image| Box::new(image.image.save(path, options)) as _)
}

/// Submits a request, waits for its end and gives the image, all within `timeout_seconds` (below 0: the client's
/// `wait_timeout_seconds`). Nothing is downloaded yet. Blocks. Thread-safe.
///
/// Errors: those of `spark_t2i_client_submit` and `spark_t2i_task_wait`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_generate(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    image: *mut *mut spark_t2i_image,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(image, error, || generating(client, request, timeout_seconds, false)) }
}

/// Begins the same and returns at once. `callbacks` are told of events and of the end; where they are NULL, a thread waits
/// with `spark_t2i_call_wait` or `spark_t2i_call_next_event`. `call` may be NULL if there is an `on_done`: the call then
/// looks after itself. What was given may be freed when this returns, the client as well. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_generate_start(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || Ok((generating(client, request, timeout_seconds, true)?, None))) }
}

/// Submits a request and gives its task, without waiting for its end. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` before anything is sent; `SPARK_T2I_OUTCOME_UNKNOWN` when the service may have taken
/// the request but no id came back (it is not repeated then); `SPARK_T2I_AUTHENTICATION`, `SPARK_T2I_PERMISSION`,
/// `SPARK_T2I_INSUFFICIENT_BALANCE`; `SPARK_T2I_RATE_LIMITED` and `SPARK_T2I_CONNECTION` beyond the retries;
/// `SPARK_T2I_NOT_FOUND` for a wrong base URL; `SPARK_T2I_TIMEOUT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_submit(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    task: *mut *mut spark_t2i_task,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(task, error, || submitting(client, request, timeout_seconds)) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_submit_start(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || Ok((submitting(client, request, timeout_seconds)?, None))) }
}

/// What a request would probably cost: NULL where the service has no estimate, which is no error. Nothing is charged. Blocks.
/// Thread-safe.
///
/// Errors: as `spark_t2i_client_submit`, but never `SPARK_T2I_OUTCOME_UNKNOWN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_estimate(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    estimate: *mut *mut spark_t2i_estimate,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { blocking(estimate, error, || estimating(client, request, timeout_seconds)) }
}

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_estimate_start(
    client: *const spark_t2i_client,
    request: *const spark_t2i_request,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { start(callbacks, call, error, || Ok((estimating(client, request, timeout_seconds)?, None))) }
}

/// Begins to generate many images, `max_in_flight` at a time, in the order of their completion. `source` gives the requests
/// one by one, as there is room; each may take `timeout_seconds`. A request that fails is told like any other. Thread-safe.
///
/// With `callbacks`, `on_generated` tells of each, and both functions are called on the callback thread; without, it is
/// `spark_t2i_call_next_generated` that calls the source and gives what came of each. After the call was freed neither is
/// called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_generate_many_start(
    client: *const spark_t2i_client,
    source: spark_t2i_source,
    source_data: *mut c_void,
    timeout_seconds: f64,
    callbacks: *const spark_t2i_callbacks,
    call: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        start(callbacks, call, error, || {
            let timeout = seconds("timeout_seconds", timeout_seconds)?;
            with(client, |client| Source::new(client, source, source_data, timeout))?
        })
    }
}

/// The task with this id, whoever submitted it. Nothing is sent. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` when the text cannot be an id.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_task(
    client: *const spark_t2i_client,
    id: spark_t2i_text,
    task: *mut *mut spark_t2i_task,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(task, "task")?;
            let id = id.required("id")?;
            put(task, hand_out(with(client, |client| client.task(&id))??.into())?);
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

/// What a client has done so far in this process. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_client_stats(
    client: *const spark_t2i_client,
    stats: *mut *mut spark_t2i_stats,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(stats, "stats")?;
            let told = with(client, bridge::Client::stats)??;
            put(stats, hand_out(Object::Stats(Record::new(told)))?);
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
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
    unsafe { reporting(report, error, || Ok(spark_t2i_request::given(request)?.0)) }
}

/// Checks parameters in JSON, whatever the text is. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_validate_json(
    parameters: spark_t2i_text,
    report: *mut *mut spark_t2i_report,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { reporting(report, error, || parameters.argument("parameters")) }
}

unsafe fn reporting(
    report: *mut *mut spark_t2i_report,
    error: *mut *mut spark_t2i_error,
    parameters: impl FnOnce() -> Result<Argument, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(report, "report")?;
            put(report, hand_out(Object::Report(Record::new(bridge::report(&parameters()?))))?);
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
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
        attempt(error, || {
            out(snapshot, "snapshot")?;
            if let Some(found) = with(task, |task| task.task.snapshot())? {
                put(snapshot, hand_out(found.into())?);
            }
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
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
    unsafe { blocking(image, error, || waiting(task, timeout_seconds, false)) }
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
    unsafe { start(callbacks, call, error, || Ok((waiting(task, timeout_seconds, true)?, None))) }
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
    unsafe {
        start(callbacks, call, error, || {
            let timeout = seconds("timeout_seconds", timeout_seconds)?;
            Ok((with(task, |task| Box::new(task.task.events(timeout)) as _)?, None))
        })
    }
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
    unsafe { blocking(snapshot, error, || refreshing(task, timeout_seconds)) }
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
    unsafe { start(callbacks, call, error, || Ok((refreshing(task, timeout_seconds)?, None))) }
}

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
    unsafe { blocking(bytes, error, || fetching(image, timeout_seconds)) }
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
    unsafe { start(callbacks, call, error, || Ok((fetching(image, timeout_seconds)?, None))) }
}

/// For saving: replaces a file that is there already, at once and whole.
pub const SPARK_T2I_OVERWRITE: u32 = 1;
/// For saving: adds the extension of the image's own format to the path.
pub const SPARK_T2I_ADD_EXTENSION: u32 = 2;

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
    unsafe { start(callbacks, call, error, || Ok((saving(image, path, flags, timeout_seconds)?, None))) }
}
