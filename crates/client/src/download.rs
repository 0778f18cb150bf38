//! Fetching an image: redirects followed by hand, resumed where the host allows it, and checked as it streams by.

use std::io::{self, SeekFrom};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LOCATION, RANGE};
use reqwest::{Response, StatusCode};
use spark_t2i_core::{Error, ErrorKind, Size, printable};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;
use url::Url;

use crate::format::{ImageFormat, Inspector};
use crate::image::Image;
use crate::retry::retry_after;
use crate::{address, transport};

/// No image of the service comes near it: a raw 2048 × 2048 picture of 16 bits a channel has 32 MiB.
const LARGEST_IMAGE: u64 = 64 << 20;
/// A host that sends no byte for so long has stalled.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);
const MOST_REDIRECTS: usize = 5;

/// Where the bytes of an image go.
pub(crate) enum Sink {
    Memory(Vec<u8>),
    File(File),
}

impl Sink {
    pub(crate) fn memory() -> Self {
        Self::Memory(Vec::new())
    }

    pub(crate) fn file(file: std::fs::File) -> Self {
        Self::File(File::from_std(file))
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Memory(bytes) => bytes.into(),
            Self::File(_) => Bytes::new(),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(all) => all.extend_from_slice(bytes),
            Self::File(file) => file.write_all(bytes).await?,
        }
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(all) => all.clear(),
            Self::File(file) => {
                file.flush().await?;
                file.set_len(0).await?;
                file.seek(SeekFrom::Start(0)).await?;
            }
        }
        Ok(())
    }

    /// Brings everything written to the disk.
    pub(crate) async fn sync(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::File(file) => {
                file.flush().await?;
                file.sync_all().await
            }
        }
    }
}

/// Why an attempt did not bring the whole image.
enum Trouble {
    /// Trying again may help.
    Passing(Error),
    /// The address may have expired.
    Expired(Error),
    /// Trying again would not help.
    Final(Error),
}

/// Fetches the image into the sink; ends at the deadline.
pub(crate) async fn fetch(
    image: &Image,
    sink: &mut Sink,
    deadline: Instant,
) -> Result<(ImageFormat, Option<Size>, u64), Error> {
    let mut download = Download { image, sink, inspector: Inspector::default(), validator: None };
    let span = tracing::info_span!("download", task_id = %image.task_id());
    let fetched = timeout_at(deadline, download.run(deadline)).instrument(span).await;
    let id = image.task_id();
    fetched.unwrap_or_else(|_| {
        let context =
            format!("the image of task {id} was not fetched in time; it can be fetched again by the task's id");
        let passed = transport::deadline_passed();
        Err(image.error(ErrorKind::Timeout, format!("{context}: {}", passed.message())))
    })
}

struct Download<'a> {
    image: &'a Image,
    sink: &'a mut Sink,
    inspector: Inspector,
    /// The strong entity tag of the part that is there: only the same file may be continued.
    validator: Option<String>,
}

