//! Promise 3: polling survives whatever does not end the task.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use spark_t2i::{ErrorKind, Request};

use crate::scripted::{Act, ID, Scripted, completed};

#[tokio::test]
async fn trouble_while_polling_does_not_fail_the_task() {
    let server = Scripted::start(|seen, before| match before {
        0 => Act::created(),
        1 => Act::reset(),
        2 => Act::json(500, "<html>"),
        3 => Act::json(429, "slow down").header("Retry-After", "1"),
        4 => Act::json(200, "<html>not JSON</html>"),
        5 => Act::json(200, r#"{"id":"d758n65e878c73cmdg20","status":"comple"#),
        6 => Act::Close,
        7 => Act::json(404, ""),
        8 => Act::Reply(200, vec![], vec![0xff, 0xfe, 0x00]),
        9 => Act::json(503, "").header("Retry-After", "abc"),
        10 => Act::json(408, ""),
        11 => Act::status("a_word_never_heard_of"),
        12 => Act::json(200, r#"{"status":"running","progress":NaN}"#),
        13 => Act::BytesThenReset(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"status\":\"comp".to_vec()),
        14 => Act::Reply(200, vec![], vec![b' '; 3 << 20]),
        _ => completed(&format!("http://{}/image", seen.header("host").unwrap()), None),
    });
    let image = server.client().generate(Request::new("a fox")).await.unwrap();
    assert_eq!(image.task_id().as_str(), ID);
    assert_eq!(server.creates(), 1);
    let seen = server.seen();
    assert!(seen[4].at - seen[3].at >= Duration::from_secs(1), "Retry-After is a floor of the gap");
}

#[tokio::test]
async fn a_refused_key_ends_the_wait_at_once() {
    for (status, kind) in
        [(401, ErrorKind::Authentication), (403, ErrorKind::Permission), (402, ErrorKind::InsufficientBalance)]
    {
        let server =
            Scripted::start(move |_, before| if before == 0 { Act::status("running") } else { Act::json(status, "") });
        let error = server.client().task(ID).unwrap().wait().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_task_that_is_not_known_yet_has_a_grace() {
    let begin = Mutex::new(None);
    let server = Scripted::start(move |seen, _| {
        let begin = *begin.lock().unwrap().get_or_insert_with(Instant::now);
        if begin.elapsed() < Duration::from_secs(2) {
            Act::json(404, "")
        } else {
            completed(&format!("http://{}/image", seen.header("host").unwrap()), None)
        }
    });
    assert!(server.client().task(ID).unwrap().wait().await.is_ok());
}

#[tokio::test]
async fn a_task_that_is_never_found_is_given_up_after_the_grace() {
    let server = Scripted::start(|_, _| Act::json(404, ""));
    let client = server.builder().poll_interval(Duration::from_millis(500)).build().unwrap();
    let begin = Instant::now();
    let error = client.task(ID).unwrap().wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.task_id().unwrap().as_str(), ID);
    let took = begin.elapsed();
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(15), "{took:?}");
    // One look does not wait.
    assert_eq!(client.task(ID).unwrap().refresh().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn trouble_brings_the_service_no_more_requests_than_the_schedule() {
    let server = Scripted::start(|_, _| Act::json(500, ""));
    let client = server
        .builder()
        .poll_interval(Duration::from_millis(100))
        .wait_timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    let error = client.task(ID).unwrap().wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.cause().unwrap().contains("cannot answer now"), "{error:?}");
    assert!(server.seen().len() <= 12, "{} requests in a second at an interval of 100 ms", server.seen().len());
}
