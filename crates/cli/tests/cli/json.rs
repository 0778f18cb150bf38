//! What programs read.

use crate::support::{SMALL, emulator, fields, run, spark};

const FIELDS: [&str; 15] = [
    "task_id",
    "status",
    "model",
    "prompt",
    "seed",
    "width",
    "height",
    "file",
    "url",
    "bytes",
    "cost",
    "discount",
    "requests",
    "lag_seconds",
    "seconds",
];

#[test]
fn a_result_has_every_field_and_no_other() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let ran = run(spark(emulator.url())
        .args(["generate", "一只雪中的红狐", "--seed", "42", "--json", "--poll-interval", "20ms"])
        .args(SMALL)
        .current_dir(&folder));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let result = ran.json();
    assert_eq!(fields(&result), FIELDS.into());
    assert_eq!(result["status"], "completed");
    assert_eq!(result["model"], "spark_t2i_3_0");
    assert_eq!(result["prompt"], "一只雪中的红狐");
    assert_eq!(result["seed"], 42);
    assert_eq!((result["width"].as_u64(), result["height"].as_u64()), (Some(512), Some(512)));
    assert_eq!(result["file"], "一只雪中的红狐-42.png");
    assert_eq!(result["cost"], "0.035714285714");
    assert!(ran.stdout.contains(r#""discount":0.7,"#), "{ran:?}");
    let file = std::fs::read(folder.path().join("一只雪中的红狐-42.png")).unwrap();
    assert!(file.starts_with(b"\x89PNG"));
    assert_eq!(result["bytes"], file.len());
    let stats = emulator.stats();
    assert_eq!(result["requests"], stats.requests.create + stats.requests.status + stats.requests.image);
    let (lag, seconds) = (result["lag_seconds"].as_f64().unwrap(), result["seconds"].as_f64().unwrap());
    assert!(lag >= 0.0 && lag < seconds, "{ran:?}");
    assert!(result["url"].as_str().unwrap().starts_with(emulator.url()));
}

#[test]
fn what_is_not_known_is_null() {
    let emulator = crate::support::emulator();
    let submitted = run(spark(emulator.url()).args(["submit", "a fox", "--json"]).args(SMALL)).json();
    assert_eq!(fields(&submitted), FIELDS.into());
    assert_eq!((submitted["prompt"].as_str(), submitted["width"].as_u64()), (Some("a fox"), Some(512)));
    for field in ["file", "url", "bytes", "cost", "discount", "lag_seconds", "seed"] {
        assert!(submitted[field].is_null(), "{field}: {submitted}");
    }
    let id = submitted["task_id"].as_str().unwrap();
    let task = run(spark(emulator.url()).args(["task", id, "--wait", "--json", "--poll-interval", "20ms"])).json();
    assert_eq!(fields(&task), FIELDS.into());
    assert_eq!((task["status"].as_str(), task["task_id"].as_str()), (Some("completed"), Some(id)));
    assert_eq!(task["cost"], "0.035714285714");
    assert!(task["bytes"].is_u64() && task["url"].is_string());
    for field in ["file", "prompt", "seed", "width", "height"] {
        assert!(task[field].is_null(), "{field}: {task}");
    }
    let again = run(spark(emulator.url()).args(["task", id, "--json"])).json();
    assert_eq!(again["requests"], 1);
    assert!(again["lag_seconds"].is_null(), "it had ended before it was asked for: {again}");
}

#[test]
fn an_estimate_has_the_same_fields_with_and_without_an_answer() {
    let emulator = emulator();
    let some = run(spark(emulator.url()).args(["estimate", "a fox", "--json"])).json();
    assert_eq!(some["cost"], "0.035714285714");
    let server = crate::support::Server::start(|_, _| {
        crate::support::ok(r#"{"data":{"cost":null,"reason":"COST_CACHE_MISS"},"status":"failed"}"#)
    });
    let none = run(spark(&server.url).args(["estimate", "a fox", "--json"]));
    assert_eq!(none.code, Some(0));
    assert_eq!(fields(&none.json()), fields(&some));
    assert!(none.json()["cost"].is_null());
    let none = run(spark(&server.url).args(["estimate", "a fox"]));
    assert!(none.stdout.starts_with("no estimate"), "{none:?}");
    let some = run(spark(emulator.url()).args(["estimate", "a fox"]));
    assert!(some.stdout.starts_with("0.035714285714 USD"), "{some:?}");
}

#[test]
fn errors_are_told_to_people_too_unless_json_and_quiet_are_given() {
    let command = |arguments: &[&str]| run(spark("http://127.0.0.1:1").args(["generate", ""]).args(arguments));
    let plain = command(&[]);
    assert_eq!(plain.stdout, "");
    assert!(plain.stderr.starts_with("error: prompt is empty"), "{plain:?}");
    assert_eq!(command(&["--quiet"]).stderr, plain.stderr);
    let json = command(&["--json"]);
    assert_eq!((json.error()["code"].as_str(), &json.stderr), (Some("003001002"), &plain.stderr));
    let quiet = command(&["--json", "--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(2), ""));
    assert_eq!(quiet.error(), json.error());
}

#[test]
fn a_command_line_that_is_wrong_is_told_in_json_too() {
    let ran = run(spark("http://127.0.0.1:1").args(["generate", "a fox", "--sed", "7", "--json"]));
    let error = ran.error();
    assert_eq!((ran.code, error["kind"].as_str()), (Some(2), Some("invalid_request")));
    assert_eq!(error["message"], "unexpected argument '--sed' found tip: a similar argument exists: '--seed'");
    assert!(ran.stderr.contains("'--seed'"), "{ran:?}");
    let ran = run(spark("http://127.0.0.1:1").args(["generate", "--json", "--quiet", "--", "a", "b"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
    ran.error();
    // Behind `--` it is no option.
    let ran = run(spark("http://127.0.0.1:1").args(["generate", "a", "--", "--json"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[test]
fn addresses_of_a_server_move_no_cursor() {
    let server = crate::support::Server::start(|_, _| {
        crate::support::ok("{\"id\":\"t-1\",\"status\":\"q\u{9b}2Jueue\u{202e}d\",\"model\":\"\\u001b[31m\"}")
    });
    let json = run(spark(&server.url).args(["task", "t-1", "--json"]));
    assert_eq!(json.json()["status"], "q\u{9b}2Jueue\u{202e}d", "the value is exact");
    let plain = run(spark(&server.url).args(["task", "t-1"]));
    for ran in [json, plain] {
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for character in ['\x1b', '\u{9b}', '\u{202e}'] {
            assert!(!ran.stdout.contains(character), "{ran:?}");
        }
    }
}
