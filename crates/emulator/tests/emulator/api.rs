use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use spark_t2i_core::{Estimate, Status, TaskId, TaskSnapshot};
use spark_t2i_emulator::{Emulator, Latency};

use crate::http::{CREATE, Call, ESTIMATE, body, create, download, finished, image_path, instant, state_of, status};

/// A task as a client in a strict language declares it: any other type of a field breaks it.
#[derive(Deserialize)]
struct StrictTask {
    id: String,
    status: String,
    model: String,
    created_at: i64,
    progress: f64,
    output: Vec<StrictOutput>,
    usage: StrictUsage,
    metadata: StrictMetadata,
}

#[derive(Deserialize)]
struct StrictOutput {
    content: Vec<StrictContent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StrictContent {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    size: i64,
    job_id: String,
}

#[derive(Deserialize)]
struct StrictUsage {
    cost: String,
    discount: f64,
    input_tokens: i64,
    output_tokens: i64,
    total_tokens: i64,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
struct StrictMetadata {
    in_queue_at: f64,
    upload_at: f64,
    completed_at: f64,
}

#[test]
fn a_task_goes_from_queued_over_running_to_completed() {
    let emulator = Emulator::builder().latency(Duration::from_secs(1)).start().unwrap();
    let answer = Call::post(CREATE, body(&json!({"prompt": "a fox"}))).send(&emulator).expect(200);
    assert_eq!(answer["status"], "queued");
    assert_eq!(answer["model"], "spark_t2i_3_0");
    assert!(answer["created_at"].is_u64());
    assert!(answer.get("error").is_none() && answer.get("output").is_none() && answer.get("usage").is_none());

    let id = answer["id"].as_str().unwrap();
    assert!(id.len() == 20 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'v')), "{id}");
    let (mut last, mut progress) = (0, 0.0);
    let rank = |status: &Status| match status {
        Status::Queued => 0,
        Status::Running => 1,
        Status::Completed => 2,
        other => panic!("{other}"),
    };
    while last < 2 {
        let task = TaskSnapshot::decode(&status(&emulator, id).body).unwrap();
        assert!(rank(&task.status) >= last && task.progress.unwrap() >= progress, "a step back: {}", task.raw());
        assert_eq!(task.status == Status::Completed, task.usage.is_some(), "usage only when completed");
        assert_eq!(task.status == Status::Completed, !task.output.is_empty(), "output only when completed");
        assert_eq!(task.error, None);
        (last, progress) = (rank(&task.status), task.progress.unwrap());
    }
}

#[test]
fn a_completed_task_has_every_field_in_its_type() {
    let emulator = Emulator::builder().latency(Duration::from_millis(50)).start().unwrap();
    let id = create(&emulator, &json!({"prompt": "雪中的红狐", "width": 512, "height": 768}));
    let value = finished(&emulator, &id);
    assert!(value.get("error").is_none());
    let task: StrictTask = serde_json::from_value(value).unwrap();
    assert_eq!((task.id.as_str(), task.status.as_str(), task.model.as_str()), (&*id, "completed", "spark_t2i_3_0"));
    assert!((task.progress - 1.0).abs() < 1e-9);
    let content = &task.output[0].content[0];
    assert_eq!(content.kind, "image");
    assert_eq!(content.url, format!("http://localhost:1/images/{id}.png"));
    assert_eq!(content.size.unsigned_abs(), spark_t2i_emulator::painter::file_size(512, 768));
    assert!(!content.job_id.is_empty());
    assert_eq!(task.usage.cost, "0.035714285714");
    assert!((task.usage.discount - 0.7).abs() < 1e-9);
    assert!(task.usage.input_tokens > 0 && task.usage.output_tokens > 0);
    assert_eq!(task.usage.total_tokens, task.usage.input_tokens + task.usage.output_tokens);
    let times = task.metadata;
    assert!(times.in_queue_at <= times.upload_at && times.upload_at <= times.completed_at);
    assert!((times.completed_at - times.in_queue_at - 0.05).abs() < 1e-4);
    assert!((0.0..1.0).contains(&(times.in_queue_at - f64::from(i32::try_from(task.created_at).unwrap()))));
}

#[test]
fn every_form_of_a_create_that_clients_send_is_taken() {
    let emulator = instant();
    let flat = r#"{"model":"spark_t2i_3_0","prompt":"a fox","seed":7,"moderation":true,"metadata":{},"id":"x"}"#;
    let wrapped = r#"{"model":"spark_t2i_3_0","input":[{"params":{"prompt":"a fox","seed":7}}],"extra":null}"#;
    for prefix in ["/model", ""] {
        let path = format!("{prefix}/v1/generation");
        for body in [flat, wrapped] {
            let id = Call::post(&path, body).send(&emulator).expect(200)["id"].clone();
            let task = format!("{path}/task/{}", id.as_str().unwrap());
            assert_eq!(Call::get(&task).key("k").send(&emulator).expect(200)["status"], "completed");
        }
        let unnamed = r#"{"input":[{"params":{"prompt":"a fox"}}]}"#;
        let named = Call::post(&path, unnamed).header("X-Model", "another").send(&emulator).expect(200);
        assert_eq!(named["model"], "another");
        assert!(Call::post(&format!("{path}/precharge"), flat).send(&emulator).expect(200)["data"]["cost"].is_string());
    }
    let both = Call::post(CREATE, flat).header("X-Model", "another").send(&emulator).expect(200);
    assert_eq!(both["model"], "spark_t2i_3_0", "what the body says counts");
    assert_eq!(emulator.stats().tasks.created, 7);
}

