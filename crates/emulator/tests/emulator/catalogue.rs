//! The catalogue: what public clients ask before they create anything, in the types in which they decode it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use spark_t2i_emulator::Emulator;

use crate::http::instant;
use crate::public_clients::{decoded, sdk_call, tool};

pub(crate) const MODELS: &str = "/api/v1/skill/models";
pub(crate) const SPECIFICATION: &str = "/api/v1/skill/models/spark_t2i_3_0/spec";
pub(crate) const SEARCH: &str = "/model/v1/models/skill/search";

/// The answer of the catalogue that the command line tools read.
#[derive(Deserialize)]
pub(crate) struct Envelope<T> {
    pub(crate) status: EnvelopeStatus,
    pub(crate) data: T,
}

#[derive(Deserialize)]
pub(crate) struct EnvelopeStatus {
    pub(crate) code: i64,
    pub(crate) message: String,
}

#[derive(Deserialize)]
pub(crate) struct List {
    pub(crate) models: Vec<Model>,
    pub(crate) total: i64,
    pub(crate) page: i64,
    pub(crate) page_size: i64,
    pub(crate) total_pages: i64,
}

#[derive(Deserialize)]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) description: String,
    pub(crate) input_modalities: Vec<String>,
    pub(crate) output_modalities: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Specification {
    pub(crate) model_id: String,
    pub(crate) name: String,
    pub(crate) vendor: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) api: Api,
    pub(crate) parameters: Vec<Parameter>,
    #[serde(rename = "agent_prompt")]
    pub(crate) _agent_prompt: String,
}

#[derive(Deserialize)]
pub(crate) struct Api {
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) path: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) constraints: Constraints,
}

#[derive(Deserialize)]
pub(crate) struct Constraints {
    #[serde(rename = "enum")]
    pub(crate) choices: Vec<String>,
    #[serde(default)]
    pub(crate) default: Value,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) min_length: Option<i64>,
    pub(crate) max_length: Option<i64>,
}

#[derive(Deserialize)]
struct Search {
    hits: Vec<BTreeMap<String, Value>>,
    query: String,
    limit: i64,
    #[serde(rename = "estimatedTotalHits")]
    total: i64,
}

#[test]
fn the_specification_lists_every_parameter_with_its_true_bounds() {
    let emulator = instant();
    let specification: Envelope<Specification> = decoded(&tool(SPECIFICATION).send(&emulator));
    let data = specification.data;
    assert_eq!((data.model_id.as_str(), data.kind.as_str()), ("spark_t2i_3_0", "image"));
    assert!(!data.name.is_empty() && !data.vendor.is_empty());
    let bounds: Vec<_> = data
        .parameters
        .iter()
        .map(|parameter| {
            let Constraints { choices, default, min, max, min_length, max_length } = &parameter.constraints;
            assert!(choices.is_empty() && !parameter.description.is_empty());
            assert_eq!(parameter.path, format!("input[0].params.{}", parameter.name));
            let lengths = (*min_length, *max_length);
            (
                parameter.name.as_str(),
                parameter.kind.as_str(),
                parameter.required,
                default.clone(),
                (*min, *max),
                lengths,
            )
        })
        .collect();
    let (none, side) = ((None, None), (Some(296.0), Some(3546.0)));
    #[expect(clippy::cast_precision_loss, reason = "how the clients read it")]
    let seeds = (Some(-1.0), Some(i64::MAX as f64));
    assert_eq!(
        bounds,
        [
            ("prompt", "string", true, Value::Null, none, (Some(1), Some(800))),
            ("use_pre_llm", "boolean", false, json!(true), none, (None, None)),
            ("seed", "integer", false, json!(-1), seeds, (None, None)),
            ("width", "integer", false, json!(1328), side, (None, None)),
            ("height", "integer", false, json!(1328), side, (None, None)),
        ]
    );
}

