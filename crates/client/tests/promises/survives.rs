//! Promise 3: polling survives whatever does not end the task.

use std::time::Duration;

use spark_t2i::ErrorKind;

use crate::scripted::{Act, ID, Scripted};

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
