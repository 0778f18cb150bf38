//! Scenarios as a runner in any language meets them: over HTTP.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spark_t2i_emulator::{Emulator, ScenarioError};
use tempfile::TempDir;

use crate::http::{Answer, CREATE, Call, body};

/// An emulator with these scenarios; each is what matters of it, and a name.
fn with(scenarios: &[(&str, Value)]) -> (Emulator, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, parts) in scenarios {
        write(&folder, name, parts);
    }
    (Emulator::builder().scenarios(folder.path()).start().unwrap(), folder)
}

fn write(folder: &TempDir, name: &str, parts: &Value) {
    let mut scenario = json!({
        "name": name, "about": "what a test needs", "call": {"do": "submit"}, "server": {}, "expect": {}, "requests": {}
    });
    for (field, value) in parts.as_object().unwrap() {
        scenario[field] = value.clone();
    }
    fs::write(folder.path().join(format!("{name}.json")), scenario.to_string()).unwrap();
}

fn get(emulator: &Emulator, path: &str) -> Answer {
    Call::get(path).send(emulator)
}

/// A create as a client of this run sends it.
fn create(emulator: &Emulator, label: &str) -> Answer {
    let case = emulator.scenario(label).unwrap();
    let key = case["options"]["api_key"].as_str().unwrap();
    Call::new("POST", &format!("/scenarios/{label}{CREATE}"))
        .header("Content-Type", "application/json")
        .header("Accept", "application/json")
        .header("User-Agent", "test")
        .key(key)
        .body(body(&json!({"prompt": "a fox"})))
        .send(emulator)
}

fn differences(emulator: &Emulator, label: &str) -> Vec<String> {
    emulator.verdict(label, None).unwrap().differences
}

fn status_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
}

