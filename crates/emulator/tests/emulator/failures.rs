use std::time::Duration;

use serde_json::{Value, json};
use spark_t2i_core::wire::rejection;
use spark_t2i_core::{Code, ErrorKind, TaskSnapshot};
use spark_t2i_emulator::Emulator;

use crate::http::{Answer, CREATE, Call, ESTIMATE, body, create, instant, status};

/// The codes in a refusal's list of violations.
fn codes(refusal: &Value) -> Vec<&str> {
    refusal["violations"].as_array().unwrap().iter().map(|violation| violation["code"].as_str().unwrap()).collect()
}

/// Every error answer has the message under each name that a client may look for.
#[track_caller]
fn refused(answer: &Answer, status: u16, words: &str) -> Value {
    let value = answer.expect(status);
    let message = value["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
    assert_eq!(value["error"]["message"], message);
    assert_eq!(value["error"]["error_message"], message);
    value
}

#[test]
fn every_violation_is_answered_and_the_first_code_leads() {
    let emulator = instant();
    let parameters = json!({"use_pre_llm": "yes", "seed": 0, "width": 4000, "height": 100});
    let answer = Call::post(CREATE, body(&parameters)).send(&emulator);
    let refusal = refused(&answer, 400, "seed must be");
    assert_eq!(refusal["error"]["code"], 3_001_001);
    assert_eq!(codes(&refusal), ["003001001", "003001003", "003001004", "003001006"]);
    for violation in refusal["violations"].as_array().unwrap() {
        assert!(refusal["message"].as_str().unwrap().contains(violation["message"].as_str().unwrap()));
        assert!(violation["field"].is_string());
    }
    let error = rejection(400, &answer.body);
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some(Code::MISSING_PROMPT)));
    assert_eq!(emulator.stats().charges.count, 0);
}

#[test]
fn each_code_of_a_bad_request_is_told() {
    let emulator = instant();
    for (parameters, code) in [
        (json!({}), "003001001"),
        (json!({"prompt": "x".repeat(801)}), "003001002"),
        (json!({"prompt": "a", "use_pre_llm": 1}), "003001003"),
        (json!({"prompt": "a", "seed": 1.5}), "003001004"),
        (json!({"prompt": "a", "width": 0, "height": 512}), "003001005"),
        (json!({"prompt": "a", "width": 3001, "height": 1000}), "003001006"),
        (json!({"prompt": "a", "width": 512}), "003001007"),
        (json!({"prompt": "a", "width": "512", "height": 512}), "003001008"),
        (json!({"prompt": "a", "width": 511, "height": 512}), "003001009"),
    ] {
        for path in [CREATE, ESTIMATE] {
            let refusal = Call::post(path, body(&parameters)).send(&emulator).expect(400);
            assert_eq!(codes(&refusal), [code], "{parameters}");
            assert_eq!(refusal["error"]["code"].as_u64(), code.parse().ok());
        }
    }
    assert_eq!(emulator.stats().refused(400), 18);
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    let emulator = instant();
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\x80\x81",
        b"{\"model\":\"m\",\"prompt\":\"\xff\"}",
        b"{\"model\":\"m\",\"input\":[]}",
        b"<html>",
    ];
    for body in bodies {
        let answer = Call::post(CREATE, body).send(&emulator);
        let refusal = refused(&answer, 400, "the body is");
        assert_eq!(refusal["error"]["code"], 3_001_099);
    }
    let surrogate = Call::post(CREATE, r#"{"model":"m","prompt":"\ud800"}"#).send(&emulator).expect(400);
    assert_eq!(surrogate["error"]["code"], 3_001_002);
    for model in ["", "\"model\":\"\",", "\"model\":7,", &format!("\"model\":\"{}\",", "x".repeat(257))] {
        refused(&Call::post(CREATE, format!("{{{model}\"prompt\":\"a\"}}")).send(&emulator), 400, "X-Model");
    }
    assert_eq!(emulator.stats().tasks.created, 0);
}

#[test]
fn a_body_of_two_megabytes_is_refused_with_an_answer() {
    let emulator = instant();
    let answer = Call::post(CREATE, vec![b' '; 2 * 1024 * 1024]).send(&emulator);
    refused(&answer, 413, "longer than 1048576 bytes");
    assert_eq!(emulator.stats().refused(413), 1);
}

