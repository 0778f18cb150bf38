//! The examples of the README are those in `examples/`, and run as a user would run them: with two environment
//! variables, here against the emulator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use spark_t2i_emulator::Emulator;

fn example(name: &str) -> PathBuf {
    // Test programs lie in `deps`, examples beside it; cargo builds both for `cargo test`.
    let tests = std::env::current_exe().unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = tests.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(
        path.exists(),
        "no {}: run `cargo test -p spark-t2i` as a whole, which builds the examples",
        path.display()
    );
    path
}

fn run(name: &str, folder: &Path) -> Output {
    let emulator = Emulator::builder().latency(Duration::from_millis(100)).start().unwrap();
    let mut command = Command::new(example(name));
    command.current_dir(folder).env("SPARK_T2I_API_KEY", "any").env("SPARK_T2I_BASE_URL", emulator.url());
    command.output().unwrap()
}

#[test]
fn one_image_is_generated_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let output = run("one_image", folder.path());
    assert!(output.status.success(), "{output:?}");
    let bytes = std::fs::metadata(folder.path().join("fox.png")).unwrap().len();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("fox.png: {bytes} bytes\n"));
}

#[test]
fn many_images_are_generated_and_the_sum_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let output = run("many_images", folder.path());
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("0.142857142856 USD in all\n"));
}

/// The fenced Rust blocks of the README, in their order.
#[test]
fn the_readme_shows_these_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("../../README.md")).unwrap();
    let shown: Vec<&str> = readme.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let examples = ["one_image", "many_images"].map(|name| {
        let file = std::fs::read_to_string(root.join(format!("examples/{name}.rs"))).unwrap();
        file.split_once("\n\n").unwrap().1.to_owned()
    });
    assert_eq!(shown, examples);
}
