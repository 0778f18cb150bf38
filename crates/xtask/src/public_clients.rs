//! `cargo xtask test public-clients`: public clients of the service, unchanged, against the emulator.

use std::error::Error;
use std::time::Duration;

use spark_t2i_emulator::{Emulator, Stats};

use crate::steps::Steps;
use crate::virtual_environment::VirtualEnvironment;

const SCRIPT: &str = "tests/public_clients/python_sdk.py";
const REQUIREMENTS: &str = "tests/public_clients/requirements.txt";

/// Installs the Python SDK at its pinned version, where it is not yet, and runs it against two emulators.
///
/// # Errors
/// When there is no Python, the installation fails, or the SDK or the emulators' counters show anything unexpected.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let options = ["--require-hashes", "--no-deps"];
    let environment = VirtualEnvironment::cached(steps, "public-clients", &[REQUIREMENTS], &options)?;
    let working = Emulator::builder().latency(Duration::from_millis(400)).start()?;
    let failing = Emulator::builder().latency(Duration::ZERO).failure_rate(1.0).start()?;
    let mut script = environment.command();
    script.args([SCRIPT, working.url(), failing.url()]);
    // A proxy is not asked for an address of this machine.
    script.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    steps.run("the public Python SDK against the emulator", &mut script)?;
    counted(&working.stats()).map_err(|wrong| format!("the working emulator counted {wrong}").into())
}

/// Whether the counters show what the script did, and nothing twice.
fn counted(stats: &Stats) -> Result<(), String> {
    let requests = stats.requests;
    let refused: Vec<_> = stats.refused.iter().map(|(status, count)| (*status, *count)).collect();
    for (what, counted, expected) in [
        ("tasks", stats.tasks.completed, 2),
        ("charges", stats.charges.count, 2),
        ("downloads", stats.downloads, 2),
        // Two that made a task, one that breaks a rule, one without a key.
        ("creates", requests.create, 4),
        ("requests to the catalogue", requests.catalogue, 4),
        ("requests that it did not know", requests.other, 0),
    ] {
        if counted != expected {
            return Err(format!("{counted} {what} and not {expected}: {stats:?}"));
        }
    }
    if refused == [(400, 1), (401, 1), (404, 2)] { Ok(()) } else { Err(format!("these refusals: {refused:?}")) }
}
