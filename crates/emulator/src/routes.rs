use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use spark_t2i_core::wire::{CREATE_PATH, Create, ESTIMATE_PATH, TASK_PATH};
use spark_t2i_core::{Code, Request, printable};

use crate::answers::{self, Refusal, json};
use crate::catalogue;
use crate::control;
use crate::fault::{self, Lost};
use crate::host;
use crate::id::Id;
use crate::images;
use crate::service::Service;
use crate::stats::Kind;

/// The longest body: 800 characters need a few kilobytes.
const LONGEST_BODY: usize = 1024 * 1024;
/// How much of a longer one is still read before it is refused: a client that is answered in the middle of sending
/// sees a reset connection instead of the answer.
const LONGEST_REFUSED_BODY: usize = 16 * 1024 * 1024;
/// The longest name of a model that is kept.
const LONGEST_MODEL: usize = 256;
/// Part of the service's paths that some clients leave out.
pub(crate) const PREFIX: &str = "/model";

/// What every handler gets.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) service: Arc<Service>,
    /// The URL of the address that is listened on.
    pub(crate) own_url: Arc<str>,
}

pub(crate) fn router(context: Context) -> Router {
    let mut router = Router::new();
    for shorten in [false, true] {
        let path = |path: &'static str| if shorten { path.strip_prefix(PREFIX).unwrap_or(path) } else { path };
        router = router
            .route(path(CREATE_PATH), post(create))
            .route(path(ESTIMATE_PATH), post(estimate))
            .route(&format!("{}{{id}}", path(TASK_PATH)), get(status));
    }
    router
        .route("/images/{file}", get(images::image))
        .route("/_emulator/stats", get(stats))
        .route("/_emulator/faults", get(control::faults).post(control::set_faults).delete(control::clear_faults))
        .merge(catalogue::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(context.clone(), watch))
        .with_state(context)
}

async fn create(State(context): State<Context>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let request = accept(&context.service, Kind::Create, &headers, body).await?;
    context.service.create(&request).map(|answer| json(answer).into_response())
}

async fn estimate(State(context): State<Context>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let request = accept(&context.service, Kind::Estimate, &headers, body).await?;
    Ok(json(context.service.estimate(&request)).into_response())
}

async fn status(
    State(context): State<Context>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    lost: Option<Extension<Lost>>,
) -> Result<Response, Refusal> {
    let service = &context.service;
    service.counters.request(Kind::Status);
    service.admit(&headers)?;
    let id = segment(id);
    let base_url = || host::base_url(&headers, &context.own_url);
    let answer = Id::parse(&id).and_then(|id| service.status(id, lost.is_none(), base_url));
    let answer = answer.ok_or_else(|| {
        let message = format!(
            "there is no task \"{}\"; a restart forgets tasks unless there is a state file",
            printable(&id, 64)
        );
        Refusal::new(StatusCode::NOT_FOUND, message)
    })?;
    Ok(json(answer).into_response())
}

/// The part of the path that names something; one that is no UTF-8 is the name of nothing.
pub(crate) fn segment(path: Result<Path<String>, PathRejection>) -> String {
    path.map(|Path(segment)| segment).unwrap_or_default()
}

async fn stats(State(context): State<Context>) -> Response {
    json(answers::encode(&context.service.stats())).into_response()
}

/// The request that a call stands for, if it is admitted, readable and valid.
async fn accept(service: &Service, kind: Kind, headers: &HeaderMap, body: Body) -> Result<Request, Refusal> {
    service.counters.request(kind);
    // The body first, even of a call that is then refused: what stays unread costs the client its connection.
    let body = read(body).await?;
    service.admit(headers)?;
    let unreadable =
        |message: String| Refusal::new(StatusCode::BAD_REQUEST, message).with_code(Code::TASK_CREATION_ERROR);
    let create = Create::parse(&body)
        .map_err(|error| unreadable(format!("the body is {}", printable(&error.to_string(), 200))))?;
    let model = create.model.as_deref().or_else(|| headers.get("x-model").and_then(|model| model.to_str().ok()));
    let model = model.map(str::trim).filter(|model| !model.is_empty() && model.len() <= LONGEST_MODEL);
    let model = model.ok_or_else(|| {
        unreadable(format!(
            "the model is missing or has over {LONGEST_MODEL} bytes: name it in the body or in an X-Model header"
        ))
    })?;
    let request = Request::from_parameters(&create.parameters).map_err(|error| Refusal::invalid(&error))?;
    Ok(request.model(model))
}

/// The body in whole; what is too long to be kept is read all the same.
pub(crate) async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut chunks = body.into_data_stream();
    let (mut read, mut length) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("the body broke off: {error}")))?;
        length += chunk.len();
        if length <= LONGEST_BODY {
            read.extend_from_slice(&chunk);
        } else if length > LONGEST_REFUSED_BODY {
            break;
        }
    }
    if length > LONGEST_BODY {
        let message = format!("the body is longer than {LONGEST_BODY} bytes");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    Ok(read)
}

/// What there is, for whoever asked for something else.
const OFFERED: &str = "POST /model/v1/generation (create), POST /model/v1/generation/precharge (estimate), \
    GET /model/v1/generation/task/{id} (status), GET /images/{id}.png, \
    GET /api/v1/skill/models, GET /api/v1/skill/models/{model}/spec, GET /model/v1/models/skill/search, \
    GET /model/v1/models/skill/{model}, GET /_emulator/stats, GET, POST and DELETE /_emulator/faults";

async fn not_found(State(context): State<Context>, uri: Uri) -> Refusal {
    context.service.counters.request(Kind::Other);
    let path = printable(uri.path(), 200);
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!("there is no {path} here; this is the spark_t2i emulator, with {OFFERED}"),
    )
}

async fn wrong_method(State(context): State<Context>, method: Method, uri: Uri) -> Refusal {
    context.service.counters.request(Kind::Other);
    let message =
        format!("{} does not take {}; there is {OFFERED}", printable(uri.path(), 200), printable(method.as_str(), 20));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message)
}

/// What concerns every request: whether a fault strikes it, and whether it is refused.
async fn watch(State(context): State<Context>, request: HttpRequest, next: Next) -> Response {
    let response = match fault::struck(&context.service, &request) {
        // Boxed, so that the future of every other request is not as large as this one.
        Some(struck) => Box::pin(struck.answer(&context.service, request, next)).await,
        None => next.run(request).await,
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        context.service.counters.refused(status.as_u16());
    }
    response
}