#[test]
fn an_unknown_model_is_told_in_the_envelope_and_as_an_error() {
    let emulator = instant();
    for model in ["spark_t2i_9", "%ff", "..%2f", "SPARK_T2I_3_0"] {
        let answer = tool(&format!("{MODELS}/{model}/spec")).send(&emulator);
        let envelope: Envelope<Option<Value>> = serde_json::from_value(answer.expect(404)).unwrap();
        assert_eq!((envelope.status.code, envelope.data), (404, None));
        assert!(envelope.status.message.contains("spark_t2i_3_0"), "{}", envelope.status.message);
        let manual = sdk_call("GET", &format!("/model/v1/models/skill/{model}"), "").send(&emulator).expect(404);
        assert_eq!(manual["error"]["error_message"], answer.json()["error"]["error_message"]);
    }
}

#[test]
fn odd_queries_of_the_list_get_a_list() {
    let emulator = instant();
    for (query, numbers, models) in [
        ("", [1, 1, 20, 1], 1),
        ("?", [1, 1, 20, 1], 1),
        ("?page=0&page_size=0", [1, 1, 1, 1], 1),
        ("?page=abc&page_size=-3", [1, 1, 20, 1], 1),
        ("?page=2", [1, 2, 20, 1], 0),
        ("?page=99999999999999999999999&page_size=99999999999999999999999", [1, 2_147_483_647, 1000, 1], 0),
        ("?type=video", [0, 1, 20, 0], 0),
        ("?type=IMAGE&keywords=TEXT+spark", [1, 1, 20, 1], 1),
        ("?keywords=%e9%9b%aa", [0, 1, 20, 0], 0),
        ("?keywords=%ff%00&&=&page", [0, 1, 20, 0], 0),
    ] {
        let list: Envelope<List> = decoded(&tool(&format!("{MODELS}{query}")).send(&emulator));
        let List { total, page, page_size, total_pages, models: found } = list.data;
        assert_eq!(([total, page, page_size, total_pages], found.len()), (numbers, models), "{query}");
    }
}

#[test]
fn the_sdks_search_and_read_the_manual_with_and_without_the_prefix() {
    let emulator = instant();
    for prefix in ["/model", ""] {
        let search = |query: &str| -> Search {
            let path = format!("{prefix}/v1/models/skill/search?{query}");
            decoded(&sdk_call("GET", &path, "").header("Accept", "application/json").send(&emulator))
        };
        let all = search("q=&limit=2");
        assert_eq!(all.hits[0]["name"], "spark_t2i_3_0");
        assert_eq!((all.query.as_str(), all.limit, all.total), ("", 2, 1));
        let exact = search("input=text&output=image&provider=spark&q=text-to-image&type=t2i");
        assert_eq!((exact.hits.len(), exact.query.as_str(), exact.limit), (1, "text-to-image", 20));
        for none in ["q=animate", "q=&type=i2v", "q=&input=image", "q=&output=video", "q=&provider=alibaba"] {
            let found = search(none);
            assert_eq!((found.hits.len(), found.total), (0, 0), "{none}");
        }
        // They ask for JSON and take the text as it is.
        let path = format!("{prefix}/v1/models/skill/spark_t2i_3_0");
        let manual = sdk_call("GET", &path, "").header("Accept", "application/json").send(&emulator);
        assert_eq!((manual.status, manual.header("content-type")), (200, Some("text/markdown; charset=utf-8")));
        assert!(manual.body.starts_with(b"# spark_t2i_3_0\n"));
    }
    assert_eq!(emulator.stats().requests.catalogue, 16);
}

#[test]
fn the_search_is_a_call_of_the_api_and_the_list_is_not() {
    let emulator = Emulator::builder().api_key("sesame").start().unwrap();
    sdk_call("GET", SEARCH, "").send(&emulator).expect(401);
    for path in [MODELS, SPECIFICATION] {
        tool(path).send(&emulator).expect(200);
    }
}
