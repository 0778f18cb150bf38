//! `cargo xtask test python` and `cargo xtask bench python`: the wheel as its users get it, tested and measured.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::steps::{Steps, cargo_target, only, root};
use crate::virtual_environment::VirtualEnvironment;

/// Whoever installs it waits for it.
const LARGEST_WHEEL: u64 = 5_000_000;
const BUILD_REQUIREMENTS: &str = "python/requirements-build.txt";
const TEST_REQUIREMENTS: &str = "python/tests/requirements.txt";
const BENCHMARK_REQUIREMENTS: &str = "python/benchmarks/requirements.txt";
const PACKAGE: &str = "python/spark_t2i";
const SETTINGS: &str = "python/pyproject.toml";
/// What is checked as a user's code would be.
const USERS: [&str; 2] = ["python/tests", "python/examples"];
/// What the two may differ in, where there is such a thing; an entry that is of no use is an error.
const STUBTEST_ALLOWED: &str = "python/tests/stubtest-allowed.txt";
const BENCHMARKS: [&str; 2] = ["bench_import", "bench_waiting"];
/// Whether the package that is imported is the one of this environment, and not the checkout's.
const IS_OURS: &str = "import pathlib, sys, spark_t2i, spark_t2i._native as native\n\
                       prefix = pathlib.Path(sys.prefix).resolve()\n\
                       files = [pathlib.Path(module.__file__).resolve() for module in (spark_t2i, native)]\n\
                       strange = [str(file) for file in files if prefix not in file.parents]\n\
                       sys.exit(f'not from {prefix}: {strange}' if strange else 0)";

/// Builds the wheel, installs it in a fresh environment, and runs there all that has to hold.
///
/// # Errors
/// When there is no Python that will do, or the first step that does not succeed.
pub(crate) fn test(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let wheel = wheel(steps)?;
    let tools = VirtualEnvironment::cached(steps, "python-tests", &[TEST_REQUIREMENTS], &[])?;
    let installed = install(steps, &wheel, "venv", &tools)?;
    let caches = folder();
    // pytest reads a relative path from where its settings are.
    let pytest_cache = format!("cache_dir={}", caches.join("pytest-cache").display());
    steps.run("pytest", installed.module("pytest").args(["python/tests", "-o", &pytest_cache]))?;
    types(steps, &installed)?;
    let mut stubtest = installed.module("mypy.stubtest");
    let allowed = root().join(STUBTEST_ALLOWED);
    if allowed.exists() {
        stubtest.arg("--allowlist").arg(allowed);
    }
    // It keeps no cache but the one of the folder where it runs.
    steps.run("stubtest", stubtest.arg("spark_t2i").current_dir(caches))
}

/// Checks the types of the package by its own settings, and of what uses it as those of a user of the installed wheel.
fn types(steps: &mut Steps, installed: &VirtualEnvironment) -> Result<(), Box<dyn Error>> {
    let mypy = |settings: &str, cache: &str| {
        let mut command = installed.module("mypy");
        command.args(["--strict", "--config-file", settings, "--cache-dir"]).arg(folder().join(cache));
        command
    };
    let pyright = |project: &str| {
        let mut command = installed.module("pyright");
        command.args(["--project", project, "--pythonpath"]).arg(installed.python());
        // It would tell of newer versions than the one that is pinned.
        command.env("PYRIGHT_PYTHON_IGNORE_WARNINGS", "1");
        command
    };
    let users: Vec<_> = USERS.into_iter().filter(|path| root().join(path).exists()).collect();
    steps.run("mypy: the package", mypy(SETTINGS, "mypy-package").arg(PACKAGE))?;
    steps.run("pyright: the package", pyright(SETTINGS).arg(PACKAGE))?;
    // An empty name: no settings but these.
    steps.run("mypy: tests and examples", mypy("", "mypy-users").args(&users))?;
    steps.run("pyright: tests and examples", pyright("python/tests/pyrightconfig.json").args(&users))
}

/// Builds the same wheel and measures it.
///
/// # Errors
/// When it cannot be built, or a benchmark does not succeed; a missed target is none.
pub(crate) fn bench(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    if !arguments.is_empty() {
        return Err("bench python takes no arguments".into());
    }
    let mut steps = Steps::default();
    let wheel = wheel(&mut steps)?;
    let tools = VirtualEnvironment::cached(&mut steps, "python-benchmarks", &[BENCHMARK_REQUIREMENTS], &[])?;
    let installed = install(&mut steps, &wheel, "venv-benchmarks", &tools)?;
    for name in BENCHMARKS {
        steps.run(name, installed.command().arg(format!("python/benchmarks/{name}.py")))?;
    }
    Ok(())
}

/// Builds the wheel, in a target folder of its own: with pyo3's settings for it the workspace's build would start anew
/// each time that the two take turns.
fn wheel(steps: &mut Steps) -> Result<PathBuf, Box<dyn Error>> {
    let tools = VirtualEnvironment::cached(steps, "python-build", &[BUILD_REQUIREMENTS], &[])?;
    let wheels = folder().join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let mut build = tools.module("maturin");
    build.args(["build", "--release", "--locked", "--interpreter"]).arg(tools.python());
    build.arg("--target-dir").arg(folder()).arg("--out").arg(&wheels);
    steps.run("building the wheel", build.current_dir(root().join("python")))?;
    let wheel = only(&wheels, "whl")?;
    steps.call("wheel", || {
        let bytes = fs::metadata(&wheel)?.len();
        let name = wheel.file_name().unwrap_or_default().to_string_lossy();
        let said = format!("{name} has {:.2} MB; {:.2} are allowed", megabytes(bytes), megabytes(LARGEST_WHEEL));
        if bytes > LARGEST_WHEEL {
            return Err(said.into());
        }
        eprintln!("{said}");
        Ok(())
    })?;
    Ok(wheel)
}

/// A fresh environment that holds the wheel, and beside it sees what `tools` holds.
fn install(
    steps: &mut Steps,
    wheel: &Path,
    name: &str,
    tools: &VirtualEnvironment,
) -> Result<VirtualEnvironment, Box<dyn Error>> {
    let installed = VirtualEnvironment::fresh(steps, "a fresh environment", folder().join(name), &[tools])?;
    let mut install = installed.module("pip");
    install.args(["install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]);
    steps.run("installing the wheel", install.arg(wheel))?;
    steps.run("importing it", installed.command().args(["-c", IS_OURS]))?;
    Ok(installed)
}

fn folder() -> PathBuf {
    cargo_target().join("python")
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
