//! What public clients of the service send, replayed byte for byte where it matters, and what they decode, in their
//! types: a field that is missing or of another type fails here as it would there.
//!
//! Replayed are the provider's command line tool, its successor as long as it spoke this protocol, and the SDKs for Go
//! and JavaScript. The SDK for Python is run, by `cargo xtask test public-clients`.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use spark_t2i_emulator::Emulator;

use crate::catalogue::{Envelope, List, MODELS, SEARCH, Specification};
use crate::http::{Answer, CREATE, Call, create, instant, status};

/// A task as every one of the clients reads it; `E` is how it reads an error, `U` the usage.
#[derive(Deserialize)]
struct Task<E, U> {
    id: String,
    status: String,
    model: String,
    created_at: i64,
    #[serde(default)]
    progress: f64,
    #[serde(default = "Vec::new")]
    output: Vec<Output>,
    usage: Option<U>,
    error: Option<E>,
}

#[derive(Deserialize)]
struct Output {
    content: Vec<Content>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    #[serde(rename = "jobId")]
    job_id: String,
}

/// The usage in the command line tools.
#[derive(Deserialize)]
struct Cost {
    cost: String,
}

/// The usage in the SDKs.
#[derive(Deserialize)]
struct Usage {
    cost: String,
    discount: f64,
    input_tokens: i64,
    output_tokens: i64,
    total_tokens: i64,
}

/// An error in the SDKs, of a task and of an answer with an error status.
#[derive(Deserialize)]
struct ApiError {
    code: i64,
    error_message: String,
}

#[track_caller]
pub(crate) fn decoded<T: DeserializeOwned>(answer: &Answer) -> T {
    serde_json::from_value(answer.expect(200)).unwrap()
}

/// A request of a command line tool to the catalogue: without a key.
pub(crate) fn tool(path: &str) -> Call {
    Call::get(path).header("User-Agent", "vtrix-cli/1.0").header("X-Source", "cli")
}

/// A request of a command line tool to the gateway.
fn tool_call(method: &str, path: &str, body: &str) -> Call {
    let call = if method == "POST" { Call::post(path, body) } else { Call::get(path).key("k") };
    call.header("Content-Type", "application/json").header("User-Agent", "vtrix-cli/1.0").header("X-Source", "cli")
}

/// A request of an SDK.
pub(crate) fn sdk_call(method: &str, path: &str, body: &str) -> Call {
    let call = if method == "POST" { Call::post(path, body) } else { Call::get(path).key("k") };
    call.header("Content-Type", "application/json").header("User-Agent", "sa-go/0.1").header("X-Project", "p")
}

fn path_of(url: &str, emulator: &Emulator) -> String {
    url.strip_prefix(emulator.url()).expect("an absolute URL of this server").to_owned()
}

