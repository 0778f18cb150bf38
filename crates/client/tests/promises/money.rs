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