#[test]
fn any_key_is_taken_and_none_is_not() {
    let emulator = instant();
    let id = create(&emulator, &json!({"prompt": "a"}));
    let calls = || [Call::new("POST", CREATE), Call::new("POST", ESTIMATE), Call::get(&format!("{CREATE}/task/{id}"))];
    for header in [None, Some(""), Some("Bearer"), Some("Bearer  "), Some("Basic a"), Some("k")] {
        for call in calls() {
            let call = header.into_iter().fold(call, |call, header| call.header("Authorization", header));
            let answer = call.send(&emulator);
            refused(&answer, 401, "Authorization: Bearer");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert_eq!(rejection(401, &answer.body).kind(), ErrorKind::Authentication);
        }
    }
    assert_eq!(emulator.stats().refused(401), 18);
    let [_, _, read] = calls();
    read.header("authorization", "bearer whatever").send(&emulator).expect(200);
}

#[test]
fn a_demanded_key_is_the_only_one() {
    let emulator = Emulator::builder().api_key("sesame").start().unwrap();
    for wrong in ["k", "sesam", "sesamee", "Sesame"] {
        refused(&Call::new("POST", CREATE).key(wrong).send(&emulator), 401, "not the right one");
    }
    let call = Call::post(CREATE, body(&json!({"prompt": "a"})));
    call.send(&emulator).expect(401);
    let right = Call::new("POST", CREATE).key("sesame").send(&emulator);
    refused(&right, 400, "the body is");
}

#[test]
fn a_failed_task_carries_code_and_message() {
    let emulator = Emulator::builder().latency(Duration::ZERO).failure_rate(1.0).start().unwrap();
    let id = create(&emulator, &json!({"prompt": "a"}));
    let answer = status(&emulator, &id);
    let task = answer.expect(200);
    assert_eq!(task["status"], "failed");
    assert_eq!(task["error"]["code"], 3_001_095);
    assert_eq!(task["error"]["message"], "Internal generation error");
    assert_eq!(task["error"]["error_message"], "Internal generation error");
    assert!(task.get("output").is_none() && task.get("usage").is_none());
    let decoded = TaskSnapshot::decode(&answer.body).unwrap();
    assert_eq!(decoded.error.and_then(|error| error.code), Some(Code::GENERATION_ERROR));
    assert_eq!(Call::get(&format!("/images/{id}.png")).send(&emulator).status, 404);
    assert_eq!(emulator.stats().tasks.failed, 1);
}

#[test]
fn calls_beyond_the_rate_limit_are_told_when_to_come_again() {
    let emulator = Emulator::builder().latency(Duration::ZERO).rate_limit(0.01).start().unwrap();
    let id = create(&emulator, &json!({"prompt": "a"}));
    let create_again = Call::post(CREATE, body(&json!({"prompt": "a"})));
    for answer in [status(&emulator, &id), create_again.send(&emulator)] {
        refused(&answer, 429, "too many requests");
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((90..=100).contains(&seconds), "{seconds}");
        assert_eq!(rejection(429, &answer.body).kind(), ErrorKind::RateLimited);
    }
    let image = Call::new("HEAD", &format!("/images/{id}.png")).send(&emulator);
    assert_eq!(image.status, 200, "images are not limited");
    let stats = emulator.stats();
    assert_eq!((stats.refused(429), stats.charges.count), (2, 1));
}

#[test]
fn an_unknown_task_is_not_found() {
    let emulator = instant();
    for id in ["d758n65e878c73cmdg20", "x", "%2e%2e", "%ff", "a%2Fb", &"x".repeat(5000)] {
        refused(&status(&emulator, id), 404, "there is no task");
    }
    refused(&status(&emulator, "d758n65e878c73cmdg20"), 404, "there is no task \"d758n65e878c73cmdg20\"");
}

#[test]
fn an_unknown_path_says_what_there_is() {
    let emulator = instant();
    for path in ["/", "/v1", "/model/v1/generation/", "/images", "/_emulator", "/model/v2/generation", "//"] {
        let answer = Call::get(path).send(&emulator);
        refused(&answer, 404, "POST /model/v1/generation (create)");
    }
    assert_eq!(emulator.stats().requests.other, 7);
}

#[test]
fn a_wrong_method_is_refused() {
    let emulator = instant();
    let id = create(&emulator, &json!({"prompt": "a"}));
    for (method, path, allowed) in [
        ("GET", CREATE.to_owned(), "POST"),
        ("PUT", CREATE.to_owned(), "POST"),
        ("DELETE", format!("{CREATE}/task/{id}"), "GET,HEAD"),
        ("POST", format!("/images/{id}.png"), "GET,HEAD"),
        ("POST", "/_emulator/stats".to_owned(), "GET,HEAD"),
    ] {
        let answer = Call::new(method, &path).key("k").send(&emulator);
        refused(&answer, 405, &format!("does not take {method}"));
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}
