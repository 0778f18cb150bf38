//! The settings of a client.

use std::ptr;

use spark_t2i_bridge::{Argument, Error, Options};

use crate::given::{list, named, number, text, whole};
use crate::text::spark_t2i_text;

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
    pub(crate) const UNSET: Self = Self {
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
    pub(crate) unsafe fn read(&self) -> Result<Options, Error> {
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
