//! What public clients ask before they create anything: which models there are, and how to call one.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use spark_t2i_core::printable;
use spark_t2i_core::wire::{CREATE_PATH, MODEL};

use crate::answers::{Refusal, encode, json as json_body};
use crate::routes::{Context, segment};
use crate::stats::Kind;
use crate::{host, model_card};

/// How many entries a page has when nothing is asked for, and at most.
const PAGE_SIZE: u64 = 20;
const LARGEST_PAGE: u64 = 1000;
/// The last page that is told from those before it: a client reads its number into an integer of 32 bits.
const LAST_PAGE: u64 = i32::MAX.unsigned_abs() as u64;

/// The list and the description for the command line tools need no key; the search for the SDKs is a call of the API.
pub(crate) fn routes() -> Router<Context> {
    let mut router = Router::new()
        .route("/api/v1/skill/models", get(list))
        .route("/api/v1/skill/models/{model}/spec", get(specification));
    for prefix in ["/model", ""] {
        router = router
            .route(&format!("{prefix}/v1/models/skill/search"), get(search))
            .route(&format!("{prefix}/v1/models/skill/{{model}}"), get(manual));
    }
    router
}

async fn list(State(context): State<Context>, uri: Uri) -> Response {
    context.service.counters.request(Kind::Catalogue);
    let query = Query::of(&uri);
    let (page, page_size) = (query.number("page", 1, LAST_PAGE), query.number("page_size", PAGE_SIZE, LARGEST_PAGE));
    let matches = query.is_any_of("type", &[model_card::TYPE]) && model_card::is_about(query.text("keywords"));
    let entry = || {
        json!({
            "id": MODEL,
            "name": model_card::NAME,
            "type": model_card::TYPE,
            "description": model_card::DESCRIPTION,
            "input_modalities": [model_card::INPUT],
            "output_modalities": [model_card::OUTPUT],
        })
    };
    let total = u64::from(matches);
    let models: Vec<Value> = (matches && page == 1).then(entry).into_iter().collect();
    let total_pages = total.div_ceil(page_size);
    enveloped(&json!({
        "models": models, "total": total, "page": page, "page_size": page_size, "total_pages": total_pages,
    }))
}

async fn specification(
    State(context): State<Context>,
    model: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    context.service.counters.request(Kind::Catalogue);
    let model = segment(model);
    if model != MODEL {
        let message = unknown(&model);
        // Some clients read the envelope whatever the status is, others an error as any other call answers it.
        let body = json!({
            "status": {"code": StatusCode::NOT_FOUND.as_u16(), "message": message},
            "data": null,
            "message": message,
            "error": {"message": message, "error_message": message},
        });
        return (StatusCode::NOT_FOUND, json_body(encode(&body))).into_response();
    }
    let endpoint = format!("{}{CREATE_PATH}", host::base_url(&headers, &context.own_url));
    enveloped(&json!({
        "model_id": MODEL,
        "name": model_card::NAME,
        "vendor": model_card::VENDOR,
        "type": model_card::TYPE,
        "api": {"endpoint": endpoint, "method": "POST", "headers": {}},
        "parameters": model_card::parameters(),
        "agent_prompt": "",
    }))
}

async fn search(State(context): State<Context>, headers: HeaderMap, uri: Uri) -> Result<Response, Refusal> {
    context.service.counters.request(Kind::Catalogue);
    context.service.admit(&headers)?;
    let query = Query::of(&uri);
    let matches = query.is_any_of("input", &[model_card::INPUT])
        && query.is_any_of("output", &[model_card::OUTPUT])
        && query.is_any_of("type", &[model_card::TYPE, "t2i"])
        && query.is_any_of("provider", &[model_card::VENDOR])
        && model_card::is_about(query.text("q"));
    let hit = || json!({"name": MODEL, "description": model_card::DESCRIPTION});
    let hits: Vec<Value> = matches.then(hit).into_iter().collect();
    let body = json!({
        "hits": hits,
        "query": query.text("q"),
        "limit": query.number("limit", PAGE_SIZE, LARGEST_PAGE),
        "estimatedTotalHits": u64::from(matches),
    });
    Ok(json_body(encode(&body)).into_response())
}

async fn manual(
    State(context): State<Context>,
    model: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    context.service.counters.request(Kind::Catalogue);
    context.service.admit(&headers)?;
    let model = segment(model);
    if model != MODEL {
        return Err(Refusal::new(StatusCode::NOT_FOUND, unknown(&model)));
    }
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], model_card::markdown()).into_response())
}

fn unknown(model: &str) -> String {
    format!("there is no description of a model \"{}\"; there is one of {MODEL}", printable(model, 64))
}

fn enveloped(data: &Value) -> Response {
    json_body(encode(&json!({"status": {"code": 200, "message": "ok"}, "data": data}))).into_response()
}

/// The parameters of a query. What cannot be read counts as not given: a list is no place to refuse anybody.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// A number from 1 to `most`, with what lies beyond at the bound.
    fn number(&self, name: &str, default: u64, most: u64) -> u64 {
        let text = self.text(name);
        if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
            return default;
        }
        text.parse().unwrap_or(most).clamp(1, most)
    }

    /// Whether a filter lets through something that has one of these properties; one that is not given does.
    fn is_any_of(&self, name: &str, properties: &[&str]) -> bool {
        let wanted = self.text(name);
        wanted.is_empty() || properties.iter().any(|property| property.eq_ignore_ascii_case(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_numbers_of_a_query_are_defaults_or_bounds() {
        for (query, number) in [
            ("", 20),
            ("?page_size=7", 7),
            ("?page_size=0", 1),
            ("?page_size=1000000", 1000),
            ("?page_size=99999999999999999999999", 1000),
            ("?page_size=-1", 20),
            ("?page_size=%2B5", 20),
            ("?page_size=abc", 20),
            ("?page_size=", 20),
            ("?page_size", 20),
            ("?page_size=%ff", 20),
            ("?page_size=%D9%A3", 20),
            ("?&&=&page_size=3&page_size=4", 3),
        ] {
            let query = Query::of(&format!("http://localhost/{query}").parse().unwrap());
            assert_eq!(query.number("page_size", 20, 1000), number, "{:?}", query.0);
        }
    }
}
