//! The options of all commands that call the service.

use crate::support::{KEY, SMALL, bare, emulator, run, spark};
use spark_t2i_emulator::Emulator;

#[test]
fn the_key_never_shows_not_even_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{KEY}\r\n")).unwrap();
    let emulator = Emulator::builder().latency(std::time::Duration::ZERO).api_key(KEY).start().unwrap();
    let by_file = run(bare()
        .args(["generate", "a secret prompt", "-vv", "--poll-interval", "20ms", "--base-url", emulator.url()])
        .args(SMALL)
        .arg("--api-key-file")
        .arg(&file)
        .current_dir(&folder));
    assert_eq!(by_file.code, Some(0), "{by_file:?}");
    assert!(by_file.stderr.contains("task_id"), "there is a log: {by_file:?}");
    assert!(!by_file.stderr.contains("a secret prompt"), "{by_file:?}");

    // A gateway that echoes the key.
    let server = crate::support::Server::start(|_, _| {
        crate::support::Reply::Answer(401, "", format!(r#"{{"message":"the key {KEY} is wrong"}}"#))
    });
    let echoed = run(spark(&server.url).args(["generate", "a fox", "-vv", "--json"]).current_dir(&folder));
    assert_eq!(echoed.code, Some(3));
    // A key that cannot be one.
    let broken = run(bare().env("SPARK_T2I_API_KEY", format!("{KEY} ")).args(["submit", "a fox", "-vv", "--json"]));
    assert_eq!(broken.code, Some(3));
    std::fs::write(&file, format!("{KEY}\n{KEY}\n\u{fffd}")).unwrap();
    let odd = run(bare().args(["submit", "a fox", "-vv", "--json", "--api-key-file"]).arg(&file));
    assert_eq!(odd.code, Some(3));
    for ran in [by_file, echoed, broken, odd] {
        assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "{ran:?}");
    }
}

#[test]
fn the_key_of_the_file_goes_before_the_one_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let emulator = Emulator::builder().api_key("of-the-file").start().unwrap();
    let estimate = || run(spark(emulator.url()).args(["estimate", "a fox", "--api-key-file"]).arg(&file));
    for (content, code) in [("of-the-file\n", 0), ("of-the-file", 0), ("", 3), ("\n", 3), ("of the file", 3)] {
        std::fs::write(&file, content).unwrap();
        let ran = estimate();
        assert_eq!(ran.code, Some(code), "{content:?}: {ran:?}");
    }
    std::fs::write(&file, vec![b'x'; 100_000]).unwrap();
    assert!(estimate().stderr.contains("longer than any key"));
}

#[test]
fn the_base_url_of_the_option_goes_before_the_one_of_the_environment() {
    let emulator = emulator();
    let ran = run(spark("http://127.0.0.1:1").args(["estimate", "a fox", "--base-url", emulator.url()]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = run(spark(emulator.url()).args(["estimate", "a fox", "--base-url", "http://a.example", "--json"]));
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(2), Some("invalid_request")));
}

#[test]
fn local_needs_no_key_and_asks_nobody_else() {
    let elsewhere = emulator();
    let folder = tempfile::tempdir().unwrap();
    let ran = run(bare()
        .env("SPARK_T2I_BASE_URL", elsewhere.url())
        .args(["generate", "a fox", "--local", "--json", "--seed", "-1", "-o", "fox.png"])
        .args(SMALL)
        .current_dir(&folder));
    assert_eq!((ran.code, ran.json()["file"].as_str()), (Some(0), Some("fox.png")));
    assert_eq!(ran.json()["seed"], -1);
    let ran = run(bare().args(["estimate", "a fox", "--local"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(elsewhere.stats().requests.create, 0);
    let ran = run(bare().args(["generate", "a fox", "--local", "--base-url", "http://127.0.0.1:1"]));
    assert_eq!(ran.code, Some(2), "one or the other: {ran:?}");
}

#[test]
fn where_local_would_promise_too_much_it_says_what_to_do_instead() {
    for arguments in [["submit", "a fox", "--local"], ["task", "t-1", "--local"]] {
        let ran = run(bare().args(arguments));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains("spark-t2i serve"), "{ran:?}");
    }
}

#[test]
fn durations_and_sizes_are_explained_where_they_are_wrong() {
    for (arguments, words) in [
        (&["--wait-timeout", "soon"][..], "90s, 2m, 1h or 500ms"),
        (&["--wait-timeout", "0"], "wait_timeout is zero"),
        (&["--max-requests-per-second", "-1"], "at least 0"),
        (&["--max-requests-per-second", "NaN"], "max_requests_per_second"),
        (&["--size", "16;9-2k"], "did you mean \"16:9-2k\"?"),
        (&["--size", "99999999999x1"], "003001006"),
        (&["--width", "100"], "003001007"),
        (&["--width", "-5", "--height", "512"], "003001005"),
        (&["--seed", "99999999999999999999"], "003001004"),
        (&["--seed", "abc"], "the text \"abc\""),
        (&["--size", "1:1", "--width", "5"], "cannot be used with"),
        (&["--model", ""], "--model"),
    ] {
        let ran = run(spark("http://127.0.0.1:1").args(["generate", "a fox"]).args(arguments));
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(words), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_long_prompt_is_warned_of_and_sent() {
    let emulator = emulator();
    let prompt = "x".repeat(121);
    let ran = run(spark(emulator.url()).args(["submit", &prompt]));
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.starts_with("warning: prompt has 121 characters"), "{ran:?}");
    assert_eq!(run(spark(emulator.url()).args(["submit", &prompt, "--quiet"])).stderr, "");
}

#[test]
fn what_was_asked_for_is_sent() {
    let (sent, bodies) = std::sync::mpsc::channel();
    let sent = std::sync::Mutex::new(sent);
    let server = crate::support::Server::start(move |line, _| {
        sent.lock().unwrap().send(line.to_owned()).unwrap();
        crate::support::ok(crate::support::CREATED)
    });
    let base = format!("{}/gateway/", server.url);
    let ran = run(spark(&base).args(["submit", "a fox", "--no-pre-llm", "--model", "other", "--json"]));
    assert_eq!((ran.code, ran.json()["model"].as_str()), (Some(0), Some("other")));
    assert_eq!(bodies.recv().unwrap(), "POST /gateway/model/v1/generation HTTP/1.1");
}
