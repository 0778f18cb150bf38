//! A request that a fault strikes.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::response::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use spark_t2i_core::wire::{CREATE_PATH, ESTIMATE_PATH, TASK_PATH};

use super::spoil;
use super::table::{After, Before, Effect, Known};
use crate::answers::Refusal;
use crate::connection::{Wire, stall};
use crate::routes::{self, PREFIX};
use crate::service::Service;
use crate::stats::Kind;

/// How late `slow-head` and `slow-body` are: longer than any client takes for normal, shorter than its timeouts.
const SLOW: Duration = Duration::from_secs(2);
/// The pieces of a slow body.
const PIECES: usize = 20;
/// How long a client has to read what was sent: a reset throws away what still lies in its buffer.
const READ: Duration = Duration::from_millis(50);
/// A host that never exists (RFC 2606), so that a client that follows takes its key nowhere.
const ELSEWHERE: &str = "http://elsewhere.invalid";

/// An extension of a request whose answer will not tell the client what it asked for.
#[derive(Clone, Copy)]
pub(crate) struct Lost;

/// A request's fault.
pub(crate) struct Struck {
    known: &'static Known,
    kind: Kind,
}

/// The fault that strikes this request, if one does.
pub(crate) fn struck(service: &Service, request: &Request) -> Option<Struck> {
    if !service.faults.any() {
        return None;
    }
    let kind = kind_of(request.method(), request.uri().path())?;
    service.faults.draw(kind).map(|known| Struck { known, kind })
}

/// What a request that a fault can strike is for. `HEAD` is none: its answers have no body that could be spoiled.
fn kind_of(method: &Method, path: &str) -> Option<Kind> {
    let is_one = |segment: &str| !segment.is_empty() && !segment.contains('/');
    let is = |known: &str| path == known || known.strip_prefix(PREFIX) == Some(path);
    let within = |known: &str| path.strip_prefix(known).is_some_and(is_one);
    match *method {
        Method::POST if is(CREATE_PATH) => Some(Kind::Create),
        Method::POST if is(ESTIMATE_PATH) => Some(Kind::Estimate),
        Method::GET if within(TASK_PATH) || TASK_PATH.strip_prefix(PREFIX).is_some_and(within) => Some(Kind::Status),
        Method::GET if within("/images/") => Some(Kind::Image),
        _ => None,
    }
}

impl Struck {
    /// What is returned is sent only if the connection is still whole.
    pub(crate) async fn answer(self, service: &Service, mut request: Request, next: Next) -> Response {
        let wire = request.extensions().get().map(|ConnectInfo(wire): &ConnectInfo<Wire>| wire.clone());
        let wire = wire.expect("every connection comes with its wire");
        match &self.known.effect {
            Effect::Before(before) => {
                service.counters.request(self.kind);
                service.counters.fault(self.known.name);
                let path = request.uri().path().to_owned();
                // A client that is answered in the middle of sending may see a reset connection instead of the answer.
                _ = routes::read(request.into_body()).await;
                self.in_place(before, &path, &wire)
            }
            Effect::After(after) => {
                if after.is_lost(self.kind) {
                    request.extensions_mut().insert(Lost);
                }
                let response = next.run(request).await;
                // A refusal did nothing that could be lost.
                if !response.status().is_success() {
                    return response;
                }
                self.spoil(after, response, service, &wire).await
            }
        }
    }

    fn in_place(&self, before: &Before, path: &str, wire: &Wire) -> Response {
        match *before {
            Before::Reset => {
                wire.reset();
                Response::default()
            }
            Before::Status(status) => self.refusal(status).into_response(),
            Before::Busy(status) => self.refusal(status).with_retry_after(1).into_response(),
            Before::Page(status) => self.page(status),
            Before::Elsewhere => redirect(&format!("{ELSEWHERE}{path}")),
            Before::Loop => redirect(path),
        }
    }

