//! A scenario's answers over HTTP/1.1: ordinary ones by the HTTP library, the others past it.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::CONTENT_LENGTH;

use super::answer::Answer;
use super::case::{Step, Then};
use super::placeholder::Values;
use crate::connection::{Wire, stall};

/// Does what the step says. What is returned is sent only if the connection is still whole.
pub(super) async fn play(step: &Step, values: &Values, wire: &Wire) -> Response<Body> {
    wire.used();
    tokio::time::sleep(Duration::from_secs_f64(step.delay_seconds)).await;
    if let Some(end) = step.no_answer {
        finish(end, wire).await;
        return Response::default();
    }
    let answer = Answer::of(step, values);
    let response = ordinary(step, &answer);
    if let Some(response) = response {
        if let Some(seconds) = step.idle_close_seconds {
            wire.close_when_idle(Duration::from_secs_f64(seconds));
        }
        return response;
    }
    // An error means that the client is gone, which is its own affair.
    let end = if send(step, values, &answer, wire).await.is_ok() { step.then } else { Then::Close };
    finish(if end == Then::Keep { Then::Close } else { end }, wire).await;
    Response::default()
}

/// The answer, if it is one that the HTTP library can send.
fn ordinary(step: &Step, answer: &Answer) -> Option<Response<Body>> {
    let length = answer.body.len() as u64;
    if step.raw.is_some()
        || step.cut.is_some()
        || step.pace.is_some()
        || step.then != Then::Keep
        || step.content_length.is_some_and(|said| said != length)
    {
        return None;
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value.as_bytes());
    }
    let body = if step.chunked {
        let chunks: Vec<_> = answer.body.chunks(64 << 10).map(|chunk| Ok::<_, io::Error>(chunk.to_vec())).collect();
        Body::from_stream(futures_util::stream::iter(chunks))
    } else {
        response = response.header(CONTENT_LENGTH, length);
        Body::from(answer.body.clone())
    };
    // A head that the library refuses goes past it.
    response.body(body).ok()
}

async fn send(step: &Step, values: &Values, answer: &Answer, wire: &Wire) -> io::Result<()> {
    if let Some(raw) = &step.raw {
        return wire.send(values.fill(&raw.joined()).as_bytes()).await;
    }
    wire.send(answer.head(step).as_bytes()).await?;
    let body = &answer.body[..step.cut.unwrap_or(usize::MAX).min(answer.body.len())];
    let piece = step.pace.map_or(body.len().max(1), |pace| pace.bytes);
    for (index, piece) in body.chunks(piece).enumerate() {
        if let Some(pace) = step.pace.filter(|_| index > 0) {
            tokio::time::sleep(Duration::from_secs_f64(pace.seconds)).await;
        }
        if step.chunked {
            wire.send(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
            wire.send(piece).await?;
            wire.send(b"\r\n").await?;
        } else {
            wire.send(piece).await?;
        }
    }
    if step.chunked && step.cut.is_none() {
        wire.send(b"0\r\n\r\n").await?;
    }
    Ok(())
}

async fn finish(end: Then, wire: &Wire) {
    match end {
        Then::Keep | Then::Close => wire.close(),
        Then::Reset => {
            // Time for what was sent to be read: a reset throws away what still lies in the receiver's buffer.
            tokio::time::sleep(Duration::from_millis(50)).await;
            wire.reset();
        }
        Then::Silence => stall().await,
    }
}
