//! `spark-t2i serve`, from its first line to its last.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use serde_json::Value;
use spark_t2i_emulator::Fault;

use crate::support::{Ran, SMALL, bare, finish, run, signal, spark, start};

/// Starts it and waits for its URL.
fn serve(arguments: &[&str]) -> (Child, String) {
    let mut child = start(bare().arg("serve").args(arguments));
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim_end().to_owned())
}

#[test]
fn its_url_is_all_it_prints_and_a_signal_ends_it_with_0() {
    for name in ["INT", "TERM"] {
        let (child, url) = serve(&["--latency", "0s", "--price", "0.25"]);
        let submitted = run(spark(&url).args(["submit", "a fox"]).args(SMALL));
        assert_eq!(submitted.code, Some(0), "it accepts connections when it has printed its URL: {submitted:?}");
        let task = run(spark(&url).args(["task", submitted.stdout.trim(), "--json"]));
        assert_eq!(task.json()["cost"], "0.25");
        signal(child.id(), name);
        let ran = finish(child);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""), "{name}");
        assert_eq!(run(spark(&url).args(["task", "t-1", "--wait-timeout", "1s"])).code, Some(6), "it is gone");
    }
}

#[test]
fn tasks_outlive_even_a_kill_with_a_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("tasks");
    let arguments = ["--state", state.to_str().unwrap(), "--latency", "10ms"];
    let (child, url) = serve(&arguments);
    let id = run(spark(&url).args(["submit", "a fox"]).args(SMALL)).stdout;
    let second = run(bare().arg("serve").args(arguments));
    assert_eq!(second.code, Some(9), "one at a time writes it: {second:?}");
    signal(child.id(), "KILL");
    finish(child);

    let (child, url) = serve(&arguments);
    let ran =
        run(spark(&url).args(["task", id.trim(), "-o", "fox.png", "--poll-interval", "20ms"]).current_dir(&folder));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "fox.png\n"));
    signal(child.id(), "INT");
    assert_eq!(finish(child).code, Some(0));
}

#[test]
fn other_machines_need_a_key() {
    let open = run(bare().args(["serve", "--addr", "0.0.0.0:0"]));
    assert_eq!((open.code, open.stdout.as_str()), (Some(2), ""));
    assert!(open.stderr.contains("--api-key-file"), "{open:?}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "the-key\n").unwrap();
    let (child, url) = serve(&["--addr", "0.0.0.0:0", "--api-key-file", file.to_str().unwrap()]);
    assert_eq!(run(spark(&url).args(["estimate", "a fox"])).code, Some(3));
    assert_eq!(run(bare().args(["estimate", "a fox", "--base-url", &url, "--api-key-file"]).arg(&file)).code, Some(0));
    signal(child.id(), "TERM");
    finish(child);
}

#[test]
fn what_cannot_be_is_explained() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for (arguments, code, words) in [
        (["--failure-rate", "1.5"], 2, "--failure-rate must be 0 to 1"),
        (["--failure-rate", "-1"], 2, "--failure-rate must be 0 to 1"),
        (["--rate-limit", "0"], 2, "--rate-limit must be"),
        (["--price", "free"], 2, "decimal"),
        (["--fault", "http-5000"], 2, "did you mean \"http-500\"?"),
        (["--fault", "http-500:2"], 2, "the probability of http-500 is 0 to 1"),
        (["--fault", "wrong-size@create"], 2, "write wrong-size@KIND, of image"),
        (["--seed", "-1"], 2, "--seed"),
        (["--scenarios", "/nothing/here"], 9, "cannot use the scenario /nothing/here"),
        (["--latency", "later"], 2, "lognormal:12s:0.25"),
        (["--addr", "example.com:80"], 2, "IP:PORT"),
        (["--addr", &taken], 9, "in use"),
        (["--state", "/"], 9, "state file"),
        (["--api-key-file", "/nothing/here"], 9, "cannot be read"),
    ] {
        let ran = run(bare().arg("serve").args(arguments));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(words), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn tasks_fail_and_calls_are_refused_as_asked() {
    let (child, url) = serve(&["--latency", "0s", "--failure-rate", "1", "--rate-limit", "0.01", "--quiet"]);
    let ran = run(spark(&url).args(["submit", "a fox"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = run(spark(&url).args(["submit", "a fox", "--wait-timeout", "5s"]));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    signal(child.id(), "INT");
    finish(child);
}

/// Runs one with these faults and no others until it was asked to submit once; what that came to, and what it charged.
fn submit_once(faults: &[&str]) -> (Ran, u64) {
    let faults: Vec<_> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
    let (child, url) = serve(&faults);
    let ran = run(spark(&url).args(["submit", "a fox", "--json"]));
    let charged = stats(&url)["charges"]["count"].as_u64().unwrap();
    signal(child.id(), "INT");
    assert_eq!(finish(child).code, Some(0));
    (ran, charged)
}

/// The counters of an emulator, by the one request that they need.
fn stats(url: &str) -> Value {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /_emulator/stats HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn what_goes_wrong_on_purpose_goes_wrong() {
    for (fault, code, charged) in [
        ("reset-after-accept", 8, 1),
        ("http-500-after-accept@create", 8, 1),
        ("http-500", 8, 0),
        ("no-id", 8, 1),
        ("http-401", 3, 0),
        ("http-500@status", 0, 1),
        ("reset-after-accept:0", 0, 1),
    ] {
        let (ran, charges) = submit_once(&[fault]);
        assert_eq!((ran.code, charges), (Some(code), charged), "{fault}: {ran:?}");
    }
    let (ran, charges) = submit_once(&["http-401:0", "http-402"]);
    assert_eq!((ran.code, charges), (Some(4), 0), "several may be given: {ran:?}");
}

#[test]
fn a_seed_makes_a_run_repeatable() {
    let codes = |seed: &str| -> Vec<_> {
        let (child, url) = serve(&["--fault", "http-401:0.5@create", "--seed", seed]);
        let codes = (0..8).map(|_| run(spark(&url).args(["submit", "a fox"])).code).collect();
        signal(child.id(), "INT");
        finish(child);
        codes
    };
    let first = codes("1");
    assert!(first.contains(&Some(0)) && first.contains(&Some(3)), "{first:?}");
    assert_eq!(first, codes("1"));
}

#[test]
fn the_help_page_lists_every_fault() {
    let help = run(bare().args(["serve", "--help"])).stdout;
    for fault in Fault::all() {
        assert!(help.contains(&format!("\n  {} ", fault.name())), "{fault}");
    }
}
