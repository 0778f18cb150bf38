use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use spark_t2i_core::{Estimate, Report, Request, TaskSnapshot, wire};

use crate::config;

const BODIES: [&str; 6] = [
    r#"{"id":"d758n65e878c73cmdg20","status":"completed","model":"spark_t2i_3_0","created_at":1780633394,"progress":1.0,"output":[{"content":[{"type":"image","url":"https://images.example/a.png","size":1834221,"jobId":"j"}]}],"usage":{"cost":"0.035714285714","discount":0.7,"input_tokens":12,"output_tokens":4096,"total_tokens":4108},"metadata":{"in_queue_at":1780633394.1,"completed_at":1780633403.2}}"#,
    r#"{"id":"a","status":"failed","error":{"code":"003001095","error_message":"no \ud83d\ude80"},"progress":NaN}"#,
    r#"{"data":{"billing_model":"b","cost":"0.0357","currency":"USD","discount":0.7,"sample_count":4,"updated_at":1780633394064},"status":"success"}"#,
    r#"{"status":{"code":402,"message":"top up","error_code":40201},"data":null}"#,
    r#"{"model":"spark_t2i_3_0","input":[{"params":{"prompt":"a fox","use_pre_llm":true,"seed":-1,"width":1328,"height":1328}}]}"#,
    r#"{"prompt":"a fox","seed":1e3,"width":2560.0,"height":1440,"widht":null}"#,
];

/// Pieces that break things more often than random bytes do.
const PIECES: [&str; 24] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "NaN",
    "-Infinity",
    "\\ud800",
    "\u{feff}",
    "0",
    "-",
    "1e999999999",
    "1e9223372036854775808",
    "0e50",
    "\u{0}",
    "é",
    "true",
    "{}",
    "[]",
    "99999999999999999999999999999999999999999",
];

fn broken_body() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0_usize..6, prop::sample::select(PIECES.to_vec()), any::<bool>());
    (prop::sample::select(BODIES.to_vec()), vec(change, 0..6)).prop_map(|(body, changes)| {
        let mut body = body.as_bytes().to_vec();
        for (at, length, piece, insert) in changes {
            let start = at.index(body.len() + 1);
            let end = (start + length).min(body.len());
            body.splice(start..end, if insert { piece.as_bytes() } else { b"" }.iter().copied());
        }
        body
    })
}

/// Everything that reads bytes from outside; what was read can be written.
fn read_as_everything(body: &[u8]) {
    if let Ok(task) = TaskSnapshot::decode(body) {
        serde_json::to_string(&task).expect("a task can be written");
        assert!(task.progress.is_none_or(|progress| (0.0..=1.0).contains(&progress)));
        let _ = task.images().count();
    }
    if let Ok(Some(estimate)) = Estimate::decode(body) {
        serde_json::to_string(&estimate).expect("an estimate can be written");
    }
    for status in [302, 400, 403, 503] {
        let error = wire::rejection(status, body);
        serde_json::to_string(&error).expect("an error can be written");
        assert!(!error.message().chars().any(char::is_control), "{:?}", error.message());
    }
    let _ = wire::reason(body);
    if let Ok(create) = wire::Create::parse(body) {
        let _ = Request::from_parameters(&create.parameters);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let report = Report::of_json(text);
        serde_json::to_string(&report).expect("a report can be written");
        for violation in &report.violations {
            assert!(!violation.message.chars().chain(violation.field.chars()).any(char::is_control));
        }
        let _ = Request::from_json(text);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_bytes_make_decoding_panic(body in vec(any::<u8>(), 0..200)) {
        read_as_everything(&body);
    }

    #[test]
    fn no_broken_body_makes_decoding_panic(body in broken_body()) {
        read_as_everything(&body);
    }

    #[test]
    fn no_text_of_a_field_makes_decoding_panic(text in any::<String>()) {
        let task = json!({"id": text, "status": text, "error": {"code": text, "message": text}, "progress": text, "created_at": text,
            "output": [{"content": [{"url": text, "size": text, "type": text, "jobId": text}]}],
            "usage": {"cost": text, "discount": text, "total_tokens": text}, text.as_str(): 1});
        read_as_everything(task.to_string().as_bytes());
        read_as_everything(json!({"data": {"cost": text, "reason": text}, "status": text}).to_string().as_bytes());
    }
}
