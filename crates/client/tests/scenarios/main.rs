//! Every scenario of `tests/fixtures/scenarios`, side by side, with everything logged that is ever logged.
//!
//! `SCENARIO=part-of-a-name,another cargo test -p spark-t2i --test scenarios` runs some of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod log;
mod runner;

use std::path::Path;

use futures_util::{StreamExt, stream};
use serde_json::Value;
use spark_t2i_emulator::Emulator;

/// So few that two cores keep the times that the scenarios speak of.
const AT_ONCE: usize = 16;

/// The seconds that a case takes, where it says so.
fn at_least(case: &Value) -> f64 {
    case["expect"]["seconds"]["$from"].as_f64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_goes_as_it_says() {
    let log = log::everything();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/scenarios");
    let emulator = Emulator::builder().scenarios(folder).start().unwrap();
    let emulator = &emulator;
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let mut cases: Vec<_> = emulator
        .scenarios()
        .into_iter()
        .filter(|name| wanted.split(',').any(|part| name.contains(part)))
        .map(|name| (name, emulator.scenario(name).unwrap()))
        .collect();
    // The long ones first, so that the others pass beside them.
    cases.sort_by(|(_, one), (_, other)| at_least(other).total_cmp(&at_least(one)));
    let runs = stream::iter(cases).map(|(name, case)| async move {
        let outcome = runner::outcome(&case).await;
        let verdict = emulator.verdict(name, Some(&outcome)).unwrap();
        (name, case, outcome, verdict)
    });
    let runs: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
    assert!(!runs.is_empty(), "no scenario is called {wanted:?}");
    let (log, mut failures) = (log.text(), Vec::new());
    for (name, case, outcome, verdict) in &runs {
        let key = case["options"]["api_key"].as_str().unwrap().trim();
        let leak = log.lines().find(|line| line.contains(key)).map(|line| format!("the log holds the API key: {line}"));
        let differences: Vec<&String> = verdict.differences.iter().chain(&leak).collect();
        if !differences.is_empty() {
            failures.push(format!(
                "{name}: {}\n  {differences:#?}\n  outcome: {outcome}\n  requests: {:#?}",
                case["about"], verdict.requests
            ));
        }
    }
    println!("{} scenarios passed, {} failed", runs.len() - failures.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(log.contains("TRACE"), "nothing was logged, so nothing is shown");
}
