//! Promise 1: it never pays twice.

use std::net::TcpListener;
use std::time::Duration;

use spark_t2i::{Charged, Error, ErrorKind, OnOutcomeUnknown, Request};

use crate::scripted::{Act, ID, Scripted};

type Case = (&'static str, fn() -> Act);

fn request() -> Request {
    Request::new("a red fox in the snow")
}

/// Submits to a server that answers every create like this; how many creates arrived, and the error.
async fn submit(answer: impl Fn() -> Act + Send + Sync + 'static) -> (usize, Error) {
    let server = Scripted::start(move |_, _| answer());
    let client = server.builder().request_timeout(Duration::from_millis(300)).build().unwrap();
    let error = client.submit(&request()).await.unwrap_err();
    (server.creates(), error)
}

#[tokio::test]
async fn an_ambiguous_failure_after_the_request_went_out_is_never_repeated() {
    let ambiguous: [Case; 18] = [
        ("reset", Act::reset),
        ("closed without an answer", || Act::Close),
        ("silence until the request timeout", Act::silence),
        ("half a head", || Act::BytesThenReset(b"HTTP/1.1 200 OK\r\nConte".to_vec())),
        ("half a body", || Act::BytesThenReset(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":\"d7".to_vec())),
        ("500", || Act::json(500, r#"{"error":{"code":3001099,"error_message":"no"}}"#)),
        ("502", || Act::json(502, "<html>bad gateway</html>")),
        ("503 that promises nothing", || Act::json(503, "")),
        ("504", || Act::json(504, "")),
        ("408", || Act::json(408, "")),
        ("302", || Act::json(302, "").header("Location", "/login")),
        ("200 without an id", || Act::json(200, r#"{"status":"in_progress","error":"queue full"}"#)),
        ("200 with an empty body", || Act::json(200, "")),
        ("200 with HTML", || Act::json(200, "<html></html>")),
        ("200 with truncated JSON", || Act::json(200, r#"{"id":"d758n"#)),
        ("200 with an id that leaves its path", || Act::json(200, r#"{"id":"a/../../b"}"#)),
        ("200 with an id of 10 000 characters", || Act::json(200, &format!(r#"{{"id":"{}"}}"#, "x".repeat(10_000)))),
        ("204", || Act::json(204, "")),
    ];
    for (name, answer) in ambiguous {
        let (creates, error) = submit(answer).await;
        assert_eq!(creates, 1, "{name}: a second submit was sent");
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{name}: {error:?}");
        assert_eq!((error.charged(), error.retryable()), (Charged::Unknown, false), "{name}");
    }
}

#[tokio::test]
async fn the_body_of_an_unreadable_answer_is_kept() {
    let (_, error) = submit(|| Act::json(200, r#"{"task":"moved to another field"}"#)).await;
    assert_eq!(error.body(), Some(r#"{"task":"moved to another field"}"#));
    let (_, error) = submit(|| Act::json(500, r#"{"error":{"code":"003001099","message":"no room"}}"#)).await;
    assert_eq!(error.code().unwrap().to_string(), "003001099");
    assert!(error.message().contains("no room"), "{error}");
}

#[tokio::test]
async fn a_clear_refusal_is_reported_at_once_and_costs_nothing() {
    for (status, body, kind) in [
        (400, r#"{"error":{"code":3001002,"error_message":"too long"}}"#, ErrorKind::InvalidRequest),
        (422, "{}", ErrorKind::InvalidRequest),
        (401, r#"{"message":"no"}"#, ErrorKind::Authentication),
        (402, "", ErrorKind::InsufficientBalance),
        (403, "", ErrorKind::Permission),
        (
            403,
            r#"{"status":{"code":402,"message":"top up","error_code":40201},"data":null}"#,
            ErrorKind::InsufficientBalance,
        ),
        (404, "", ErrorKind::NotFound),
        (307, "", ErrorKind::Protocol),
        (418, "", ErrorKind::Protocol),
    ] {
        let (creates, error) = submit(move || Act::json(status, body)).await;
        assert_eq!((creates, error.kind(), error.charged()), (1, kind, Charged::No), "{status} {body}: {error:?}");
        assert_eq!(error.http_status(), Some(status));
    }
}

#[tokio::test]
async fn an_invalid_request_is_not_even_sent() {
    let server = Scripted::start(|_, _| Act::created());
    let error = server.client().submit(&Request::new(" ").seed(0).size(100, 100)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.violations().len(), 3);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn limits_that_say_so_are_waited_out() {
    for status in [429, 503] {
        let server = Scripted::start(move |_, before| {
            if before == 0 { Act::json(status, "").header("Retry-After", "1") } else { Act::created() }
        });
        let task = server.client().submit(&request()).await.unwrap();
        assert_eq!(task.id().as_str(), ID);
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        assert!(seen[1].at - seen[0].at >= Duration::from_secs(1), "{status}: sooner than the service asked for");
        assert_eq!(seen[0].body, seen[1].body);
    }
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

#[tokio::test]
async fn nobody_listening_ends_as_a_connection_error_that_cost_nothing() {
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", reserved.local_addr().unwrap());
    drop(reserved);
    let client = spark_t2i::Client::builder().api_key("k").base_url(url).max_retries(1).build().unwrap();
    let error = client.submit(&request()).await.unwrap_err();
    assert_eq!((error.kind(), error.charged(), error.retryable()), (ErrorKind::Connection, Charged::No, true));
    assert!(error.cause().unwrap().contains("refused"), "{:?}", error.cause());
}

#[tokio::test]
async fn resubmitting_after_an_unknown_outcome_has_to_be_asked_for() {
    let server = Scripted::start(|_, before| if before == 0 { Act::reset() } else { Act::created() });
    let client = server.builder().on_outcome_unknown(OnOutcomeUnknown::Resubmit).build().unwrap();
    assert!(client.submit(&request()).await.is_ok());
    assert_eq!(server.creates(), 2);
    assert_eq!(client.stats().outcomes_unknown, 1);
}

#[tokio::test]
async fn a_refusal_after_a_try_of_unknown_outcome_does_not_call_it_free() {
    let server = Scripted::start(|_, before| if before == 0 { Act::reset() } else { Act::json(402, "") });
    let client = server.builder().on_outcome_unknown(OnOutcomeUnknown::Resubmit).build().unwrap();
    let error = client.submit(&request()).await.unwrap_err();
    assert_eq!((server.creates(), error.kind()), (2, ErrorKind::InsufficientBalance));
    assert_eq!((error.charged(), error.retryable()), (Charged::Unknown, false));
    assert!(error.message().contains("earlier try"), "{error}");
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
