use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use spark_t2i::{ClientBuilder, Error, ErrorKind, OnOutcomeUnknown, printable};

use crate::argument::{Argument, FromArgument, options, snake_case};

/// A struct of options, each of which may be given by its name, too.
macro_rules! by_name {
    ($options:ty: $($option:ident)+) => {
        impl $options {
            /// The options in a map, for languages without a type for them; `baseUrl` means `base_url`.
            ///
            /// # Errors
            /// `invalid_request` for a name that is none, or a value of the wrong type.
            pub fn by_name(map: Argument) -> Result<Self, Error> {
                let mut read = Self::default();
                options(map, |name, value| {
                    match &*snake_case(name) {
                        $(stringify!($option) => read.$option = FromArgument::read(name, value)?,)+
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
                Ok(read)
            }
        }
    };
}
// Beyond this file only the emulator has options by name.
#[cfg(feature = "emulator")]
pub(crate) use by_name;

/// Hands every option that is given to the builder's method of the same name.
macro_rules! set {
    ($builder:ident from $options:ident: $($option:ident)+) => {
        $(let $builder = match $options.$option {
            Some(value) => $builder.$option(value),
            None => $builder,
        };)+
    };
}
#[cfg(feature = "emulator")]
pub(crate) use set;

/// The options of a client; what is none has its default. The names are the design's, in every language.
#[derive(Default)]
#[expect(missing_docs, reason = "each is documented at the method of `spark_t2i::ClientBuilder` with its name")]
pub struct Options {
    pub api_key: Option<String>,
    pub base_url: Option<String>,
    pub connect_timeout: Option<Duration>,
    pub request_timeout: Option<Duration>,
    pub wait_timeout: Option<Duration>,
    pub max_retries: Option<u32>,
    pub max_requests_per_second: Option<f64>,
    pub poll_cost: Option<f64>,
    pub poll_interval: Option<Duration>,
    pub latency_profile: Option<PathBuf>,
    pub max_in_flight: Option<usize>,
    pub headers: Option<HashMap<String, String>>,
    pub proxy: Option<String>,
    pub ca_bundle: Option<PathBuf>,
    pub user_agent_suffix: Option<String>,
    /// `fail` or `resubmit`.
    pub on_outcome_unknown: Option<String>,
}

by_name!(Options: api_key base_url connect_timeout request_timeout wait_timeout max_retries max_requests_per_second
    poll_cost poll_interval latency_profile max_in_flight headers proxy ca_bundle user_agent_suffix on_outcome_unknown);

impl Options {
    pub(crate) fn builder(self) -> Result<ClientBuilder, Error> {
        let on_outcome_unknown = match self.on_outcome_unknown.as_deref() {
            None | Some("fail") => OnOutcomeUnknown::Fail,
            Some("resubmit") => OnOutcomeUnknown::Resubmit,
            Some(other) => {
                let message = format!("on_outcome_unknown must be fail or resubmit, not {}", printable(other, 40));
                return Err(Error::new(ErrorKind::InvalidRequest, message));
            }
        };
        let builder = ClientBuilder::default().from_env().on_outcome_unknown(on_outcome_unknown);
        set!(builder from self: api_key base_url connect_timeout request_timeout wait_timeout max_retries
            max_requests_per_second poll_cost poll_interval latency_profile max_in_flight proxy ca_bundle
            user_agent_suffix);
        let headers = self.headers.unwrap_or_default();
        Ok(headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value)))
    }
}
