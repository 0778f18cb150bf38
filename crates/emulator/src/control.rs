//! `/_emulator/faults`: what goes wrong on purpose, changed while the emulator runs.

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use spark_t2i_core::printable;

use crate::Fault;
use crate::answers::{Refusal, encode, json};
use crate::connection::Wire;
use crate::host;
use crate::routes::{self, Context};

/// What is sent and what is answered.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    faults: Vec<String>,
}

pub(crate) async fn faults(
    State(context): State<Context>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    admit(&wire, &headers)?;
    Ok(answer(&context))
}

/// Sets the faults in place of all others, or none of them if one is wrong.
pub(crate) async fn set_faults(
    State(context): State<Context>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = routes::read(body).await?;
    admit(&wire, &headers)?;
    // Such a type a page of the web cannot send unasked.
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let message = "faults are set with Content-Type: application/json";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let unreadable = |reason: String| {
        let message = format!("no faults were changed: {reason}");
        Refusal::new(StatusCode::BAD_REQUEST, message)
    };
    let settings: Settings = serde_json::from_slice(&body).map_err(|error| {
        let reason = printable(&error.to_string(), 200);
        unreadable(format!("the body is not {{\"faults\":[\"NAME:PROBABILITY@KIND\", …]}} ({reason})"))
    })?;
    let faults: Result<Vec<Fault>, _> = settings.faults.iter().map(|fault| fault.parse()).collect();
    context.service.faults.set(faults.map_err(|error| unreadable(error.to_string()))?);
    Ok(answer(&context))
}

pub(crate) async fn clear_faults(
    State(context): State<Context>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    admit(&wire, &headers)?;
    context.service.faults.set(Vec::new());
    Ok(answer(&context))
}

fn answer(context: &Context) -> Response {
    let faults = context.service.faults.all().iter().map(ToString::to_string).collect();
    json(encode(&Settings { faults })).into_response()
}

/// Admits programs of this machine: no other machine, and no page of the web that a browser here shows, which may
/// have given this address a name of its own.
fn admit(wire: &Wire, headers: &HeaderMap) -> Result<(), Refusal> {
    let refused = |message| Err(Refusal::new(StatusCode::FORBIDDEN, message));
    if !wire.peer().ip().to_canonical().is_loopback() {
        return refused("faults are set from the emulator's own machine only");
    }
    if !host::is_loopback(headers) {
        return refused("the Host header names another machine: call this one localhost or 127.0.0.1");
    }
    Ok(())
}
