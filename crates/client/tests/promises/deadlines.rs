//! Promise 4: deadlines hold, and the last look comes at the deadline.

use std::future::Future;
use std::time::{Duration, Instant};

use spark_t2i::{Error, ErrorKind, Request};

use crate::scripted::{Act, ID, Scripted, completed, png, with_image};

const DEADLINE: Duration = Duration::from_millis(700);

/// Runs the call and checks that it ended with a timeout at the deadline.
async fn times_out<T>(call: impl Future<Output = Result<T, Error>>) -> Error {
    let begin = Instant::now();
    let error = call.await.err().expect("a timeout");
    let took = begin.elapsed();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(took >= DEADLINE - Duration::from_millis(100), "too early: {took:?}");
    // Wide, for a machine under load; a deadline that does not hold misses by much more.
    assert!(took <= DEADLINE + Duration::from_millis(500), "too late: {took:?}");
    error
}

#[tokio::test]
async fn a_task_that_never_ends_times_out_at_the_deadline_with_its_id() {
    let server = Scripted::start(|seen, _| if seen.is_create() { Act::created() } else { Act::status("running") });
    let client = server.builder().wait_timeout(DEADLINE).build().unwrap();
    let error = times_out(client.generate(Request::new("a fox"))).await;
    assert_eq!(error.task_id().unwrap().as_str(), ID);
    assert!(error.retryable());
}

#[tokio::test]
async fn the_time_of_a_silent_answer_and_of_a_slow_body_counts() {
    for act in [Act::silence as fn() -> Act, || {
        Act::Trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".repeat(50), Duration::from_millis(5))
    }] {
        let server = Scripted::start(move |_, _| act());
        let client = server.builder().wait_timeout(DEADLINE).build().unwrap();
        times_out(client.task(ID).unwrap().wait()).await;
    }
}

#[tokio::test]
async fn a_wait_may_have_a_timeout_of_its_own() {
    let server = Scripted::start(|_, _| Act::status("running"));
    times_out(server.client().task(ID).unwrap().wait_for(DEADLINE)).await;
}

#[tokio::test]
async fn a_long_gap_does_not_swallow_the_last_look() {
    let begin = Instant::now();
    let server = Scripted::start(move |seen, _| {
        if begin.elapsed() < DEADLINE / 2 {
            Act::status("running")
        } else {
            completed(&format!("http://{}/image", seen.header("host").unwrap()), None)
        }
    });
    let client = server.builder().poll_interval(Duration::from_secs(3600)).wait_timeout(DEADLINE).build().unwrap();
    let task = client.task(ID).unwrap();
    let ended = tokio::time::timeout(DEADLINE * 4, task.wait()).await;
    assert!(ended.is_ok_and(|ended| ended.is_ok()), "the task completed before the deadline");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_wait_that_the_service_asks_for_does_not_go_beyond_the_deadline() {
    let server = Scripted::start(|_, _| Act::json(429, "").header("Retry-After", "500"));
    let client = server.builder().wait_timeout(DEADLINE).build().unwrap();
    times_out(client.task(ID).unwrap().wait()).await;
    // A submit that cannot be repeated in time is not waited for at all.
    let begin = Instant::now();
    let error = client.submit(&Request::new("a fox")).await.unwrap_err();
    assert!(begin.elapsed() < DEADLINE * 2);
    assert!(matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Timeout), "{error:?}");
}

#[tokio::test]
async fn a_download_that_stalls_or_trickles_ends_at_the_deadline() {
    let head = || format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", png().len()).into_bytes();
    for act in [
        Box::new(move || Act::BytesThenSilence([head(), png()[..100].to_vec()].concat()))
            as Box<dyn Fn() -> Act + Send + Sync>,
        Box::new(move || Act::Trickle([head(), png()].concat(), Duration::from_millis(20))),
        Box::new(Act::silence),
    ] {
        let server = with_image(move |_, _| act(), None);
        let client = server.builder().wait_timeout(DEADLINE).build().unwrap();
        let image = client.generate(Request::new("a fox")).await.unwrap();
        let error = times_out(image.bytes()).await;
        assert_eq!(error.task_id().unwrap().as_str(), ID);
    }
}
