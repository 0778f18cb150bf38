//! `cargo xtask bench cli`: how fast the command line starts, and how large it is.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::steps::{cargo, cargo_target, root};

const RUNS: usize = 50;

/// Builds the release binary, and prints its start time and its size beside their targets.
///
/// # Errors
/// When it cannot be built or run; a missed target is none.
pub(crate) fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    if !arguments.is_empty() {
        return Err("bench cli takes no arguments".into());
    }
    let built =
        cargo(&["build", "--release", "--package", "spark-t2i-cli", "--locked"]).current_dir(root()).status()?;
    if !built.success() {
        return Err(format!("cargo build: {built}").into());
    }
    let program = cargo_target().join("release").join(format!("spark-t2i{}", std::env::consts::EXE_SUFFIX));
    println!("{:<44} {:>10} {:>10}", "command line", "figure", "target");
    for arguments in [&["--version"][..], &["generate", "--help"], &["validate", "/dev/null"]] {
        let median = median_start(&program, arguments)?;
        let name = format!("start, median of {RUNS}: {}", arguments.join(" "));
        println!("{name:<44} {:>7.2} ms {:>10}", median.as_secs_f64() * 1e3, "< 15 ms");
    }
    let tenths = std::fs::metadata(&program)?.len() / 100_000;
    println!("{:<44} {:>5}.{} MB {:>10}", "stripped release binary", tenths / 10, tenths % 10, "< 12 MB");
    Ok(())
}

/// The median wall time of whole runs, after one that is not counted.
fn median_start(program: &Path, arguments: &[&str]) -> Result<Duration, Box<dyn Error>> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..=RUNS {
        let begin = Instant::now();
        // `validate` of an empty file ends with 2, as it should.
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        times.push(begin.elapsed());
    }
    let mut counted = times.split_off(1);
    counted.sort_unstable();
    Ok(counted[RUNS / 2])
}
