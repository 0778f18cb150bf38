//! Promise 5: dropping a future stops at once, and the task goes on.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use spark_t2i::Request;

use crate::scripted::{Act, ID, Scripted};

#[tokio::test]
async fn a_dropped_wait_asks_no_more() {
    let server = Scripted::start(|_, _| Act::status("running"));
    let client = server.client();
    let task = client.task(ID).unwrap();
    let begin = Instant::now();
    let cancelled = tokio::time::timeout(Duration::from_millis(200), task.wait()).await;
    assert!(cancelled.is_err());
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(client.stats().waiting, 0);
    let asked = server.seen().len();
    assert!(asked > 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    // One more may have been on its way.
    assert!(server.seen().len() <= asked + 1, "something goes on in the background");
    // The task is still there to be waited for.
    assert_eq!(task.id().as_str(), ID);
    assert!(task.refresh().await.is_ok());
}

#[tokio::test]
async fn a_dropped_stream_of_events_asks_no_more() {
    let server =
        Scripted::start(|_, before| Act::json(200, &format!(r#"{{"status":"running","progress":0.{before:06}}}"#)));
    let client = server.client();
    let mut events = client.task(ID).unwrap().events();
    assert!(events.next().await.is_some());
    assert_eq!(client.stats().waiting, 1);
    drop(events);
    assert_eq!(client.stats().waiting, 0);
    let asked = server.seen().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(server.seen().len() <= asked + 1);
}

#[tokio::test]
async fn many_requests_stop_submitting_when_the_stream_is_dropped() {
    let server = Scripted::start(|seen, _| if seen.is_create() { Act::created() } else { Act::status("running") });
    let client = server.builder().max_in_flight(3).max_requests_per_second(0.0).build().unwrap();
    let mut many = client.generate_many((0..100).map(|seed| Request::new("a fox").seed(seed + 1)));
    assert!(tokio::time::timeout(Duration::from_millis(300), many.next()).await.is_err());
    assert_eq!(server.creates(), 3, "no more than max_in_flight at once");
    drop(many);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.creates(), 3);
}

/// Nobody will know its task, so at least it is counted.
#[tokio::test]
async fn a_submit_dropped_between_its_sending_and_its_answer_has_an_unknown_outcome() {
    let server = Scripted::start(|_, _| Act::silence());
    let client = server.builder().max_requests_per_second(1.0).build().unwrap();
    let given_up = async |client: &spark_t2i::Client| {
        let request = Request::new("a fox");
        assert!(tokio::time::timeout(Duration::from_millis(300), client.submit(&request)).await.is_err());
    };
    given_up(&client).await;
    assert_eq!((server.creates(), client.stats().outcomes_unknown), (1, 1));
    // This one still waits for its turn: nothing was sent, and nothing is unknown.
    given_up(&client).await;
    assert_eq!((server.creates(), client.stats().outcomes_unknown), (1, 1));
}