    async fn spoil(&self, after: &After, response: Response, service: &Service, wire: &Wire) -> Response {
        let (parts, body) = response.into_parts();
        // The bodies of this server do not break off.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let spoiled = match after {
            After::NotUtf8 => spoil::not_utf8(&body),
            After::Edit(edit) => spoil::edit(&body, *edit),
            _ => None,
        };
        if spoiled.is_none() && matches!(after, After::NotUtf8 | After::Edit(_)) {
            return whole(parts, body);
        }
        service.counters.fault(self.known.name);
        match after {
            After::NotUtf8 | After::Edit(_) => whole(parts, spoiled.unwrap_or_default()),
            After::Status(status) => self.refusal(*status).into_response(),
            After::Page(status) => self.page(*status),
            After::Empty => Response::default(),
            After::CutJson => whole(parts, spoil::first_half(&body).to_vec()),
            After::WrongSize => whole(parts, spoil::wrong_size(&body).to_vec()),
            After::SlowHead => {
                tokio::time::sleep(SLOW).await;
                whole(parts, body)
            }
            After::SlowBody => in_pieces(parts, &body),
            After::Reset => {
                wire.reset();
                Response::default()
            }
            After::Close => {
                wire.close();
                Response::default()
            }
            After::Hang => stall().await,
            After::CutBody | After::ResetInBody | After::HangInBody => half(parts, &body, after, wire).await,
        }
    }

    fn refusal(&self, status: u16) -> Refusal {
        let done = match self.known.effect {
            Effect::Before(_) => "nothing was done",
            Effect::After(_) => "what was asked was done",
        };
        Refusal::new(status_of(status), format!("the emulator's fault {} struck; {done}", self.known.name))
    }

    fn page(&self, status: u16) -> Response {
        let (status, name) = (status_of(status), self.known.name);
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\n<body><h1>{status}</h1><p>{name}</p></body></html>\n"
        );
        (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
    }
}

fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).expect("the table has HTTP's own numbers")
}

fn redirect(location: &str) -> Response {
    let location = HeaderValue::try_from(location).expect("the HTTP library takes no path that a header cannot hold");
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response()
}

/// An answer with another body, and the length of that.
fn whole(mut parts: Parts, body: impl Into<Bytes>) -> Response {
    let body = body.into();
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    Response::from_parts(parts, body.into())
}

fn in_pieces(mut parts: Parts, body: &Bytes) -> Response {
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    let size = body.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(|piece| body.slice_ref(piece)).collect();
    let pause = SLOW / u32::try_from(PIECES).expect("there are few");
    let slowly = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(piece)
    });
    Response::from_parts(parts, Body::from_stream(slowly))
}

/// The head, half of the body that it promises, and an end that no HTTP library would make.
async fn half(mut parts: Parts, body: &Bytes, end: &After, wire: &Wire) -> Response {
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    let mut bytes = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(spoil::first_half(body));
    // An error means that the client is gone, which is its own affair.
    let is_there = wire.send(&bytes).await.is_ok();
    match end {
        After::HangInBody if is_there => stall().await,
        After::ResetInBody => {
            tokio::time::sleep(READ).await;
            wire.reset();
        }
        _ => wire.close(),
    }
    Response::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_known_by_method_and_path() {
        for (method, path, kind) in [
            (Method::POST, "/model/v1/generation", Some(Kind::Create)),
            (Method::POST, "/v1/generation", Some(Kind::Create)),
            (Method::POST, "/v1/generation/precharge", Some(Kind::Estimate)),
            (Method::GET, "/model/v1/generation/task/a", Some(Kind::Status)),
            (Method::GET, "/v1/generation/task/a", Some(Kind::Status)),
            (Method::GET, "/images/a.png", Some(Kind::Image)),
            (Method::HEAD, "/images/a.png", None),
            (Method::GET, "/images/a/b", None),
            (Method::GET, "/model/v1/generation/task/", None),
            (Method::GET, "/model/v1/generation", None),
            (Method::POST, "/_emulator/faults", None),
            (Method::GET, "/_emulator/stats", None),
        ] {
            assert_eq!(kind_of(&method, path), kind, "{method} {path}");
        }
    }
}
