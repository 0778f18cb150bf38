use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use spark_t2i_core::polling::{EngineOptions, Policy};
use spark_t2i_core::{Error, ErrorKind, wire};
use url::Url;

use crate::address;
use crate::client::Client;
use crate::latency_profile::ProfileFile;
use crate::polling::Polling;
use crate::transport::{Transport, TransportOptions};

/// The environment variable that holds the API key.
const KEY_VARIABLE: &str = "SPARK_T2I_API_KEY";
/// The environment variable that holds the base URL.
const BASE_URL_VARIABLE: &str = "SPARK_T2I_BASE_URL";

/// What to do with a submit of which nobody can say whether the service took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnOutcomeUnknown {
    /// Report it as [`ErrorKind::OutcomeUnknown`]: nothing is ever paid twice.
    #[default]
    Fail,
    /// Submit again, within the retries: an image is worth more than the risk of paying for it twice.
    Resubmit,
}

/// Settings of a [`Client`]. All but the key have defaults.
///
/// ```
/// use std::time::Duration;
/// use spark_t2i::Client;
///
/// let client = Client::builder().api_key("sk-…".replace('…', "1")).wait_timeout(Duration::from_secs(120)).build()?;
/// # Ok::<(), spark_t2i::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    api_key: Option<SecretString>,
    base_url: String,
    connect_timeout: Duration,
    request_timeout: Duration,
    wait_timeout: Duration,
    max_retries: u32,
    max_requests_per_second: f64,
    max_in_flight: usize,
    headers: Vec<(String, String)>,
    proxy: Option<String>,
    ca_bundle: Option<PathBuf>,
    user_agent_suffix: Option<String>,
    on_outcome_unknown: OnOutcomeUnknown,
    poll_cost: f64,
    poll_interval: Option<Duration>,
    latency_profile: Option<PathBuf>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            api_key: None,
            base_url: wire::DEFAULT_BASE_URL.to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            wait_timeout: Duration::from_secs(600),
            max_retries: 4,
            max_requests_per_second: 50.0,
            max_in_flight: 64,
            headers: Vec::new(),
            proxy: None,
            ca_bundle: None,
            user_agent_suffix: None,
            on_outcome_unknown: OnOutcomeUnknown::default(),
            poll_cost: 0.1,
            poll_interval: None,
            latency_profile: None,
        }
    }
}

