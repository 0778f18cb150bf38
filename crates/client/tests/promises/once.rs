//! Promise 1: it never pays twice.

use std::net::TcpListener;
use std::time::Duration;

use spark_t2i::Request;

use crate::scripted::{Act, ID, Scripted};

fn request() -> Request {
    Request::new("a red fox in the snow")
}

#[tokio::test]
async fn a_connection_that_never_came_about_is_tried_again() {
    // A port that nobody listens on until a moment later.
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let later = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        Scripted::start_at(&address.to_string(), |_, _| Act::created())
    });
    let client = spark_t2i::Client::builder()
        .api_key("k")
        .base_url(format!("http://{address}"))
        .max_retries(10)
        .build()
        .unwrap();
    let task = client.submit(&request()).await.unwrap();
    assert_eq!(task.id().as_str(), ID);
    assert_eq!(later.join().unwrap().creates(), 1);
    assert!(client.stats().retries >= 1);
}

/// The retries of all calls draw on one budget: a service that fails for good sees at most a tenth more requests.
#[tokio::test]
async fn a_failing_service_is_not_drowned_in_retries() {
    let server = Scripted::start(|_, _| Act::json(500, ""));
    let builder = server.builder().max_requests_per_second(0.0).max_retries(1_000_000);
    let client = builder.wait_timeout(Duration::from_secs(2)).build().unwrap();
    let fails = |client: spark_t2i::Client| async move { client.estimate(&request()).await.unwrap_err() };
    // Spends the reserve.
    let mut burst = tokio::task::JoinSet::new();
    for _ in 0..400 {
        burst.spawn(fails(client.clone()));
    }
    burst.join_all().await;
    let before = server.seen().len();
    assert!((440..=490).contains(&before), "{before} requests for 400 attempts, a reserve of 50 and a tenth earned");
    // From now on only a tenth.
    for _ in 0..50 {
        fails(client.clone()).await;
    }
    let extra = server.seen().len() - before - 50;
    assert!(extra <= 6, "{extra} extra requests for 50 attempts");
}