impl Download<'_> {
    async fn run(&mut self, deadline: Instant) -> Result<(ImageFormat, Option<Size>, u64), Error> {
        let client = self.image.handle().client();
        if let Some(size) = self.image.size().filter(|size| *size > LARGEST_IMAGE) {
            return Err(
                self.error(&format!("the service promises {size} bytes, more than any image has ({LARGEST_IMAGE})"))
            );
        }
        let mut url = self.image.url().to_owned();
        let (mut refreshed, mut failures) = (false, 0);
        client.retry_budget().first_attempt();
        let _turn = client.transport().download_turn().await;
        loop {
            let before = self.inspector.length();
            let error = match self.attempt(&url).await {
                Ok(()) => break,
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Expired(error)) if refreshed => return Err(error),
                Err(Trouble::Expired(error)) => {
                    refreshed = true;
                    match self.image.fresh_url().await {
                        Ok(Some(fresh)) => url = fresh,
                        Ok(None) => return Err(error),
                        Err(cause) => return Err(error.with_source(cause)),
                    }
                    self.restart().await?;
                    continue;
                }
                Err(Trouble::Passing(error)) => error,
            };
            if error.http_status() == Some(416) {
                // The host has no such part: what is here is not the beginning of what is there.
                self.restart().await?;
            }
            failures = if self.inspector.length() > before { 1 } else { failures + 1 };
            client.retry_pause(failures, error, deadline).await?;
        }
        let (format, pixels) = self.inspector.verdict().map_err(|why| self.error(&why))?;
        Ok((format, pixels, self.inspector.length()))
    }

    async fn attempt(&mut self, url: &str) -> Result<(), Trouble> {
        let response = self.open(url).await?;
        let resumed = response.status() == StatusCode::PARTIAL_CONTENT
            && range_start(response.headers()) == Some(self.inspector.length());
        if !resumed {
            self.restart().await.map_err(Trouble::Final)?;
            if response.status() == StatusCode::PARTIAL_CONTENT {
                return Err(Trouble::Passing(self.error("the image host sent another part than was asked for")));
            }
        }
        self.validator = strong_validator(response.headers());
        if let Some(encoding) = response.headers().get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
            let encoding = printable(&String::from_utf8_lossy(encoding.as_bytes()), 40);
            return Err(Trouble::Final(
                self.error(&format!("the image host sent it encoded as {encoding}, which was not asked for")),
            ));
        }
        let offered = response.content_length().map(|length| self.inspector.length().saturating_add(length));
        self.check_length(offered.unwrap_or(0), offered.is_some())?;
        self.receive(response).await
    }

    async fn receive(&mut self, mut response: Response) -> Result<(), Trouble> {
        loop {
            let chunk = match timeout(LONGEST_SILENCE, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => {
                    return Err(Trouble::Passing(
                        self.error("the connection to the image host broke").with_source(error.without_url()),
                    ));
                }
                Err(_) => {
                    let silence = LONGEST_SILENCE.as_secs();
                    return Err(Trouble::Passing(self.error(&format!("the image host sent no byte for {silence} s"))));
                }
            };
            self.inspector.see(&chunk);
            self.check_length(self.inspector.length(), false)?;
            self.sink.write(&chunk).await.map_err(|error| {
                Trouble::Final(
                    self.image.error(ErrorKind::Io, format!("the image cannot be written: {error}")).with_source(error),
                )
            })?;
            let counter = &self.image.handle().client().counters().downloaded_bytes;
            counter.fetch_add(chunk.len() as u64, std::sync::atomic::Ordering::Relaxed);
        }
        self.check_length(self.inspector.length(), true)
    }

    /// Compares a length, so far or in all, with what the service promised.
    fn check_length(&self, length: u64, in_all: bool) -> Result<(), Trouble> {
        let promised = self.image.size();
        let wrong = match promised {
            Some(promised) if in_all => length != promised,
            Some(promised) => length > promised,
            None => length > LARGEST_IMAGE,
        };
        if !wrong {
            return Ok(());
        }
        let message = match promised {
            Some(promised) => format!(
                "the image has {}{length} bytes where the service promised {promised}",
                if in_all { "" } else { "at least " }
            ),
            None => format!("the image has more bytes than any image ({LARGEST_IMAGE})"),
        };
        Err(Trouble::Final(self.error(&message)))
    }

    /// Asks for the image, or for what is missing of it, and follows redirects.
    async fn open(&mut self, url: &str) -> Result<Response, Trouble> {
        let service = self.image.handle().client().transport();
        let mut url =
            Url::parse(url).map_err(|error| Trouble::Final(self.error(&format!("its address is no URL: {error}"))))?;
        for _ in 0..=MOST_REDIRECTS {
            self.check_address(&url)?;
            let mut request = service
                .image_request(&url)
                .map_err(|error| Trouble::Final(self.error(error.message()).with_source(error.clone())))?;
            if let Some(validator) = self.validator.as_ref().filter(|_| self.inspector.length() > 0) {
                request =
                    request.header(RANGE, format!("bytes={}-", self.inspector.length())).header(IF_RANGE, validator);
            }
            let response = match timeout(service.request_timeout(), request.send()).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) if transport::is_tls_refusal(&error) => {
                    let refused = self.error("the certificate of the image host was refused").with_retryable(false);
                    return Err(Trouble::Final(refused.with_source(error.without_url())));
                }
                Ok(Err(error)) => {
                    let error = self.error("no answer from the image host").with_source(error.without_url());
                    return Err(Trouble::Passing(error));
                }
                Err(_) => return Err(Trouble::Passing(self.error("the image host did not answer in time"))),
            };
            let status = response.status();
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return self.accept(response);
            }
            let next =
                response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            let next = next.ok_or_else(|| Trouble::Final(self.error("the image host redirects to nowhere")))?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(Trouble::Final(self.error("the image host redirects from https to an insecure address")));
            }
            url = next;
        }
        Err(Trouble::Final(self.error(&format!("the image host redirects more than {MOST_REDIRECTS} times"))))
    }

    fn accept(&self, response: Response) -> Result<Response, Trouble> {
        let status = response.status();
        if matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            return Ok(response);
        }
        let error = self
            .error(&format!("the image host answered HTTP {}", status.as_u16()))
            .with_http_status(status.as_u16())
            .with_retry_after(retry_after(response.headers(), SystemTime::now()));
        Err(match status.as_u16() {
            401 | 403 | 404 | 410 => Trouble::Expired(error),
            408 | 416 | 425 | 429 | 500.. => Trouble::Passing(error),
            _ => Trouble::Final(error),
        })
    }

    fn check_address(&self, url: &Url) -> Result<(), Trouble> {
        let refuse = |why: &str| Err(Trouble::Final(self.error(why).with_retryable(false)));
        match url.scheme() {
            "http" | "https" => {}
            scheme => {
                return refuse(&format!(
                    "its address has the scheme \"{}\", and only http and https are fetched",
                    printable(scheme, 20)
                ));
            }
        }
        let base_is_loopback = self.image.handle().client().transport().is_loopback();
        if !base_is_loopback && address::names_private_address(url) {
            return refuse("its address lies in a private network, from which no image is fetched");
        }
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), Error> {
        (self.inspector, self.validator) = (Inspector::default(), None);
        self.sink.restart().await.map_err(|error| {
            self.image.error(ErrorKind::Io, format!("the image cannot be written: {error}")).with_source(error)
        })
    }

    fn error(&self, why: &str) -> Error {
        let id = self.image.task_id();
        self.image.error(ErrorKind::Download, format!("the image of task {id} could not be fetched: {why}"))
    }
}

/// An entity tag that vouches for every byte. (A weak one does not.)
fn strong_validator(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(ETAG)?.to_str().ok()?;
    tag.starts_with('"').then(|| tag.to_owned())
}

/// The first byte's place in `Content-Range: bytes START-END/TOTAL`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim().parse().ok()
}