/// Shows the settings without the key and without the headers' values, which may be secrets too.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Takes key and base URL from `SPARK_T2I_API_KEY` and `SPARK_T2I_BASE_URL` where they are set and not empty.
    pub fn from_env(mut self) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(key) = variable(KEY_VARIABLE) {
            self = self.api_key(key);
        }
        if let Some(url) = variable(BASE_URL_VARIABLE) {
            self = self.base_url(url);
        }
        self
    }

    /// The API key, sent as `Authorization: Bearer …` to the base URL's origin and nowhere else.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(SecretString::from(key.into()));
        self
    }

    /// Where the service is: `https://…`, or `http://…` for a loopback address. It may carry a path. Default:
    /// `https://cloud.vtrix.ai`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How long a connection may take to be made. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt of a request may take, its answer's body included. Default: 30 s. (An image may take
    /// longer: it is given up when no byte came for 20 s.)
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long the whole of a `submit`, `wait`, `generate` or download may take, retries and bodies included.
    /// Default: 600 s.
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = timeout;
        self
    }

    /// How often one call is repeated after a failure that certainly did no harm. Default: 4.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// How many requests a second this client sends to the service at most, downloads apart; 0 for no limit.
    /// Default: 50.
    pub fn max_requests_per_second(mut self, rate: f64) -> Self {
        self.max_requests_per_second = rate;
        self
    }

    /// How many requests of [`Client::generate_many`] are under way at once. Default: 64.
    pub fn max_in_flight(mut self, tasks: usize) -> Self {
        self.max_in_flight = tasks;
        self
    }

    /// A further header for every request to the service (never for image hosts).
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The proxy for all requests, such as `http://proxy.example:3128`; a loopback base URL uses none. Default: the
    /// system's, from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// A file of PEM certificates to trust besides the platform's.
    pub fn ca_bundle(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_bundle = Some(path.into());
        self
    }

    /// What to add to the `User-Agent`, such as `my-program/1.2`.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// What to do with a submit of unknown outcome. Default: [`OnOutcomeUnknown::Fail`].
    pub fn on_outcome_unknown(mut self, choice: OnOutcomeUnknown) -> Self {
        self.on_outcome_unknown = choice;
        self
    }

    /// What one request for the state of a task is worth, in seconds of lag: above 0, default 0.1. The client learns how
    /// long tasks take and asks so that mean lag + `poll_cost` × requests is least. At a median of 12 s and a spread of a
    /// quarter, 0.02, 0.1 and 1 mean about 12, 5 and 2 requests a task, and 0.2, 0.5 and 1.5 s of lag.
    pub fn poll_cost(mut self, seconds: f64) -> Self {
        self.poll_cost = seconds;
        self
    }

    /// Asks at a fixed interval (10 ms at least; for one of many tasks perhaps a hundredth of it earlier, 20 ms at most, along
    /// with another) instead of by what was learned. Half of it is lost on average before a
    /// completed task is noticed, and every interval that a task takes costs a request: at a median of 12 s, 3 s mean 4.6
    /// requests and 1.5 s of lag, where `poll_cost` brings 5.3 requests and 0.5 s.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = Some(interval);
        self
    }

    /// A file in which what was learned about how long tasks take outlives the client, so that the next one begins with it:
    /// a few kilobytes, no prompts and no ids. It is made where it is not there; a damaged one is ignored with a warning
    /// and written anew. Name one file for each service: tasks elsewhere take another time. Default: none.
    pub fn latency_profile(mut self, path: impl Into<PathBuf>) -> Self {
        self.latency_profile = Some(path.into());
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// `authentication` for a missing or malformed key; `invalid_request` for a setting that cannot be; `io` for a
    /// certificate file that cannot be read.
    pub fn build(self) -> Result<Client, Error> {
        let key = self.api_key.as_ref().filter(|key| !key.expose_secret().is_empty()).ok_or_else(|| {
            Error::new(
                ErrorKind::Authentication,
                format!(
                    "no API key: set {KEY_VARIABLE}, or give api_key to the client. Without a key, the emulator \
                     (`spark-t2i serve`, or `--local`) answers in the service's place"
                ),
            )
        })?;
        let base_url = base_url(&self.base_url)?;
        let timeouts = [
            ("connect_timeout", self.connect_timeout),
            ("request_timeout", self.request_timeout),
            ("wait_timeout", self.wait_timeout),
        ];
        if let Some((name, _)) = timeouts.iter().find(|(_, timeout)| timeout.is_zero()) {
            return Err(invalid(format!("{name} is zero: nothing could ever be done in time")));
        }
        if !(self.max_requests_per_second.is_finite() && self.max_requests_per_second >= 0.0) {
            return Err(invalid("max_requests_per_second must be a number of at least 0".to_owned()));
        }
        if self.max_in_flight == 0 {
            return Err(invalid("max_in_flight must be at least 1".to_owned()));
        }
        if !(self.poll_cost.is_finite() && self.poll_cost > 0.0) {
            return Err(invalid("poll_cost must be a number of seconds above 0".to_owned()));
        }
        let options = EngineOptions {
            policy: match self.poll_interval {
                Some(interval) => Policy::Fixed(interval),
                None => Policy::Learning { poll_cost: self.poll_cost },
            },
            max_requests_per_second: self.max_requests_per_second,
            seed: rand::random(),
        };
        let transport = Transport::new(TransportOptions {
            polling: Polling::new(options, self.latency_profile.clone().map(ProfileFile::new)),
            base_url,
            headers: self.api_headers(key)?,
            user_agent: self.user_agent()?,
            key: key.clone(),
            connect_timeout: self.connect_timeout,
            request_timeout: self.request_timeout,
            proxy: self.proxy,
            ca_bundle: self.ca_bundle,
        })?;
        Ok(Client::new(
            transport,
            crate::client::Settings {
                wait_timeout: self.wait_timeout,
                max_retries: self.max_retries,
                max_in_flight: self.max_in_flight,
                on_outcome_unknown: self.on_outcome_unknown,
            },
        ))
    }

    fn api_headers(&self, key: &SecretString) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let shown = spark_t2i_core::printable(name, 40);
            let parsed = HeaderName::try_from(name).map_err(|_| invalid(format!("\"{shown}\" is no header name")))?;
            if RESERVED_HEADERS.contains(&parsed) {
                return Err(invalid(format!("the header {shown} is set by the client itself")));
            }
            let mut value = HeaderValue::try_from(value).map_err(|_| {
                invalid(format!("the value of the header {shown} has characters that a header cannot hold"))
            })?;
            value.set_sensitive(true);
            headers.append(parsed, value);
        }
        // A key with a line break could smuggle headers; one with a blank was cut out of something.
        let key = key.expose_secret();
        let mut bearer = Some(key)
            .filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
            .and_then(|key| HeaderValue::try_from(format!("Bearer {key}")).ok())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Authentication,
                    "the API key has characters that no key has (white space, a line break, or beyond ASCII): copy it again",
                )
            })?;
        bearer.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, bearer);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok(headers)
    }

    fn user_agent(&self) -> Result<HeaderValue, Error> {
        let own = concat!("spark-t2i/", env!("CARGO_PKG_VERSION"));
        let whole = self.user_agent_suffix.as_ref().map_or_else(|| own.to_owned(), |suffix| format!("{own} {suffix}"));
        HeaderValue::try_from(whole)
            .map_err(|_| invalid("user_agent_suffix has characters that a header cannot hold".to_owned()))
    }
}

