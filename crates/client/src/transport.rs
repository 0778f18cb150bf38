//! The two HTTP clients: one for the service, which holds the key, and one for image hosts, which never had it.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, redirect};
use secrecy::{ExposeSecret, SecretString};
use spark_t2i_core::{Error, ErrorKind};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::polling::{Polling, Turn};
use crate::retry::{http_date, retry_after};
use crate::server_clock::ServerClock;
use crate::stats::{Counters, Requests};
use crate::{address, tls};

/// Connections to the service at once, however many tasks are waited for.
pub(crate) const MOST_API_CONNECTIONS: usize = 32;
/// Images fetched at once.
const MOST_DOWNLOADS: usize = 16;
/// An idle connection is not used again after this: many servers close it after 5 s, and a submit that meets the
/// closing has an unknown outcome.
const IDLE_CONNECTION_LIFETIME: Duration = Duration::from_secs(4);
/// A shorter key guards nothing (an emulator takes `any`), and would be found in half of all words and ids.
const SHORTEST_SECRET: usize = 12;
/// No answer of the service is longer; what comes beyond is not read.
const LONGEST_ANSWER: usize = 3 << 19;

pub(crate) struct TransportOptions {
    pub(crate) base_url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) user_agent: HeaderValue,
    pub(crate) key: SecretString,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) polling: Polling,
    pub(crate) proxy: Option<String>,
    pub(crate) ca_bundle: Option<PathBuf>,
}

/// Made when it is first used.
type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

pub(crate) struct Transport {
    api: reqwest::Client,
    cdn: Lazy<Result<reqwest::Client, Error>>,
    base_url: Url,
    headers: HeaderMap,
    key: SecretString,
    request_timeout: Duration,
    downloads: Semaphore,
    clock: Mutex<ServerClock>,
    pub(crate) polling: Polling,
    pub(crate) counters: Counters,
}

/// A whole answer of the service.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<Duration>,
    /// Why the body ended early, if it did.
    pub(crate) broken: Option<Error>,
    /// When the request went out, and how long its answer took to begin.
    pub(crate) sent: Instant,
    pub(crate) round_trip: Duration,
}

/// A request without an answer.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether the service's application may have got the whole request.
    pub(crate) may_have_arrived: bool,
}

