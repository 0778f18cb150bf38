//! Promise 6: money is exact.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use spark_t2i::{Decimal, Request};

use crate::scripted::{Act, Scripted};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Thirty tasks of a price that binary floats cannot add up, each with an id of its own.
#[tokio::test]
async fn costs_are_summed_exactly_and_once_a_task() {
    let created = AtomicUsize::new(0);
    let server = Scripted::start(move |seen, _| {
        if seen.is_create() {
            return Act::json(
                200,
                &format!(r#"{{"id":"task{}","status":"queued"}}"#, created.fetch_add(1, Ordering::SeqCst)),
            );
        }
        let id = seen.line.rsplit('/').next().unwrap();
        // As a string and as a number: the digits of both count.
        let cost =
            if id.ends_with('3') { "0.100000000000000000000000000001" } else { "\"0.100000000000000000000000000001\"" };
        Act::json(
            200,
            &format!(
                r#"{{"status":"completed","output":[{{"content":[{{"type":"image","url":"http://127.0.0.1/x"}}]}}],"usage":{{"cost":{cost}}}}}"#
            ),
        )
    });
    let client = server.builder().max_requests_per_second(0.0).build().unwrap();
    let images: Vec<_> = client.generate_many((0..30).map(|_| Request::new("a fox"))).collect().await;
    for generated in &images {
        let image = generated.result.as_ref().unwrap();
        assert_eq!(image.cost(), Some(&decimal("0.100000000000000000000000000001")));
        // Seen once more, it does not count once more.
        client.task(image.task_id().as_str()).unwrap().refresh().await.unwrap();
    }
    let mut indices: Vec<_> = images.iter().map(|generated| generated.index).collect();
    indices.sort_unstable();
    assert_eq!(indices, (0..30).collect::<Vec<_>>());
    assert_eq!(client.stats().cost.to_string(), "3.000000000000000000000000000030");
    assert_eq!(client.stats().completed, 30);
}

#[tokio::test]
async fn a_cost_that_is_not_there_loses_no_image() {
    for usage in [r#"{"cost":""}"#, r#"{"cost":null}"#, "{}", "null", r#"{"cost":"much"}"#, r#"{"cost":[]}"#, "7"] {
        let server = Scripted::start(move |_, _| {
            Act::json(
                200,
                &format!(
                    r#"{{"status":"completed","output":[{{"content":[{{"type":"image","url":"http://127.0.0.1/x"}}]}}],"usage":{usage}}}"#
                ),
            )
        });
        let client = server.client();
        let image = client.task("a").unwrap().wait().await.unwrap();
        assert_eq!(image.cost(), None, "{usage}");
        assert!(client.stats().cost.is_zero());
    }
}

#[tokio::test]
async fn estimates_are_exact_or_none() {
    let server = Scripted::start(|_, before| match before {
        0 => Act::json(503, ""),
        1 => Act::json(200, r#"{"data":{"cost":"0.0357","currency":"USD","discount":0.7},"status":"success"}"#),
        _ => Act::json(200, r#"{"data":{"cost":null,"reason":"COST_CACHE_MISS"},"status":"failed"}"#),
    });
    let client = server.client();
    let request = Request::new("a fox");
    assert_eq!(client.estimate(&request).await.unwrap().unwrap().cost.to_string(), "0.0357");
    assert_eq!(client.estimate(&request).await.unwrap(), None);
    assert_eq!(server.seen()[0].line, "POST /model/v1/generation/precharge");
    assert_eq!(client.stats().estimate_requests, 3);
}
