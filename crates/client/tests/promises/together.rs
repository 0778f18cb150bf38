//! Several waits, one stream of requests.

use std::time::Duration;

use spark_t2i::{Client, ErrorKind, EventKind, Request};
use spark_t2i_emulator::Emulator;

use crate::scripted::{Act, ID, Scripted, completed};

fn looks(server: &Scripted) -> usize {
    server.seen().iter().filter(|seen| seen.line.starts_with("GET /model")).count()
}

#[tokio::test]
async fn waits_on_the_same_task_share_their_requests() {
    let server = Scripted::start(|seen, before| match before {
        _ if seen.is_create() => Act::created(),
        0..=6 => Act::status("running"),
        _ => completed("http://127.0.0.1:1/x.png", None),
    });
    let client = server.builder().poll_interval(Duration::from_millis(50)).build().unwrap();
    let task = client.submit(&Request::new("a fox")).await.unwrap();
    let again = client.task(ID).unwrap();
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..20 {
        let task = if number % 2 == 0 { task.clone() } else { again.clone() };
        waits.spawn(async move { task.wait().await });
    }
    assert!(waits.join_all().await.into_iter().all(|image| image.is_ok()));
    // One look more is the first wait's own: a task that is known by its id is asked for at once.
    assert!((7..=8).contains(&looks(&server)), "{} looks for twenty waits", looks(&server));
    assert_eq!((client.stats().completed, client.stats().waiting), (1, 0));
}

#[tokio::test]
async fn a_wait_that_is_cancelled_leaves_the_others_alone_and_the_last_one_stops_the_polling() {
    let server = Scripted::start(|_, _| Act::status("running"));
    let client = server.builder().poll_interval(Duration::from_millis(50)).build().unwrap();
    let task = client.task(ID).unwrap();
    let (one, other) = (task.clone(), task.clone());
    let one = tokio::spawn(async move { one.wait().await.map(|_| ()) });
    let other = tokio::spawn(async move { other.wait_for(Duration::from_millis(700)).await.map(|_| ()) });
    tokio::time::sleep(Duration::from_millis(200)).await;
    one.abort();
    assert!(one.await.unwrap_err().is_cancelled());
    let before = looks(&server);
    let error = other.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(looks(&server) > before + 3, "the other wait went on");
    let after = looks(&server);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(looks(&server), after, "nobody waits any more");
}

/// Each with its own deadline: the shorter one ends at its time, with a last look of its own.
#[tokio::test]
async fn waits_of_one_task_have_their_own_deadlines() {
    let server = Scripted::start(|_, _| Act::status("running"));
    let client = server.builder().poll_interval(Duration::from_secs(60)).build().unwrap();
    let task = client.task(ID).unwrap();
    let begin = std::time::Instant::now();
    let ends = [600, 1200].map(|millis| {
        let task = task.clone();
        async move {
            let error = task.wait_for(Duration::from_millis(millis)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout);
            begin.elapsed()
        }
    });
    let ends = futures_util::future::join_all(ends).await;
    for (end, millis) in ends.iter().zip([600, 1200]) {
        let late = end.as_secs_f64() - f64::from(millis) / 1000.0;
        assert!((0.0..0.4).contains(&late), "{millis} ms: {end:?}");
    }
    assert_eq!(looks(&server), 3, "the first, and a last one for each");
}

/// A runtime may end while another one waits on the same client: that one goes on.
#[test]
fn waits_go_on_when_the_runtime_that_asked_for_them_ends() {
    let server =
        Scripted::start(
            |_, before| {
                if before < 10 { Act::status("running") } else { completed("http://127.0.0.1:1/x.png", None) }
            },
        );
    let client = server.builder().poll_interval(Duration::from_millis(50)).build().unwrap();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let task = client.task(ID).unwrap();
    let other = client.task("another-task").unwrap();
    first.spawn(async move { other.wait().await.map(|_| ()) });
    std::thread::sleep(Duration::from_millis(120));
    let waiting = second.spawn(async move { task.wait().await });
    std::thread::sleep(Duration::from_millis(120));
    first.shutdown_timeout(Duration::from_secs(1));
    let image = second.block_on(async { tokio::time::timeout(Duration::from_secs(10), waiting).await });
    assert!(image.expect("it went on").unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counters_tell_states_lag_price_and_budget() {
    let emulator = Emulator::builder().latency(Duration::from_millis(700)).seed(1).start().unwrap();
    let client = Client::builder().api_key("k").base_url(emulator.url()).build().unwrap();
    let before = client.stats();
    assert_eq!((before.lag_seconds.count, before.lag_seconds.mean, before.poll_price), (0, None, 0.1));
    assert_eq!(before.requests_per_second_allowed, Some(50.0));
    let tasks: Vec<_> = futures_util::future::join_all((0..12).map(|seed| {
        let client = client.clone();
        async move { client.submit(&Request::new("a fox").seed(seed + 1)).await.unwrap() }
    }))
    .await;
    let waits = futures_util::future::join_all(tasks.iter().map(spark_t2i::Task::wait));
    let (images, during) = futures_util::future::join(waits, async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        client.stats()
    })
    .await;
    assert!(images.iter().all(Result::is_ok));
    assert_eq!((during.waiting, during.queued + during.running), (12, 12), "{during:?}");
    let after = client.stats();
    assert_eq!((after.completed, after.waiting, after.running), (12, 0, 0));
    let lags: Vec<f64> = tasks.iter().filter_map(spark_t2i::Task::lag_seconds).collect();
    assert_eq!(lags.len(), 12, "the emulator dates its completions");
    assert!(lags.iter().all(|lag| (0.0..3.0).contains(lag)), "{lags:?}");
}

#[tokio::test]
async fn events_tell_every_try_of_a_look() {
    use futures_util::StreamExt;
    let server = Scripted::start(|_, before| match before {
        0 => Act::status("queued"),
        1 => Act::json(503, ""),
        2 => Act::status("running"),
        _ => completed("http://127.0.0.1:1/x.png", None),
    });
    let client = server.client();
    let events: Vec<_> = client.task(ID).unwrap().events().map(|event| event.kind.as_str()).collect().await;
    assert_eq!(events, ["queued", "retrying", "running", "completed"]);
    let kind = |kind: &EventKind| matches!(kind, EventKind::Completed(_));
    assert!(kind(&client.task(ID).unwrap().events().next().await.unwrap().kind));
}