impl Transport {
    pub(crate) fn new(options: TransportOptions) -> Result<Self, Error> {
        let loopback = address::is_loopback(&options.base_url);
        let proxy = options
            .proxy
            .as_deref()
            .map(|url| {
                reqwest::Proxy::all(url).map_err(|error| {
                    Error::new(ErrorKind::InvalidRequest, "proxy: not a URL").with_source(error.without_url())
                })
            })
            .transpose()?;
        // A file that was named is read at once, so that whoever named it is told what is wrong with it.
        let needed = options.base_url.scheme() == "https" || options.ca_bundle.is_some();
        let tls = needed.then(|| tls::config(options.ca_bundle.as_deref())).transpose()?;
        let (user_agent, connect_timeout) = (options.user_agent, options.connect_timeout);
        let client = move |tls| {
            let mut client = reqwest::Client::builder()
                .tls_backend_preconfigured(tls)
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .user_agent(user_agent.clone())
                .connect_timeout(connect_timeout)
                .pool_idle_timeout(IDLE_CONNECTION_LIFETIME);
            if loopback {
                // A proxy would carry the key off this machine in clear text. And the name stands for this machine
                // here, whatever a resolver says.
                client = client.no_proxy().resolve_to_addrs(
                    "localhost",
                    &[([127, 0, 0, 1], 0).into(), ([0_u16, 0, 0, 0, 0, 0, 0, 1], 0).into()],
                );
            } else if let Some(proxy) = &proxy {
                client = client.proxy(proxy.clone());
            }
            client
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| Error::internal("the HTTP client cannot be made").with_source(error))
        };
        let api_tls = tls.clone().map_or_else(tls::trusting_nobody, Ok)?;
        let api = build(client(api_tls).pool_max_idle_per_host(MOST_API_CONNECTIONS))?;
        let proxy = options.proxy;
        let cdn = move || {
            let tls = tls.map_or_else(|| tls::config(None), Ok)?;
            let mut cdn = client(tls).pool_max_idle_per_host(MOST_DOWNLOADS);
            if !loopback {
                let mut except = address::environment_proxies();
                except.extend(proxy.as_deref().and_then(address::proxy_host));
                cdn = cdn.dns_resolver(Arc::new(address::PublicOnly { except }));
            }
            build(cdn)
        };
        Ok(Self {
            api,
            cdn: LazyLock::new(Box::new(cdn)),
            base_url: options.base_url,
            headers: options.headers,
            key: options.key,
            request_timeout: options.request_timeout,
            downloads: Semaphore::new(MOST_DOWNLOADS),
            clock: Mutex::new(ServerClock::new()),
            polling: options.polling,
            counters: Counters::default(),
        })
    }

    /// The service's origin, for messages.
    pub(crate) fn origin(&self) -> String {
        self.base_url.origin().ascii_serialization()
    }

    pub(crate) fn is_loopback(&self) -> bool {
        address::is_loopback(&self.base_url)
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Sends one request to the service and reads its answer, whatever the status. A look of the driver comes with its
    /// turn; any other request waits for it first. All of it ends at the deadline.
    pub(crate) async fn call(
        &self,
        requests: Requests,
        path: &str,
        body: Option<String>,
        deadline: Instant,
        turn: Option<Turn>,
    ) -> Result<Answer, Failure> {
        let unsent = || Failure { error: deadline_passed(), may_have_arrived: false };
        let _turn = match turn {
            Some(turn) => turn,
            None => timeout_at(deadline, self.polling.turn()).await.map_err(|_| unsent())?,
        };
        // A turn that comes exactly at the deadline would open a connection only to close it.
        if Instant::now() >= deadline {
            return Err(unsent());
        }

        let handed_over = Arc::new(AtomicBool::new(false));
        let mut request = self.api.request(if body.is_some() { Method::POST } else { Method::GET }, self.url(path));
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json")).body(
                reqwest::Body::wrap(Watched { content: Some(body.into()), handed_over: Arc::clone(&handed_over) }),
            );
        }
        self.counters.count(requests);
        let given_up =
            GivenUp { create: requests == Requests::Create, handed_over: &handed_over, counters: &self.counters };
        // Boxed, because thousands of calls may wait for their turn, and only a few are on the wire.
        let result = Box::pin(self.exchange(request.headers(self.headers.clone()), &handed_over, deadline)).await;
        given_up.settle();
        result
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        handed_over: &AtomicBool,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let sent = Instant::now();
        let attempt_ends = deadline.min(sent + self.request_timeout);
        let mut answer = match timeout_at(attempt_ends, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.failure(error, handed_over.load(Ordering::Acquire))),
            Err(_) => {
                let may_have_arrived = handed_over.load(Ordering::Acquire);
                return Err(Failure { error: self.too_slow(attempt_ends == deadline), may_have_arrived });
            }
        };
        let round_trip = sent.elapsed();
        if let Some(date) = answer.headers().get(header::DATE).and_then(|date| http_date(date.to_str().ok()?)) {
            self.clock().note(date, sent, sent + round_trip);
        }
        let (mut body, mut broken) = (Vec::new(), None);
        loop {
            match timeout_at(attempt_ends, answer.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > LONGEST_ANSWER => {
                    body.extend_from_slice(&chunk[..LONGEST_ANSWER - body.len()]);
                    broken = Some(Error::new(ErrorKind::Protocol, "the answer is longer than 1.5 MiB"));
                    break;
                }
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => {
                    broken = Some(self.failure(error, true).error);
                    break;
                }
                Err(_) => {
                    broken = Some(self.too_slow(attempt_ends == deadline));
                    break;
                }
            }
        }
        Ok(Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after(answer.headers(), SystemTime::now()),
            body: self.without_key(body),
            broken,
            sent,
            round_trip,
        })
    }

    /// The service's clock, as far as it is known.
    pub(crate) fn clock(&self) -> MutexGuard<'_, ServerClock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}{path}", self.base_url.path().trim_end_matches('/')));
        url
    }

    /// A gateway that echoes the request must not bring the key into an error or a task's raw text.
    fn without_key(&self, body: Vec<u8>) -> Vec<u8> {
        let key = self.key.expose_secret();
        if key.len() < SHORTEST_SECRET {
            return body;
        }
        let text = String::from_utf8_lossy(&body);
        if text.contains(key) { text.replace(key, "[API key]").into_bytes() } else { body }
    }

    fn failure(&self, error: reqwest::Error, handed_over: bool) -> Failure {
        let error = error.without_url();
        let never_connected = error.is_connect();
        let may_have_arrived = handed_over && !never_connected && !was_not_taken(&error);
        let certificate = is_tls_refusal(&error);
        let message = match (certificate, never_connected) {
            (true, _) => {
                format!("no secure connection to {}: its certificate was refused (see ca_bundle)", self.origin())
            }
            (false, true) => format!("no connection to {}", self.origin()),
            (false, false) => format!("the connection to {} broke", self.origin()),
        };
        let error = Error::new(ErrorKind::Connection, message).with_retryable(!certificate).with_source(error);
        Failure { error, may_have_arrived }
    }

    fn too_slow(&self, deadline_passed_first: bool) -> Error {
        if deadline_passed_first {
            deadline_passed()
        } else {
            let seconds = self.request_timeout.as_secs_f64();
            Error::new(ErrorKind::Connection, format!("no answer from {} within {seconds} s", self.origin()))
        }
    }

    /// The right to fetch an image; at most a few are fetched at once.
    pub(crate) async fn download_turn(&self) -> SemaphorePermit<'_> {
        permit(&self.downloads).await
    }

    /// A request to an image host, without the key.
    pub(crate) fn image_request(&self, url: &Url) -> Result<reqwest::RequestBuilder, Error> {
        let cdn = self.cdn.as_ref().map_err(Error::clone)?;
        self.counters.count(Requests::Download);
        Ok(cdn.get(url.clone()).header(header::ACCEPT, "image/*").header(header::ACCEPT_ENCODING, "identity"))
    }
}

