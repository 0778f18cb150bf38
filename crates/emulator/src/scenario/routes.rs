use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::Value;

use super::case::Kind;
use super::run::Seen;
use super::slow::Slowness;
use super::{PATH, ScenarioError, Stage, kind_of, play};
use crate::answers::{Refusal, encode, json};
use crate::connection::Wire;

/// The longest body that is read.
const LONGEST_BODY: usize = 4 << 20;

/// Which origin a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Main,
    Elsewhere,
}

/// A scenario's own listener must not keep alive the stage that holds it.
type Staged = State<(Weak<Stage>, Side)>;

/// The scenarios' part of the paths; at the second origin, only what clients are led to.
pub(crate) fn routes(stage: Weak<Stage>, side: Side) -> Router {
    let router = match side {
        Side::Main => Router::new()
            .route("/scenarios", get(list))
            .route("/scenarios/{label}", get(case))
            .route("/scenarios/{label}/verdict", get(verdict).post(verdict)),
        Side::Elsewhere => Router::new().route("/scenarios/{label}", any(perform)),
    };
    router.route("/scenarios/{label}/{*rest}", any(perform)).with_state((stage, side))
}

fn stage(stage: &Weak<Stage>) -> Result<Arc<Stage>, Refusal> {
    let message = "the emulator is stopping";
    stage.upgrade().ok_or_else(|| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message))
}

impl From<ScenarioError> for Refusal {
    fn from(error: ScenarioError) -> Self {
        let status = match error {
            ScenarioError::Unknown(_) => StatusCode::NOT_FOUND,
            ScenarioError::Unservable { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

async fn list(State((weak, _)): Staged) -> Result<Response, Refusal> {
    Ok(json(encode(&stage(&weak)?.names())).into_response())
}

async fn case(
    State((weak, _)): Staged,
    Path(label): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let slowness =
        Slowness::asked(query.as_deref()).map_err(|message| Refusal::new(StatusCode::BAD_REQUEST, message))?;
    Ok(json(encode(&stage(&weak)?.case_for(&label, slowness)?)).into_response())
}

/// With a body, of the outcome too; without one, of the requests alone.
async fn verdict(State((weak, _)): Staged, Path(label): Path<String>, body: Body) -> Result<Response, Refusal> {
    let unreadable = |message: String| Refusal::new(StatusCode::BAD_REQUEST, message);
    let body = axum::body::to_bytes(body, LONGEST_BODY)
        .await
        .map_err(|error| unreadable(format!("the outcome cannot be read: {error}")))?;
    let outcome: Option<Value> = match &body[..] {
        [] => None,
        body => {
            Some(serde_json::from_slice(body).map_err(|error| unreadable(format!("the outcome is no JSON: {error}")))?)
        }
    };
    Ok(json(encode(&stage(&weak)?.verdict(&label, outcome.as_ref())?)).into_response())
}

/// Anything under a scenario's base URL.
async fn perform(
    State((weak, side)): Staged,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let path = path.strip_prefix(PATH).unwrap_or_default();
    let (label, path) = path.split_at(path.find(['/', '?']).unwrap_or(path.len()));
    let run = stage(&weak)?.run(label, Slowness::default())?;
    // A body that breaks off is a request all the same.
    let body = axum::body::to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let kind = kind_of(&parts.method, path, side == Side::Elsewhere);
    let seen = Seen::new(kind, &parts.method, path, &parts.headers, body.into());
    match run.take(seen) {
        Some(step) => Ok(play::play(&step, &run.values, &wire).await),
        None => {
            let message = format!("the scenario has no answer for {} {path}", parts.method);
            Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, message))
        }
    }
}

impl Seen {
    pub(super) fn new(kind: Kind, method: &Method, path: &str, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let mut by_name: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            by_name
                .entry(name.as_str().to_owned())
                .and_modify(|all| all.extend([", ", &value]))
                .or_insert_with(|| value.into_owned());
        }
        Self { kind, at: Instant::now(), method: method.to_string(), path: path.to_owned(), headers: by_name, body }
    }
}