/// Sends a create past every library, and returns all bytes that come back and how long it took.
fn raw(url: &str) -> (Vec<u8>, Duration) {
    let (addr, path) = url.strip_prefix("http://").unwrap().split_at(url[7..].find('/').unwrap());
    let mut stream = TcpStream::connect(addr.parse::<SocketAddr>().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let begin = Instant::now();
    // A connection that is reset at once may not take it.
    _ = write!(stream, "POST {path}{CREATE} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // A reset ends it too.
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        answer.extend_from_slice(&chunk[..count]);
    }
    (answer, begin.elapsed())
}

#[test]
fn a_runner_lists_reads_and_asks_for_the_verdict_over_http() {
    let parts = json!({
        "server": {"create": [{"json": {"id": "a", "status": "queued"}}]},
        "expect": {"result": {"task_id": "a"}},
        "requests": {"create": 1},
    });
    let (emulator, _folder) = with(&[("one", parts.clone()), ("two", parts)]);
    assert_eq!(get(&emulator, "/scenarios").expect(200), json!(["one", "two"]));

    let case = get(&emulator, "/scenarios/one@r").expect(200);
    let base_url = format!("{}/scenarios/one@r", emulator.url());
    assert_eq!(case["options"]["base_url"], base_url);
    assert!(case["options"]["api_key"].as_str().unwrap().starts_with("key-canary-"));
    assert_eq!(case, emulator.scenario("one@r").unwrap());

    let before = get(&emulator, "/scenarios/one@r/verdict").expect(200);
    assert_eq!(before["differences"], json!(["requests.create.count: 0 where 1 was expected"]));
    assert_eq!(create(&emulator, "one@r").expect(200)["id"], "a");
    let after = get(&emulator, "/scenarios/one@r/verdict").expect(200);
    assert_eq!((&after["passed"], &after["charges"]), (&json!(true), &json!(1)), "{after}");
    assert!(after["requests"][0].as_str().unwrap().ends_with("POST /model/v1/generation (create)"), "{after}");

    let judge =
        |outcome: Value| Call::post("/scenarios/one@r/verdict", outcome.to_string()).send(&emulator).expect(200);
    assert_eq!(judge(json!({"result": {"task_id": "a", "more": 1}}))["passed"], true);
    let wrong = judge(json!({"result": {"task_id": "b"}}));
    assert_eq!(wrong["differences"], json!([r#"outcome.result.task_id: "b" where "a" was expected"#]));
    let leaking = judge(json!({"result": {"task_id": "a"}, "error": case["options"]["api_key"]}));
    assert_eq!(leaking["differences"], json!(["outcome: the API key stands in it"]));
    assert_eq!(judge(json!({"left_out": ["/result/task_id"], "result": {}}))["passed"], true);
}

#[test]
fn a_program_that_a_tool_makes_slow_has_more_time_and_no_other_promise() {
    let parts = json!({
        "options": {"wait_timeout_seconds": 2, "max_retries": 2},
        "call": {"do": "submit", "cancel_after_seconds": 0.5},
        "server": {"create": [{"json": {"id": "a"}}]},
        "expect": {"result": {"task_id": "a", "text": "{seconds:0.5} s"}, "seconds": {"$from": 1, "$to": 2}},
        "requests": {"create": {"count": 2, "gap_seconds": {"$from": 0.001, "$to": 0.01}}},
    });
    let (emulator, _folder) = with(&[("one", parts.clone())]);
    let case = get(&emulator, "/scenarios/one@slow?slowed=1000").expect(400);
    assert_eq!(case["message"], "slowed is a number from 1 to 100", "{case}");
    let case = get(&emulator, "/scenarios/one@slow?slowed=100").expect(200);
    assert_eq!((&case["options"]["wait_timeout_seconds"], &case["options"]["max_retries"]), (&json!(200.0), &json!(2)));
    assert_eq!(case["call"]["cancel_after_seconds"], 50.0);
    for ask in ["/scenarios/one@quick", "/scenarios/one@quick?slowed=1"] {
        let case = get(&emulator, ask).expect(200);
        assert_eq!((&case["call"], &case["expect"]["seconds"]), (&parts["call"], &parts["expect"]["seconds"]), "{ask}");
        assert_eq!(case["expect"]["result"]["text"], "0.5 s");
    }
    for label in ["one@slow", "one@quick"] {
        create(&emulator, label);
        std::thread::sleep(Duration::from_millis(20));
        create(&emulator, label);
    }
    let judge = |label: &str, seconds: f64| {
        let text = if label == "one@slow" { "50 s" } else { "0.5 s" };
        let outcome = json!({"result": {"task_id": "a", "text": text}, "seconds": seconds});
        emulator.verdict(label, Some(&outcome)).unwrap()
    };
    assert!(judge("one@slow", 199.0).differences[0].starts_with("charges: 2 "), "the gap, too, may be so long");
    assert_eq!(judge("one@slow", 0.9).differences[0], "outcome.seconds: 0.9 where 1 to 200 was expected");
    let quick = judge("one@quick", 199.0).differences;
    assert_eq!(quick[0], "outcome.seconds: 199.0 where 1 to 2 was expected");
    assert!(quick[1].starts_with("requests.create[1] came after the one before"), "{quick:?}");
}

#[test]
fn runs_and_scenarios_do_not_disturb_one_another() {
    let parts =
        |id: &str| json!({"server": {"create": [{"json": {"id": id}}, {"status": 500}]}, "requests": {"create": 1}});
    let (emulator, _folder) = with(&[("one", parts("a")), ("two", parts("b"))]);
    for label in ["one", "one@x", "two", "one@y"] {
        assert_eq!(create(&emulator, label).status, 200, "{label}");
    }
    assert_eq!(create(&emulator, "one@x").status, 500);
    for (label, passes) in [("one", true), ("one@x", false), ("two", true), ("one@y", true)] {
        assert_eq!(emulator.verdict(label, None).unwrap().passed, passes, "{label}");
    }
    assert_eq!(emulator.stats().requests.create, 0, "scenarios are no part of the service");
    let keys = ["one", "one@x"].map(|label| emulator.scenario(label).unwrap()["options"]["api_key"].clone());
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn steps_follow_the_count_and_the_time_of_requests() {
    let create_steps =
        json!([{"times": 2, "status": 501}, {"seconds": 0.3, "status": 502}, {"status": 503}, {"status": 504}]);
    let (emulator, _folder) = with(&[("one", json!({"server": {"create": create_steps}})), ("none", json!({}))]);
    let status = || create(&emulator, "one").status;
    assert_eq!([status(), status(), status()], [501, 501, 502]);
    std::thread::sleep(Duration::from_millis(350));
    assert_eq!([status(), status(), status()], [503, 504, 504]);

    assert_eq!(create(&emulator, "none").status, 501);
    let told = differences(&emulator, "none");
    assert!(told.iter().any(|told| told.contains("no answer for POST /model/v1/generation")), "{told:?}");
}

#[test]
fn answers_are_bent_as_told() {
    let text = json!({"text": "0123456789"});
    let step = |more: Value| {
        let mut step = text.clone();
        for (name, value) in more.as_object().unwrap() {
            step[name] = value.clone();
        }
        step
    };
    let steps = [
        ("cut", step(json!({"cut": 3})), "HTTP/1.1 200 OK", &b"Content-Length: 10\r\n\r\n012"[..]),
        ("slice", step(json!({"slice": [2, 4], "then": "close"})), "HTTP/1.1 200 OK", b"Content-Length: 2\r\n\r\n23"),
        ("longer", step(json!({"content_length": 4})), "HTTP/1.1 200 OK", b"Content-Length: 4\r\n\r\n0123456789"),
        (
            "chunks",
            step(json!({"chunked": true, "pace": {"bytes": 4, "seconds": 0.01}})),
            "HTTP/1.1 200 OK",
            b"\r\n4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n",
        ),
        (
            "hex",
            json!({"hex": "ff00 fe", "then": "reset", "status": 299}),
            "HTTP/1.1 299 Odd",
            b"Content-Length: 3\r\n\r\n\xff\0\xfe",
        ),
        (
            "raw",
            json!({"raw": ["HTTP/1.1 200 X\r\n", {"text": "\u{7f}", "times": 3}]}),
            "HTTP/1.1 200 X",
            b"\x7f\x7f\x7f",
        ),
        ("reset", json!({"no_answer": "reset"}), "", b""),
        ("close", json!({"no_answer": "close"}), "", b""),
    ];
    let scenarios: Vec<(&str, Value)> =
        steps.iter().map(|(name, step, ..)| (*name, json!({"server": {"create": [step]}}))).collect();
    let (emulator, _folder) = with(&scenarios);
    for (name, _, status, end) in &steps {
        let (answer, _) = raw(emulator.scenario(name).unwrap()["options"]["base_url"].as_str().unwrap());
        assert_eq!(status_of(&answer), *status, "{name}");
        assert!(answer.ends_with(end), "{name}: {}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn connections_are_met_as_told() {
    let server =
        |listen: Value| json!({"server": {"listen": listen, "create": [{"json": {"id": "a"}, "then": "close"}]}});
    let (emulator, _folder) = with(&[
        ("gate", server(json!({"connections": ["reset", "close", "accept"]}))),
        ("refused", server(json!({"refused": true}))),
        ("unanswered", server(json!({"unanswered": true}))),
        (
            "slow",
            json!({"server": {"create": [{"delay_seconds": 0.3, "text": "x", "pace": {"bytes": 1, "seconds": 0.1}}]}}),
        ),
        ("idle", json!({"server": {"create": [{"text": "x", "idle_close_seconds": 0.2}]}})),
    ]);
    let url = |name: &str| emulator.scenario(name).unwrap()["options"]["base_url"].as_str().unwrap().to_owned();
    let statuses: Vec<String> = (0..3).map(|_| status_of(&raw(&url("gate")).0)).collect();
    assert_eq!(statuses, ["", "", "HTTP/1.1 200 OK"]);

    let addr = |name: &str| -> SocketAddr { url(name)[7..].split('/').next().unwrap().parse().unwrap() };
    let refused = TcpStream::connect_timeout(&addr("refused"), Duration::from_secs(5)).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let unanswered = TcpStream::connect_timeout(&addr("unanswered"), Duration::from_millis(300)).unwrap_err();
    assert_eq!(unanswered.kind(), std::io::ErrorKind::TimedOut);

    assert!(raw(&url("slow")).1 >= Duration::from_millis(300));
    let (answer, until_closed) = raw(&url("idle"));
    assert_eq!(status_of(&answer), "HTTP/1.1 200 OK");
    assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&until_closed), "{until_closed:?}");
}

/// The verdict looks by itself for what must never happen.
#[test]
fn the_second_origin_and_images_must_not_see_the_key() {
    let server = json!({
        "image": [{"status": 302, "headers": {"Location": "{elsewhere}/x.png"}}],
        "elsewhere": [{"png": "64x48"}],
    });
    let (emulator, _folder) = with(&[("one", json!({"server": server, "requests": {"image": 1, "elsewhere": 1}}))]);
    for (label, leaks) in [("one@careful", false), ("one@careless", true)] {
        let case = emulator.scenario(label).unwrap();
        let key = if leaks { case["options"]["api_key"].as_str().unwrap() } else { "another" };
        let answer = Call::get(&format!("/scenarios/{label}/images/x.png")).send(&emulator);
        let elsewhere = answer.header("location").unwrap().to_owned();
        assert!(!elsewhere.starts_with(emulator.url()), "another origin: {elsewhere}");
        let (addr, path) = elsewhere[7..].split_once('/').unwrap();
        let mut stream = TcpStream::connect(addr).unwrap();
        write!(stream, "GET /{path}?k={key} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut picture = Vec::new();
        stream.read_to_end(&mut picture).unwrap();
        assert!(picture.windows(4).any(|four| four == b"IEND"));
        let expected: &[&str] =
            if leaks { &["requests.elsewhere[0]: the API key went where it must not go"] } else { &[] };
        assert_eq!(differences(&emulator, label), expected);
    }
}

#[test]
fn calls_without_key_or_type_and_charges_beyond_the_jobs_are_told() {
    let (emulator, _folder) =
        with(&[("one", json!({"server": {"create": [{"json": {}}]}, "requests": {"create": 2}}))]);
    for _ in 0..2 {
        Call::new("POST", &format!("/scenarios/one{CREATE}")).send(&emulator);
    }
    let told = differences(&emulator, "one");
    for what in [
        "requests.create[1]: not the scenario's API key as bearer",
        "requests.create[0]: not Accept: application/json",
        "requests.create[0]: no User-Agent",
        "requests.create[0]: not Content-Type: application/json",
        "charges: 2 where at most 1 was expected",
    ] {
        assert!(told.iter().any(|told| told == what), "{what}: {told:#?}");
    }
}

#[test]
fn what_arrived_is_compared_as_the_scenario_says() {
    let requests = json!({"create": {
        "count": {"$from": 2}, "gap_seconds": {"$from": 5}, "same_body": true, "path": "/elsewhere",
        "headers": {"x-a": "1", "accept": null}, "json": {"a": 1}, "each": [{}, {"headers": {"x-b": {"$has": "b"}}}],
    }});
    let (emulator, _folder) = with(&[("one", json!({"server": {"create": [{"status": 400}]}, "requests": requests}))]);
    create(&emulator, "one");
    create(&emulator, "one");
    let told = differences(&emulator, "one").join("\n");
    for what in [
        "create[1] came after the one before, in seconds: 0.",
        r#"create[0].path: "/model/v1/generation" where "/elsewhere" was expected"#,
        r#"create[0].headers.x-a: nothing where "1" was expected"#,
        r#"create[0].headers.accept: "application/json" where null was expected"#,
        r#"create[1].headers.x-b: nothing where {"$has":"b"} was expected"#,
        "create[0].body: {",
    ] {
        assert!(told.contains(what), "{what}\n{told}");
    }
    assert!(!told.contains("bodies differ") && !told.contains("count"), "{told}");
}

#[test]
fn what_is_no_scenario_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Emulator::builder().scenarios(folder.path()).start().unwrap_err().to_string();
    assert!(start().contains("no scenario (*.json)"));
    fs::write(folder.path().join("broken.json"), "{").unwrap();
    assert!(start().contains("broken.json: EOF"), "{}", start());
    fs::remove_file(folder.path().join("broken.json")).unwrap();
    for (parts, words) in [
        (json!({"name": "other"}), "its name is \"other\""),
        (json!({"requests": {"creates": 1}}), "creates"),
        (json!({"requests": {"create": {"count": 1, "bodies": 1}}}), "bodies"),
        (json!({"server": {"create": [{"stats": 200}]}}), "stats"),
        (json!({"server": {"create": [{"text": "", "json": 1}]}}), "one body"),
        (json!({"server": {"create": [{"goaway": true}]}}), "listen.tls"),
        (json!({"server": {"create": [{"hex": "abc"}]}}), "hexadecimal"),
        (json!({"server": {"create": [{"png": "0x9"}]}}), "WIDTHxHEIGHT"),
        (json!({"server": {"create": [{"delay_seconds": -1}]}}), "seconds"),
        (json!({"server": {"create": [{"pace": {"bytes": 0, "seconds": 1}}]}}), "never ends"),
        (json!({"server": {"create": [{"status": 42}]}}), "100 to 999"),
    ] {
        write(&folder, "case", &parts);
        let told = start();
        assert!(told.contains("case.json") && told.contains(words), "{told}");
    }
    let addr: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let public = Emulator::builder().scenarios(folder.path()).addr(addr).api_key("k").start().unwrap_err().to_string();
    assert!(public.contains("loopback"), "{public}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let (emulator, _folder) = with(&[("one", json!({}))]);
    for path in
        ["/scenarios/two", "/scenarios/one@", "/scenarios/one@a%20b", "/scenarios/two/verdict", "/scenarios/two/x"]
    {
        assert_eq!(get(&emulator, path).status, 404, "{path}");
    }
    let long = format!("one@{}", "x".repeat(1000));
    assert!(matches!(emulator.scenario(&long), Err(ScenarioError::Unknown(_))));
    assert_eq!(Call::post("/scenarios/one/verdict", "{").send(&emulator).status, 400);
    let without = Emulator::start().unwrap();
    assert_eq!(get(&without, "/scenarios").status, 404);
    assert!(without.scenario("one").is_err() && without.scenarios().is_empty());
}