/// The deadline of a call passed. The caller adds what it was waiting for.
pub(crate) fn deadline_passed() -> Error {
    Error::new(ErrorKind::Timeout, "the deadline passed")
}

async fn permit(semaphore: &Semaphore) -> SemaphorePermit<'_> {
    semaphore.acquire().await.expect("the semaphores are never closed")
}

/// A request's body that notes when the connection takes it. As long as it does not, no application can have got the
/// request: its body is missing.
struct Watched {
    content: Option<Bytes>,
    handed_over: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let content = self.content.take();
        if content.is_some() {
            self.handed_over.store(true, Ordering::Release);
        }
        Poll::Ready(content.map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn source<'a>(error: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        (*error).source()
    }
    std::iter::successors(Some(error), source)
}

/// The server says that it did not touch the request (HTTP/2): by refusing its stream, or by a GOAWAY that names an
/// earlier stream as the last one it took. (A GOAWAY that does not reach back to the request lets it go on; if the
/// connection then ends, that is another error.)
fn was_not_taken(error: &reqwest::Error) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<h2::Error>()).any(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// The connection is not trustworthy: trying again does not make it so.
pub(crate) fn is_tls_refusal(error: &reqwest::Error) -> bool {
    chain(error).filter_map(tls_error).any(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// The TLS error that an error is, or wraps as an I/O error does: out of sight of its `source`.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.downcast_ref().or_else(|| tls_error(wrapped?))
}

/// Says so, and counts it, when a create is dropped between its sending and its answer: nobody will know its task.
struct GivenUp<'a> {
    create: bool,
    handed_over: &'a AtomicBool,
    counters: &'a Counters,
}

impl GivenUp<'_> {
    fn settle(mut self) {
        self.create = false;
    }
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if self.create && self.handed_over.load(Ordering::Acquire) {
            self.counters.outcomes_unknown.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("a submit was given up before its answer came: the service may have taken (and charged) it");
        }
    }
}
