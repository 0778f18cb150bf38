//! A wait that is told what happens, and calls with timeouts of their own.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use spark_t2i::{ErrorKind, Request, WaitOptions};

use crate::scripted::{Act, ID, Scripted, completed};

#[tokio::test]
async fn a_wait_tells_the_same_events_that_the_stream_yields_and_then_the_image() {
    let server = Scripted::start(|seen, before| match before {
        _ if seen.is_create() => Act::created(),
        1 => Act::status("queued"),
        2 => Act::status("running"),
        _ => completed("http://127.0.0.1:1/x.png", None),
    });
    let client = server.builder().poll_interval(Duration::from_millis(20)).build().unwrap();
    let task = client.submit(&Request::new("a fox")).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let options = WaitOptions::default().on_event(move |event| tell.lock().unwrap().push(event.kind.as_str()));
    let image = task.wait_with(options).await.unwrap();
    assert_eq!(image.task_id().as_str(), ID);
    let told = told.lock().unwrap();
    assert_eq!((told.first(), told.last()), (Some(&"submitted"), Some(&"completed")), "{told:?}");
    assert!(told.contains(&"running"), "{told:?}");
}

#[tokio::test]
async fn the_last_event_of_a_wait_that_fails_is_its_failure() {
    let server = Scripted::start(|_, _| Act::status("failed"));
    let client = server.builder().build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let options = WaitOptions::default().on_event(move |event| tell.lock().unwrap().push(event.kind.as_str()));
    let error = client.task(ID).unwrap().wait_with(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    assert_eq!(*told.lock().unwrap(), ["failed"]);
}

#[tokio::test]
async fn a_timeout_of_a_call_stands_in_place_of_the_clients() {
    let server = Scripted::start(|_, _| Act::status("running"));
    let client = server.builder().max_retries(0).build().unwrap();
    let begin = Instant::now();
    let half = Some(Duration::from_millis(500));
    let task = client.task(ID).unwrap();
    let waiting = task.wait_with(WaitOptions::default().timeout(Duration::from_millis(500)));
    assert_eq!(waiting.await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(task.refresh_within(half).await.unwrap().status.as_str(), "running");
    let silent = Scripted::start(|_, _| Act::BytesThenSilence(Vec::new()));
    let client = silent.builder().build().unwrap();
    let submitted = client.submit_within(&Request::new("a fox"), half).await;
    assert_eq!(submitted.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    let estimated = client.estimate_within(&Request::new("a fox"), half).await;
    assert_eq!(estimated.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(client.task(ID).unwrap().refresh_within(half).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}
