//! Log records, told aside. (By itself: a process has one subscriber.)

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::mpsc;
use std::time::Duration;

use spark_t2i_bridge::{LogLevel, listen_aside};

const LONG: Duration = Duration::from_secs(20);

#[test]
fn records_are_told_aside_from_the_first_to_the_last_that_somebody_listens_to() {
    let (first, told_first) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let slow = listen_aside(LogLevel::Info, move |record| {
        first.send(record.message.clone()).unwrap();
        wait.lock().unwrap().recv().unwrap();
    })
    .unwrap();
    tracing::info!(target: "spark_t2i::test", "one");
    assert_eq!(told_first.recv_timeout(LONG).as_deref(), Ok("one"), "who says it does not wait for who is told");

    // These are behind the one that is being told.
    tracing::info!(target: "spark_t2i::test", "two");
    let (second, told_second) = mpsc::channel();
    let _quick = listen_aside(LogLevel::Info, move |record| second.send(record.message.clone()).unwrap()).unwrap();
    tracing::debug!(target: "spark_t2i::test", "too fine");
    tracing::info!(target: "spark_t2i::test", "three");
    drop(slow);
    go_on.send(()).unwrap();
    assert_eq!(told_second.recv_timeout(LONG).as_deref(), Ok("three"), "not what was said before it listened");
    assert!(told_first.recv_timeout(LONG).is_err(), "nothing is told to who does not listen any more");
}
