//! `cargo xtask test public-clients`: public clients of the service, unchanged, against the emulator.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use spark_t2i_emulator::{Emulator, Stats};

use crate::steps::{Steps, root};

const FOLDER: &str = "tests/public_clients";
/// The name of a file in the environment that says what was installed; it is written last.
const INSTALLED: &str = "installed.txt";

/// Installs the Python SDK at its pinned version, where it is not yet, and runs it against two emulators.
///
/// # Errors
/// When there is no Python, the installation fails, or the SDK or the emulators' counters show anything unexpected.
pub(crate) fn run(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let python = environment(steps)?;
    let working = Emulator::builder().latency(Duration::from_millis(400)).start()?;
    let failing = Emulator::builder().latency(Duration::ZERO).failure_rate(1.0).start()?;
    let mut script = Command::new(python);
    script.arg(format!("{FOLDER}/python_sdk.py")).args([working.url(), failing.url()]);
    // A proxy is not asked for an address of this machine.
    script.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").env("PYTHONUTF8", "1");
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

/// The Python of an environment that holds the pinned SDK. It lies in the user's cache, made once for each version.
fn environment(steps: &mut Steps) -> Result<PathBuf, Box<dyn Error>> {
    let requirements = Path::new(FOLDER).join("requirements.txt");
    let wanted = fs::read_to_string(root().join(&requirements))?;
    let pinned = wanted.lines().find_map(|line| line.split_whitespace().next()?.split_once("=="));
    let (package, version) = pinned.ok_or("requirements.txt pins no package with ==")?;
    let environment = cache()?.join("spark-t2i").join(format!("{package}-{version}"));
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if python.exists() && fs::read_to_string(environment.join(INSTALLED)).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let make = |program: &str| {
        let mut command = Command::new(program);
        command.args(["-m", "venv", "--clear"]).arg(&environment);
        command
    };
    let system = if cfg!(windows) { "python" } else { "python3" };
    steps.run("an environment for the public Python SDK", &mut make(system)).map_err(|error| {
        format!(
            "{error}; this part needs Python 3.10 or newer with venv and pip (python3-venv on Debian and Ubuntu). \
             `cargo xtask test rust` runs without it"
        )
    })?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]);
    steps.run(&format!("{package} {version}"), install.arg("--requirement").arg(requirements))?;
    fs::write(environment.join(INSTALLED), wanted)?;
    Ok(python)
}

/// The folder for what can be had again.
fn cache() -> Result<PathBuf, Box<dyn Error>> {
    // A relative path would mean another folder to each program that is started; the XDG rules pass over it, too.
    let named = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME")
        .or_else(|| named("LOCALAPPDATA"))
        .or_else(|| named("HOME").map(|home| home.join(".cache")));
    cache.ok_or_else(|| "there is no folder for a cache: set XDG_CACHE_HOME to its absolute path".into())
}
