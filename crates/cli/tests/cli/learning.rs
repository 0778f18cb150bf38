//! What one run learns about how long tasks take helps the next.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use spark_t2i_emulator::Emulator;

use crate::support::{SMALL, run, spark};

#[cfg(target_os = "linux")]
#[test]
fn a_run_begins_with_what_earlier_ones_learned() {
    let emulator = Emulator::builder().latency(Duration::from_millis(1500)).start().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let generate = |more: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = spark(emulator.url());
        command.env("XDG_CACHE_HOME", cache.path()).current_dir(&folder);
        let ran = run(command.args(["generate", "a fox", "--json", "-v"]).args(SMALL).args(more));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    };
    let profile = cache.path().join("spark-t2i/latency-127.0.0.1.json");
    generate(&["--no-latency-profile"]);
    assert!(!profile.exists(), "it was not to be kept");
    let first = generate(&[]);
    assert!(!first.stderr.contains("latency profile"), "{first:?}");
    let learned: Value = serde_json::from_slice(&fs::read(&profile).unwrap()).unwrap();
    let completions = |learned: &Value| learned["kinds"]["small+pre_llm"].as_array().map_or(0, Vec::len);
    assert_eq!(completions(&learned), 1, "{learned}");
    for _ in 0..3 {
        generate(&[]);
    }
    let learned: Value = serde_json::from_slice(&fs::read(&profile).unwrap()).unwrap();
    assert_eq!(completions(&learned), 4, "{learned}");

    fs::write(&profile, "{\"version\":1,").unwrap();
    let damaged = generate(&[]);
    assert!(damaged.stderr.contains("latency profile cannot be read"), "{damaged:?}");
    let learned: Value = serde_json::from_slice(&fs::read(&profile).unwrap()).unwrap();
    assert_eq!(completions(&learned), 1, "written anew: {learned}");
}
