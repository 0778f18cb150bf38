//! Ctrl-C: at once, and nothing is lost.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{
    CREATED, Ran, Reply, SMALL, Server, finish, names, ok, signal, slow_emulator, spark, start, wait_until,
};

/// Sends the signal and takes the time until the end.
fn stop(child: std::process::Child, name: &str) -> Ran {
    let start = Instant::now();
    signal(child.id(), name);
    let ran = finish(child);
    assert!(start.elapsed() < Duration::from_secs(5), "at once: {ran:?}");
    assert_eq!(ran.code, Some(130), "{ran:?}");
    ran
}

#[test]
fn while_waiting_it_tells_how_to_go_on() {
    let emulator = slow_emulator();
    let folder = tempfile::tempdir().unwrap();
    for (name, json) in [("INT", false), ("TERM", false), ("INT", true)] {
        let created = emulator.stats().requests.status;
        let mut command = spark(emulator.url());
        command.args(["generate", "a fox", "-o", "fox.png", "--poll-interval", "20ms", "--base-url", emulator.url()]);
        command.args(json.then_some("--json")).args(SMALL).current_dir(&folder).stdin(Stdio::null());
        let child = start(&mut command);
        wait_until("a status request", || emulator.stats().requests.status > created);
        let ran = stop(child, name);
        let resume = format!(" --wait -o fox.png --base-url {}\n", emulator.url());
        assert!(ran.stderr.contains("goes on") && ran.stderr.contains(&resume), "{ran:?}");
        if json {
            let error = ran.error();
            assert_eq!(error["kind"], "cancelled");
            assert!(ran.stderr.contains(error["task_id"].as_str().unwrap()), "{ran:?}");
        } else {
            assert_eq!(ran.stdout, "");
        }
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn while_the_submit_is_under_way_it_says_that_nobody_knows() {
    let server = Server::start(|_, _| Reply::Silence);
    for command in ["generate", "submit"] {
        let child = start(spark(&server.url).args([command, "a fox", "--json"]).stdin(Stdio::null()));
        server.wait_for("POST");
        let ran = stop(child, "INT");
        let error = ran.error();
        assert_eq!((error["kind"].as_str(), error["charged"].as_str()), (Some("cancelled"), Some("unknown")));
        assert!(error["task_id"].is_null());
        assert_eq!(error["retryable"], false, "a second submit may pay twice");
        assert!(ran.stderr.contains("may have taken (and charged)"), "{ran:?}");
    }
}

#[test]
fn between_two_refusals_it_says_that_nothing_was_submitted() {
    let server = Server::start(|_, _| Reply::Answer(503, "Retry-After: 50\r\n", String::new()));
    let child = start(spark(&server.url).args(["submit", "a fox", "-vv", "--json"]).stdin(Stdio::null()));
    server.wait_for("POST");
    // The answer is read when the log says so; a pipe that is full would hold the program, this one is not.
    let (child, log) = wait_for_log(child, "trying again");
    let ran = stop(child, "INT");
    let error = ran.error();
    assert_eq!((error["charged"].as_str(), error["task_id"].is_null()), (Some("no"), true));
    assert!(error["message"].as_str().unwrap().contains("before anything was submitted"), "{ran:?}{log}");
}

fn wait_for_log(mut child: std::process::Child, words: &str) -> (std::process::Child, String) {
    use std::io::{BufRead, BufReader};
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut log = String::new();
    while !log.contains(words) {
        assert_ne!(stderr.read_line(&mut log).unwrap(), 0, "{log}");
    }
    child.stderr = Some(stderr.into_inner());
    (child, log)
}

#[test]
fn while_fetching_it_leaves_no_part_of_a_file() {
    let server = Server::start(|line, url| match line {
        _ if line.starts_with("POST") => ok(CREATED),
        _ if line.contains("image.png") => Reply::Stall("\u{89}PNG".to_owned()),
        _ => crate::support::completed(url),
    });
    let folder = tempfile::tempdir().unwrap();
    let child = start(
        spark(&server.url)
            .args(["generate", "a fox", "-o", "fox.png", "--poll-interval", "20ms"])
            .current_dir(&folder)
            .stdin(Stdio::null()),
    );
    server.wait_for("GET /image.png");
    wait_until("the part", || !names(folder.path()).is_empty());
    let ran = stop(child, "INT");
    assert!(ran.stderr.contains("spark-t2i task t-1 --wait -o fox.png"), "{ran:?}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn the_embedded_emulator_takes_its_task_with_it_and_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let child = start(
        crate::support::bare()
            .args(["generate", "a fox", "--local", "-v"])
            .args(SMALL)
            .current_dir(&folder)
            .stdin(Stdio::null()),
    );
    let (child, _) = wait_for_log(child, "task submitted");
    let ran = stop(child, "INT");
    assert!(ran.stderr.contains("ends with the embedded emulator"), "{ran:?}");
    assert!(!ran.stderr.contains("spark-t2i task"), "{ran:?}");
}

#[test]
fn while_looking_at_a_task_it_stops_too() {
    let server = Server::start(|_, _| Reply::Silence);
    for wait in [&["--wait"][..], &[]] {
        let child = start(spark(&server.url).args(["task", "t-1"]).args(wait).stdin(Stdio::null()));
        server.wait_for("GET");
        let ran = stop(child, "INT");
        assert!(ran.stderr.contains("spark-t2i task t-1 --wait"), "{ran:?}");
    }
}