#[test]
fn the_command_line_tool_goes_from_the_list_to_the_image() {
    let emulator = Emulator::builder().latency(Duration::from_millis(50)).start().unwrap();
    let host = emulator.addr().to_string();
    let list: Envelope<List> =
        decoded(&tool(&format!("{MODELS}?keywords=spark&page=1&page_size=10&type=image")).send(&emulator));
    assert_eq!((list.status.code, list.status.message.as_str()), (200, "ok"));
    let models = list.data;
    assert_eq!((models.total, models.page, models.page_size, models.total_pages), (1, 1, 10, 1));
    let [model] = &models.models[..] else { panic!("one model") };
    assert_eq!((model.id.as_str(), model.kind.as_str()), ("spark_t2i_3_0", "image"));
    assert!(!model.name.is_empty() && !model.description.is_empty());
    assert_eq!(
        (&model.input_modalities[..], &model.output_modalities[..]),
        (&["text".into()][..], &["image".into()][..])
    );

    let answer = tool(&format!("{MODELS}/{}/spec", model.id)).host(Some(&host)).send(&emulator);
    let api = decoded::<Envelope<Specification>>(&answer).data.api;
    assert_eq!((api.method.as_str(), api.headers.len()), ("POST", 0));
    let endpoint = path_of(&api.endpoint, &emulator);
    let body = r#"{"model":"spark_t2i_3_0","input":[{"params":{"prompt":"a fox","seed":7,"width":512,"height":512}}]}"#;
    let created: Task<String, Cost> = decoded(&tool_call("POST", &endpoint, body).send(&emulator));
    assert!(!created.id.is_empty() && created.created_at > 0);

    let mut seen = Vec::new();
    let task = loop {
        let poll = tool_call("GET", &format!("{endpoint}/task/{}", created.id), "").host(Some(&host)).send(&emulator);
        let task: Task<String, Cost> = decoded(&poll);
        seen.push(task.progress);
        if task.status == "completed" {
            break task;
        }
        assert!(task.output.is_empty() && task.error.is_none());
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(seen.is_sorted() && (seen.last().unwrap() - 1.0).abs() < 1e-9, "{seen:?}");
    assert_eq!(task.usage.unwrap().cost, "0.035714285714");
    let content = &task.output[0].content[0];
    assert_eq!(content.kind, "image");
    let picture = Call::get(&path_of(&content.url, &emulator)).send(&emulator);
    assert!(picture.status == 200 && picture.body.starts_with(b"\x89PNG"));
    let stats = emulator.stats();
    assert_eq!((stats.requests.catalogue, stats.charges.count, stats.requests.other), (2, 1, 0));
}

/// The forms of a create: the Go SDK's, with everything that it adds; the JavaScript SDK's, with the model in the header
/// alone; the flat one.
fn creates() -> Vec<Call> {
    let go = r#"{"model":"spark_t2i_3_0","dash_scope":true,"moderation":true,"input":[{"params":{"prompt":"a fox"}}],"metadata":{"trace_id":"t"}}"#;
    let js = r#"{"id":"d88pmute87128c73e9r0","input":[{"params":{"prompt":"a fox"}}],"moderation":false}"#;
    let flat = r#"{"model":"spark_t2i_3_0","prompt":"a fox","moderation":true}"#;
    let calls = |path: &str| {
        [
            sdk_call("POST", path, go).header("X-Trace-Id", "t"),
            sdk_call("POST", path, js).header("X-Model", "spark_t2i_3_0"),
            sdk_call("POST", path, flat),
        ]
    };
    [CREATE, "/v1/generation"].into_iter().flat_map(calls).collect()
}

#[test]
fn every_form_of_a_create_ends_in_a_task_that_the_sdks_read() {
    let emulator = instant();
    for call in creates() {
        let created: Task<ApiError, Usage> = decoded(&call.send(&emulator));
        assert!(created.error.is_none() && created.usage.is_none());
        for prefix in ["/model", ""] {
            let path = format!("{prefix}/v1/generation/task/{}", created.id);
            let task: Task<ApiError, Usage> = decoded(&sdk_call("GET", &path, "").send(&emulator));
            assert_eq!((task.status.as_str(), task.model.as_str()), ("completed", "spark_t2i_3_0"));
            let content = &task.output[0].content[0];
            assert!(content.kind == "image" && content.url.starts_with("http") && !content.job_id.is_empty());
            let usage = task.usage.unwrap();
            assert_eq!(usage.cost, "0.035714285714");
            assert!((usage.discount - 0.7).abs() < 1e-9);
            assert_eq!(usage.total_tokens, usage.input_tokens + usage.output_tokens);
        }
    }
    let stats = emulator.stats();
    assert_eq!((stats.tasks.created, stats.charges.count, stats.requests.other), (6, 6, 0));
}

#[test]
fn an_estimate_of_the_sdks_has_every_field_in_its_type() {
    #[derive(Deserialize)]
    struct Estimate {
        data: Data,
        status: String,
    }
    #[derive(Deserialize)]
    struct Data {
        billing_model: String,
        cost: String,
        currency: String,
        #[serde(rename = "discount")]
        _discount: f64,
        hash: String,
        model: String,
        original_model: String,
        sample_count: i64,
        updated_at: i64,
    }
    let emulator = instant();
    let body = r#"{"id":"d88pmute87128c73e9r0","input":[{"params":{"prompt":"a fox"}}],"moderation":false}"#;
    for prefix in ["/model", ""] {
        let call = sdk_call("POST", &format!("{prefix}/v1/generation/precharge"), body);
        let Estimate { data, status } = decoded(&call.header("X-Model", "spark_t2i_3_0").send(&emulator));
        assert_eq!((status.as_str(), data.cost.as_str(), data.currency.as_str()), ("success", "0.035714285714", "USD"));
        for model in [data.billing_model, data.model, data.original_model] {
            assert_eq!(model, "spark_t2i_3_0");
        }
        assert!(data.hash.starts_with("v1:") && data.sample_count >= 0 && data.updated_at > 1_700_000_000_000);
    }
    assert_eq!(emulator.stats().charges.count, 0);
}

#[test]
fn a_failed_task_tells_code_and_reason() {
    let emulator = Emulator::builder().latency(Duration::ZERO).failure_rate(1.0).start().unwrap();
    let id = create(&emulator, &json!({"prompt": "a"}));
    let answer = status(&emulator, &id);
    let task: Task<ApiError, Usage> = decoded(&answer);
    let error = task.error.unwrap();
    assert_eq!((task.status.as_str(), error.code), ("failed", 3_001_095));
    assert_eq!(error.error_message, "Internal generation error");
    // The JavaScript SDK and the tool's successor look for this one too. One version of the tool itself wants a text in
    // place of the object, which is not the specification's form, and passes over the answer.
    assert_eq!(answer.json()["error"]["message"], "Internal generation error");
}

/// What the clients show of an answer with an error status.
fn shown(answer: &Answer) -> [String; 3] {
    #[derive(Deserialize)]
    struct OfTool {
        #[serde(default)]
        message: String,
        #[serde(default)]
        error: String,
    }
    let value = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let whole = String::from_utf8_lossy(&answer.body);
    // The command line tools want both as texts, and show the whole body where one is none.
    let tool = serde_json::from_value::<OfTool>(value.clone()).ok();
    let tool = tool.map_or(whole.into_owned(), |tool| if tool.message.is_empty() { tool.error } else { tool.message });
    [tool, text(&value["error"]["error_message"]), text(&value["error"]["message"])]
}

#[test]
fn every_client_shows_why_it_was_refused() {
    let (emulator, limited) = (instant(), Emulator::builder().rate_limit(0.01).start().unwrap());
    create(&limited, &json!({"prompt": "a"}));
    let with_prompt = |prompt: &str| format!(r#"{{"model":"spark_t2i_3_0","input":[{{"params":{{{prompt}}}}}]}}"#);
    let valid = with_prompt(r#""prompt":"a""#);
    let no_key = Call::new("POST", CREATE).header("Authorization", "Bearer ");
    for (emulator, call, status, words) in [
        (&emulator, tool_call("POST", CREATE, &with_prompt("")), 400, "prompt is missing"),
        (&emulator, sdk_call("POST", CREATE, "{"), 400, "the body is"),
        (&emulator, sdk_call("POST", CREATE, r#"{"prompt":"a"}"#), 400, "X-Model"),
        (&emulator, no_key, 401, "Authorization: Bearer YOUR_API_KEY"),
        (&emulator, sdk_call("GET", &format!("{CREATE}/task/d758n65e878c73cmdg20"), ""), 404, "there is no task"),
        (&emulator, sdk_call("POST", "/model/v1/image/scan", "{}"), 404, "there is no /model/v1/image/scan here"),
        (&emulator, sdk_call("GET", CREATE, ""), 405, "does not take GET"),
        (&emulator, sdk_call("POST", CREATE, &" ".repeat(1024 * 1024 + 1)), 413, "longer than"),
        (&limited, sdk_call("POST", CREATE, &valid), 429, "too many requests"),
        (&limited, sdk_call("GET", SEARCH, ""), 429, "too many requests"),
    ] {
        let answer = call.send(emulator);
        assert_eq!(answer.status, status, "{words}");
        for shown in shown(&answer) {
            assert!(shown.contains(words), "{status}: {shown}");
        }
    }
}