const RESERVED_HEADERS: [HeaderName; 7] = [
    header::AUTHORIZATION,
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::ACCEPT,
    header::USER_AGENT,
];

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}

/// A base URL to which the key may go: https, or http to this very machine.
fn base_url(text: &str) -> Result<Url, Error> {
    let refuse = |why: &str| invalid(format!("base_url: {why}"));
    let url = Url::parse(text.trim()).map_err(|error| refuse(&format!("not a URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("a user name or password in the URL is not used: give the key as api_key"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("a query or fragment has no place in it"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if address::is_loopback(&url) => Ok(url),
        "http" => {
            Err(refuse("the key is not sent over plain http, except to this machine (127.0.0.1, localhost): use https"))
        }
        scheme => Err(refuse(&format!("the scheme must be https, not {}", spark_t2i_core::printable(scheme, 20)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_over_https_or_to_this_machine_only() {
        for good in [
            "https://a.example",
            "https://a.example/gateway/",
            "http://127.0.0.1:80",
            "http://localhost:1/x",
            "http://[::1]:1",
            "http://127.9.9.9",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "ftp://a",
            "file:///etc",
            "a.example",
            "",
            "https://u:p@a.example",
            "https://a.example?x=1",
            "https://a.example#x",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_malformed_key_is_refused_and_not_shown() {
        for key in ["canary\n1", "canary 1", "canary\r\nX-Evil: 1", "canary-schlüssel", "\u{202e}canary"] {
            let error = Client::builder().api_key(key).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
        }
        let error = ClientBuilder::default().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(error.message().contains("SPARK_T2I_API_KEY"));
    }

    #[test]
    fn headers_of_the_client_cannot_be_replaced() {
        let build = |name: &str, value: &str| Client::builder().api_key("k").header(name, value).build();
        assert!(build("x-tenant", "seven").is_ok());
        for (name, value) in [("Authorization", "x"), ("host", "x"), ("a b", "x"), ("x", "a\nb")] {
            assert_eq!(build(name, value).unwrap_err().kind(), ErrorKind::InvalidRequest, "{name}");
        }
    }
}
