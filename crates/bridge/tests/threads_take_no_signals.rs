//! A program in Swift or C died of `SIGPIPE` when a server hung up: threads of ours took the signal. Alone in its process, whose
//! every thread is looked at.
#![cfg(all(target_os = "linux", feature = "emulator"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::time::Duration;

use spark_t2i_bridge::{Client, Courier, Emulator, EmulatorOptions, Options, Request, Step};

static COURIER: Courier<()> = Courier::new(|_| true);

/// As Linux numbers them.
const PIPE: u32 = 13;
const INTERRUPT: u32 = 2;
const SEGMENTATION: u32 = 11;

fn blocked(status: &str) -> impl Fn(u32) -> bool + use<> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
    let mask = u64::from_str_radix(line.trim(), 16).unwrap();
    move |signal| mask >> (signal - 1) & 1 == 1
}

#[test]
fn threads_take_no_signals() {
    let mine = blocked(&fs::read_to_string("/proc/thread-self/status").unwrap());
    let before: Vec<_> = fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().file_name()).collect();

    let emulator = Emulator::start(EmulatorOptions::default()).unwrap();
    let options =
        Options { api_key: Some("any".to_owned()), base_url: Some(emulator.url().to_owned()), ..Options::default() };
    let submit = Client::new(options).unwrap().submit(Request::new("a fox"), None);
    assert!(matches!(submit.wait(Duration::from_secs(20)), Step::Done(Ok(_))));
    COURIER.send(());
    COURIER.flush(Duration::from_secs(20));

    let mut seen = Vec::new();
    for entry in fs::read_dir("/proc/self/task").unwrap() {
        let entry = entry.unwrap();
        if before.contains(&entry.file_name()) {
            continue;
        }
        let status = fs::read_to_string(entry.path().join("status")).unwrap();
        let name = status.lines().next().unwrap().to_owned();
        let is_blocked = blocked(&status);
        assert!(is_blocked(PIPE) && is_blocked(INTERRUPT), "{name} takes signals");
        assert!(!is_blocked(SEGMENTATION), "{name} would end without a word");
        seen.push(name);
    }
    assert!(seen.len() >= 3, "the runtime, the courier and the emulator have threads: {seen:?}");
    let now = blocked(&fs::read_to_string("/proc/thread-self/status").unwrap());
    assert!((1..=31).all(|signal| mine(signal) == now(signal)), "the caller's own signals are as they were");
}
