//! The commands of the README, run as they stand there: one after the other in a fresh folder, against the emulator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use spark_t2i_emulator::Emulator;

/// The command lines in the README's `console` blocks.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let blocks = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| line.replace("cargo run --release -- ", "spark-t2i ")).collect()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let emulator = Emulator::builder().latency(Duration::from_millis(100)).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_spark-t2i"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let commands = commands();
    assert!(commands.len() >= 6, "{commands:?}");
    for command in &commands {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("SPARK_T2I_API_KEY", "any-key")
            .env("SPARK_T2I_BASE_URL", emulator.url())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{command}");
    }
    for file in commands.iter().filter_map(|command| command.split("-o ").nth(1)) {
        let bytes = std::fs::read(folder.path().join(file.trim())).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"), "{file}");
    }
}
