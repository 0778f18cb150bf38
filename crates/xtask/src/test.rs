//! `cargo xtask test`: everything that has to hold, from set-up to the last test.

use std::error::Error;
use std::process::{Command, Stdio};

use crate::steps::{Steps, cargo};
use crate::{c, generate, kotlin, mutants, node, public_clients, python, simulate, swift};

const PARTS: [&str; 7] = ["rust", "python", "node", "c", "kotlin", "swift", "public-clients"];

/// Runs the named parts, or all.
///
/// # Errors
/// When a part is not known, or the first step that does not succeed.
pub(crate) fn run(parts: &[&str]) -> Result<(), Box<dyn Error>> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        return Err(format!("unknown part {unknown}; there is {}", PARTS.join(", ")).into());
    }
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    let mut steps = Steps::default();
    let result = run_parts(&mut steps, wanted);
    steps.report();
    result
}

fn run_parts(steps: &mut Steps, wanted: impl Fn(&str) -> bool) -> Result<(), Box<dyn Error>> {
    if wanted("rust") {
        rust(steps)?;
    }
    if wanted("python") {
        python::test(steps)?;
    }
    if wanted("node") {
        node::test(steps)?;
    }
    if wanted("c") {
        c::test(steps)?;
    }
    if wanted("kotlin") {
        kotlin::test(steps)?;
    }
    if wanted("swift") {
        swift::test(steps)?;
    }
    if wanted("public-clients") {
        public_clients::run(steps)?;
    }
    Ok(())
}

fn rust(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    components(steps)?;
    steps.run("formatting", &mut cargo(&["fmt", "--all", "--check"]))?;
    // One set of features for clippy and tests, so that dependencies are built once.
    steps.run(
        "clippy",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--locked",
            "--",
            "--deny",
            "warnings",
        ]),
    )?;
    steps.run(
        "every combination of features",
        &mut cargo(&[
            "check",
            "--package",
            "spark-t2i",
            "--package",
            "spark-t2i-bridge",
            "--package",
            "spark-t2i-uniffi",
            "--no-default-features",
            "--locked",
        ]),
    )?;
    steps.call("generated files", || generate::run(&["--verify"]))?;
    steps.call("simulated polling", || simulate::run(&["--verify"]))?;
    // Not `--all-targets`, which would build the examples as tests: here they are built as the programs that they are.
    steps.run(
        "tests and examples in the documentation",
        &mut cargo(&["test", "--workspace", "--all-features", "--locked"]),
    )?;
    mutants::in_the_tests(steps)?;
    let mut documentation = cargo(&["doc", "--workspace", "--all-features", "--no-deps", "--locked"]);
    steps.run("documentation", documentation.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// rustfmt and clippy, where the toolchain came without them.
fn components(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let there = |program: &str| {
        let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    if there("cargo-fmt") && there("cargo-clippy") {
        return Ok(());
    }
    steps.run("rustfmt and clippy", Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))
}
