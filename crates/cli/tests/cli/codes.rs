//! One exit code for every kind of failure, and what is said with it.

use std::net::TcpListener;

use crate::support::{CREATED, Reply, SMALL, Server, bare, completed, emulator, ok, run, spark};
use spark_t2i_emulator::Emulator;

/// Generates from this service in an empty folder.
fn generate(base_url: &str, arguments: &[&str]) -> crate::support::Ran {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(spark(base_url)
        .args(["generate", "a fox", "--json", "--poll-interval", "20ms"])
        .args(SMALL)
        .args(arguments)
        .current_dir(&folder));
    if ran.code != Some(0) {
        assert_eq!(crate::support::names(folder.path()), [""; 0], "no file is left: {ran:?}");
    }
    ran
}

#[test]
fn done_is_0() {
    let emulator = emulator();
    assert_eq!(generate(emulator.url(), &[]).code, Some(0));
}

#[test]
fn a_broken_rule_is_2_and_nothing_is_sent() {
    let emulator = emulator();
    let ran =
        run(spark(emulator.url()).args(["generate", " ", "--seed", "0", "--width", "1.5", "--height", "8", "--json"]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let error = ran.error();
    assert_eq!(error["kind"], "invalid_request");
    assert_eq!(error["charged"], "no");
    let codes: Vec<_> = error["violations"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["003001002", "003001004", "003001008"]);
    assert!(ran.stderr.contains("003001004"), "{ran:?}");
    assert_eq!(emulator.stats().requests.create, 0);
}

#[test]
fn without_a_key_it_is_3_and_says_how_to_get_on() {
    for command in ["generate", "submit", "estimate", "task"] {
        let ran = run(bare().args([command, "fox"]));
        assert_eq!(ran.code, Some(3), "{ran:?}");
        for words in ["SPARK_T2I_API_KEY", "--api-key-file", "--local"] {
            assert!(ran.stderr.contains(words), "{ran:?}");
        }
        assert_eq!(ran.stdout, "");
    }
    let empty = run(bare().env("SPARK_T2I_API_KEY", "").args(["submit", "fox", "--json"]));
    assert_eq!((empty.code, empty.error()["kind"].as_str()), (Some(3), Some("authentication")));
}

#[test]
fn a_refused_key_or_right_is_3() {
    let emulator = Emulator::builder().api_key("another").start().unwrap();
    let ran = generate(emulator.url(), &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(3), Some("authentication")));
    assert_eq!(ran.error()["http_status"], 401);

    let server = Server::start(|_, _| Reply::Answer(403, "", "{}".to_owned()));
    let ran = generate(&server.url, &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(3), Some("permission")));
}

#[test]
fn too_little_balance_and_too_many_requests_are_4() {
    let server = Server::start(|_, _| Reply::Answer(402, "", String::new()));
    let ran = generate(&server.url, &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(4), Some("insufficient_balance")));
    assert!(ran.stderr.contains("Top up"), "{ran:?}");

    let server = Server::start(|_, _| Reply::Answer(429, "Retry-After: 30\r\n", String::new()));
    let ran = generate(&server.url, &["--wait-timeout", "20"]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(4), Some("rate_limited")));
    assert_eq!(ran.error()["retry_after_seconds"], 30.0);
}

#[test]
fn a_deadline_is_5_and_the_task_can_be_taken_up_again() {
    let emulator = Emulator::builder().latency(std::time::Duration::from_secs(3600)).start().unwrap();
    let ran = generate(emulator.url(), &["--wait-timeout", "2s", "-o", "the fox.png", "--base-url", emulator.url()]);
    let error = ran.error();
    assert_eq!((ran.code, error["kind"].as_str()), (Some(5), Some("timeout")));
    let id = error["task_id"].as_str().unwrap();
    let command = format!("spark-t2i task {id} --wait -o 'the fox.png' --base-url {}", emulator.url());
    assert!(ran.stderr.contains(&command), "{ran:?}");
    assert_eq!(emulator.stats().tasks.created, 1);
}

