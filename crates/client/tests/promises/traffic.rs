//! What goes over the wire: the form of requests, and how many connections carry them.

use std::collections::HashMap;
use std::time::Duration;

use spark_t2i::Request;

use crate::scripted::{Act, ID, Scripted};

#[tokio::test]
async fn requests_have_the_form_of_the_protocol() {
    for path in ["", "/", "/gateway/v2", "/gateway/v2/"] {
        let server = Scripted::start(|_, _| Act::created());
        let client =
            server.builder().base_url(format!("{}{path}", server.url())).user_agent_suffix("fox/1.0").build().unwrap();
        let task =
            client.submit(&Request::new("雪 \"fox\"").size(2560, 1440).seed(-1).use_pre_llm(false)).await.unwrap();
        task.refresh().await.unwrap();
        let [create, look] = &server.seen()[..] else { panic!("two requests") };
        let prefix = path.trim_end_matches('/');
        assert_eq!(create.line, format!("POST {prefix}/model/v1/generation"));
        assert_eq!(look.line, format!("GET {prefix}/model/v1/generation/task/{ID}"));
        assert_eq!(
            String::from_utf8_lossy(&create.body),
            r#"{"model":"spark_t2i_3_0","input":[{"params":{"prompt":"雪 \"fox\"","use_pre_llm":false,"seed":-1,"width":2560,"height":1440}}]}"#
        );
        assert_eq!(create.header("content-type"), Some("application/json"));
        for seen in [create, look] {
            assert_eq!(seen.header("accept"), Some("application/json"));
            assert_eq!(seen.header("accept-encoding"), None);
            assert_eq!(seen.header("user-agent"), Some(concat!("spark-t2i/", env!("CARGO_PKG_VERSION"), " fox/1.0")));
        }
    }
}

#[tokio::test]
async fn a_thousand_waiting_tasks_do_not_open_a_thousand_connections() {
    let server = Scripted::start(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        Act::status("running")
    });
    let client =
        server.builder().max_requests_per_second(0.0).poll_interval(Duration::from_millis(500)).build().unwrap();
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let task = client.task(&format!("task{number}")).unwrap();
        waits.spawn(async move { task.wait_for(Duration::from_secs(5)).await });
    }
    for ended in waits.join_all().await {
        assert_eq!(ended.unwrap_err().kind(), spark_t2i::ErrorKind::Timeout);
    }
    // 32 at once; one that ends may have a successor.
    assert!(server.connections() <= 64, "{} connections", server.connections());
    let asked = server.seen().iter().fold(HashMap::new(), |mut asked, seen| {
        *asked.entry(seen.line.clone()).or_insert(0) += 1;
        asked
    });
    assert_eq!(asked.len(), 1_000, "nobody starves");
}

#[tokio::test]
async fn the_client_keeps_to_its_rate() {
    let server = Scripted::start(|_, _| Act::status("running"));
    let client =
        server.builder().max_requests_per_second(20.0).poll_interval(Duration::from_millis(10)).build().unwrap();
    let waits = (0..10).map(|number| {
        let task = client.task(&format!("task{number}")).unwrap();
        async move { task.wait_for(Duration::from_millis(1_500)).await }
    });
    futures_util::future::join_all(waits).await;
    let seen = server.seen().len();
    assert!((10..=32).contains(&seen), "{seen} requests in 1.5 s at 20 a second");
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use crate::scripted::{completed, png, with_image};

    #[test]
    fn the_blocking_client_does_the_same() {
        let server = with_image(|_, _| Act::Reply(200, vec![], png()), None);
        let client = server.builder().build_blocking().unwrap();
        let image = client.generate(Request::new("a fox")).unwrap();
        assert_eq!(image.bytes().unwrap(), png());
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(image.save(folder.path().join("fox.png")).unwrap().bytes, png().len() as u64);
        let task = client.submit(&Request::new("a fox")).unwrap();
        assert!(task.events().last().unwrap().is_terminal());
        assert_eq!(task.images().len(), 1);
        let many: Vec<_> = client.generate_many([Request::new("a"), Request::new("")]).collect();
        assert_eq!(many.len(), 2);
        assert_eq!(many.iter().filter(|generated| generated.result.is_ok()).count(), 1);
        assert_eq!(client.stats().submitted, 3);
    }

    #[tokio::test]
    async fn the_blocking_client_refuses_to_stop_an_async_runtime() {
        let server = Scripted::start(|_, _| completed("http://127.0.0.1/x", None));
        let client = server.builder().build_blocking().unwrap();
        let error = client.generate(Request::new("a fox")).unwrap_err();
        assert!(error.message().contains("async"), "{error}");
        let events: Vec<_> = client.task(ID).unwrap().events().collect();
        assert!(events.len() == 1 && events[0].is_terminal(), "{events:?}");
        assert!(client.generate_many([Request::new("a fox")]).all(|generated| generated.result.is_err()));
        // The end of its runtime is no reason to crash either.
        drop(client);
    }
}