#[test]
fn a_task_keeps_the_model_it_was_created_with() {
    let emulator = instant();
    let other = Call::post(CREATE, r#"{"model":"spark_t2i_4","prompt":"a fox"}"#).send(&emulator).expect(200);
    assert_eq!(finished(&emulator, other["id"].as_str().unwrap())["model"], "spark_t2i_4");
}

#[test]
fn ids_of_many_creates_at_once_are_all_different() {
    let emulator = instant();
    let mut ids: Vec<TaskId> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..25).map(|_| create(&emulator, &json!({"prompt": "a"}))).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).map(|id| id.parse().unwrap()).collect()
    });
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200);
    assert_eq!(emulator.stats().charges.count, 200);
}

#[test]
fn an_estimate_tells_the_price_and_charges_nothing() {
    let emulator = Emulator::builder().price("1.50".parse().unwrap()).start().unwrap();
    let answer = Call::post(ESTIMATE, body(&json!({"prompt": "a fox"}))).send(&emulator);
    assert_eq!(answer.expect(200)["status"], "success");
    let estimate = Estimate::decode(&answer.body).unwrap().unwrap();
    assert_eq!(estimate.cost.to_string(), "1.50");
    assert_eq!(estimate.currency.as_deref(), Some("USD"));
    assert_eq!(estimate.model.as_deref(), Some("spark_t2i_3_0"));
    assert!(estimate.discount.is_some() && estimate.updated_at.is_some());
    let refused = Call::post(ESTIMATE, body(&json!({"prompt": ""}))).send(&emulator).expect(400);
    assert_eq!(refused["error"]["code"], 3_001_002);
    let stats = emulator.stats();
    assert_eq!((stats.charges.count, stats.tasks.created, stats.requests.estimate), (0, 0, 2));
}

#[test]
fn a_random_seed_is_drawn_once_for_a_task() {
    let emulator = instant();
    let parameters = |seed: i64| json!({"prompt": "a fox", "seed": seed, "width": 512, "height": 512});
    let task = |seed| finished(&emulator, &create(&emulator, &parameters(seed)));
    let (random, other) = (task(-1), task(-1));
    assert!(download(&emulator, &random) == download(&emulator, &random));
    assert!(download(&emulator, &random) != download(&emulator, &other));
    assert!(download(&emulator, &task(42)) == download(&emulator, &task(42)), "the same request is the same file");
}

#[test]
fn the_same_seed_of_the_emulator_makes_the_same_draws() {
    let run = || -> Vec<Value> {
        let latency: Latency = "lognormal:1ms:0.25".parse().unwrap();
        let emulator = Emulator::builder().latency(latency).failure_rate(0.5).seed(7).start().unwrap();
        let tasks = (0..20).map(|_| finished(&emulator, &create(&emulator, &json!({"prompt": "a"}))));
        tasks.map(|task| task["status"].clone()).collect()
    };
    let first = run();
    assert_eq!(first, run());
    assert!(first.contains(&json!("failed")) && first.contains(&json!("completed")));
}

#[test]
fn image_urls_follow_the_host_header_only_if_it_is_a_host() {
    let emulator = instant();
    let id = create(&emulator, &json!({"prompt": "a fox"}));
    let url = |host: Option<&str>| {
        let task = Call::get(&format!("{CREATE}/task/{id}")).key("k").host(host).send(&emulator).expect(200);
        let path = image_path(&task);
        task["output"][0]["content"][0]["url"].as_str().unwrap().strip_suffix(&path).unwrap().to_owned()
    };
    assert_eq!(url(Some("images.test:81")), "http://images.test:81");
    assert_eq!(url(Some("[::1]:8080")), "http://[::1]:8080");
    for odd in [None, Some(""), Some("a/../b"), Some("user@host"), Some("a b"), Some("a:99999"), Some("é"), Some("\"")]
    {
        assert_eq!(url(odd), emulator.url(), "{odd:?}");
    }
    let twice = Call::get(&format!("{CREATE}/task/{id}")).key("k").header("Host", "other").send(&emulator).expect(200);
    assert!(twice["output"][0]["content"][0]["url"].as_str().unwrap().starts_with(emulator.url()));
}

#[test]
fn a_long_prompt_in_every_script_is_taken_whole() {
    let emulator = instant();
    for character in ["a", "雪", "👩", "\u{0}", "\u{202e}"] {
        let id = create(&emulator, &json!({"prompt": format!("x{}", character.repeat(799))}));
        assert_eq!(state_of(&status(&emulator, &id)), Status::Completed);
    }
}
