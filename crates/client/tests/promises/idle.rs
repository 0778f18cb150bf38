//! Row 6 of the table of faults: a connection that the server closes at the moment of its reuse.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use spark_t2i::{Client, ErrorKind, Request};
use spark_t2i_emulator::{Emulator, Verdict};

const SUBMITS_EACH: u64 = 4;

/// What came of many submits, each on a connection that had been idle for about as long as the server lets it.
struct Submitted {
    known: usize,
    unknown: usize,
    verdict: Verdict,
}

/// Several clients submit side by side, each four times in a row, with pauses spread evenly around the server's limit.
async fn submit_at_the_limit(clients: u64, limit: Duration, spread: Duration) -> Submitted {
    let folder = tempfile::tempdir().unwrap();
    write_scenario(folder.path(), limit);
    let emulator = Emulator::builder().scenarios(folder.path()).start().unwrap();
    let case = emulator.scenario("idle").unwrap();
    let text = |name: &str| case["options"][name].as_str().unwrap().to_owned();
    let runs = (0..clients).map(|number| {
        let client = Client::builder().api_key(text("api_key")).base_url(text("base_url")).build().unwrap();
        let pause = limit.saturating_sub(spread) + (spread * 2).mul_f64(to_float(number) / to_float(clients));
        async move {
            let (mut known, mut unknown) = (0, 0);
            for submit in 0..SUBMITS_EACH {
                if submit > 0 {
                    tokio::time::sleep(pause).await;
                }
                match client.submit(&Request::new("a fox")).await {
                    Ok(_) => known += 1,
                    Err(error) if error.kind() == ErrorKind::OutcomeUnknown => unknown += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
            (known, unknown)
        }
    });
    let (known, unknown): (Vec<usize>, Vec<usize>) = join_all(runs).await.into_iter().unzip();
    let verdict = emulator.verdict("idle", None).unwrap();
    Submitted { known: known.iter().sum(), unknown: unknown.iter().sum(), verdict }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn to_float(number: u64) -> f64 {
    number as f64
}

fn write_scenario(folder: &Path, limit: Duration) {
    let scenario = json!({
        "name": "idle",
        "about": "The server closes connections that are idle for too long.",
        "call": {"do": "submit"},
        "server": {"create": [{"json": {"id": "d758n65e", "status": "queued"}, "idle_close_seconds": limit.as_secs_f64()}]},
        "expect": {},
        "requests": {"create": {"$from": 0}},
        "charges": {"$from": 0},
    });
    std::fs::write(folder.join("idle.json"), scenario.to_string()).unwrap();
}

/// Five seconds are what many servers allow.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_submits_at_a_servers_idle_limit_are_neither_lost_nor_doubled() {
    let submitted = submit_at_the_limit(250, Duration::from_secs(5), Duration::from_millis(100)).await;
    assert_eq!((submitted.known, submitted.unknown), (1_000, 0));
    assert_eq!(submitted.verdict.charges, 1_000, "{:?}", submitted.verdict.differences);
    assert!(submitted.verdict.passed, "{:?}", submitted.verdict.differences);
}

/// A server with a limit that nobody can know may close just when a submit is under way. That is told, and not repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_nobody_knows_doubles_no_submit_and_loses_none_in_silence() {
    let submitted = submit_at_the_limit(250, Duration::from_millis(150), Duration::from_millis(2)).await;
    assert_eq!(submitted.known + submitted.unknown, 1_000);
    let charges = usize::try_from(submitted.verdict.charges).unwrap();
    assert!((submitted.known..=1_000).contains(&charges), "{} known, {charges} charged", submitted.known);
    println!("{} of 1000 submits met the closing and said so", submitted.unknown);
}