#[test]
fn no_connection_a_wrong_address_and_nonsense_are_6() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = generate(&format!("http://{nobody}"), &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(6), Some("connection")));
    assert_eq!(ran.error()["charged"], "no");

    let emulator = emulator();
    let ran = generate(&format!("{}/nowhere", emulator.url()), &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(6), Some("not_found")));
    assert!(ran.stderr.contains("base_url"), "{ran:?}");

    let server =
        Server::start(|line, _| ok(if line.starts_with("POST") { CREATED } else { r#"{"status":"completed"}"# }));
    let ran = generate(&server.url, &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(6), Some("protocol")));
    assert_eq!(ran.error()["task_id"], "t-1");
}

#[test]
fn a_failed_task_is_7_with_the_code_of_the_service() {
    let emulator = Emulator::builder().latency(std::time::Duration::ZERO).failure_rate(1.0).start().unwrap();
    let ran = generate(emulator.url(), &[]);
    let error = ran.error();
    assert_eq!((ran.code, error["kind"].as_str()), (Some(7), Some("task_failed")));
    assert_eq!(error["code"], "003001095");
    let id = error["task_id"].as_str().unwrap();
    assert!(ran.stderr.contains(id) && !ran.stderr.contains("spark-t2i task"), "{ran:?}");
    for arguments in [&["task", id][..], &["task", id, "--wait"]] {
        assert_eq!(run(spark(emulator.url()).args(arguments)).code, Some(7));
    }
}

#[test]
fn an_outcome_that_nobody_knows_is_8_and_is_not_repeated() {
    let server = Server::start(|_, _| Reply::Close);
    let ran = generate(&server.url, &[]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(8), Some("outcome_unknown")));
    assert_eq!(ran.error()["charged"], "unknown");

    let server = Server::start(|_, _| ok(r#"{"message":"\u001b[2J queued"}"#));
    let ran = generate(&server.url, &[]);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert!(ran.stderr.contains("queued"), "the answer may help: {ran:?}");
    assert!(!ran.stderr.contains('\x1b') && !ran.stdout.contains('\x1b'), "{ran:?}");
}

#[test]
fn an_image_that_cannot_be_fetched_is_9_and_the_task_can_be_taken_up_again() {
    let server = Server::start(|line, url| match line {
        _ if line.starts_with("POST") => ok(CREATED),
        _ if line.contains("image.png") => Reply::Answer(404, "", String::new()),
        _ => completed(url),
    });
    let ran = generate(&server.url, &[]);
    let error = ran.error();
    assert_eq!((ran.code, error["kind"].as_str()), (Some(9), Some("download")));
    assert_eq!(error["charged"], "yes");
    assert!(ran.stderr.contains("spark-t2i task t-1 --wait -o a-fox.png"), "{ran:?}");
}

#[test]
fn the_total_of_wait_timeout_holds_over_a_download_that_stalls() {
    let server = Server::start(|line, url| match line {
        _ if line.starts_with("POST") => ok(CREATED),
        _ if line.contains("image.png") => Reply::Stall("\u{89}PNG".to_owned()),
        _ => completed(url),
    });
    for file in ["fox.png", "-"] {
        let folder = tempfile::tempdir().unwrap();
        let start = std::time::Instant::now();
        let ran = run(spark(&server.url)
            .args(["generate", "a fox", "-o", file, "--poll-interval", "20ms", "--wait-timeout", "2s"])
            .current_dir(&folder));
        assert_eq!(ran.code, Some(5), "{ran:?}");
        assert!(ran.stderr.contains("spark-t2i task t-1 --wait"), "{ran:?}");
        // Without the deadline a host may be silent for 20 s.
        assert!(start.elapsed() < std::time::Duration::from_secs(15));
        assert_eq!(crate::support::names(folder.path()), [""; 0]);
    }
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_9() {
    let emulator = emulator();
    let ran = generate(emulator.url(), &["-o", "no/such/folder/fox.png"]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(9), Some("io")));
    let ran = generate(emulator.url(), &["--api-key-file", "nothing-here"]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(9), Some("io")));
    assert_eq!(emulator.stats().requests.create, 0);
}
