use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use spark_t2i_core::Status;
use spark_t2i_emulator::{Emulator, Latency, StartError};
use tempfile::TempDir;

use crate::http::{create, download, finished, state_of, status};

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.jsonl");
    (directory, path)
}

fn start(path: &Path, latency: impl Into<Latency>) -> Emulator {
    Emulator::builder().state(path).latency(latency).start().unwrap()
}

#[test]
fn tasks_their_timing_and_their_pictures_survive_a_restart() {
    let (_directory, path) = directory();
    let small = json!({"prompt": "雪中的红狐 \"quoted\"\n", "width": 512, "height": 512});
    let first = start(&path, Duration::ZERO);
    let done = create(&first, &small);
    let (task, picture) = (finished(&first, &done), download(&first, &finished(&first, &done)));
    first.stop();
    let second = start(&path, Duration::from_secs(600));
    let running = create(&second, &json!({"prompt": "a"}));
    let queued_at = status(&second, &running).expect(200)["metadata"].clone();
    second.stop();

    let third = start(&path, Duration::ZERO);
    assert_eq!(finished(&third, &done), task);
    assert!(download(&third, &task) == picture);
    let answer = status(&third, &running);
    assert!(!state_of(&answer).is_terminal());
    assert_eq!(answer.expect(200)["metadata"], queued_at);
    let stats = third.stats();
    assert_eq!((stats.tasks.created, stats.tasks.restored, stats.charges.count), (2, 2, 2));
    assert_eq!(stats.charges.total.to_string(), "0.071428571428");
}

#[test]
fn a_task_keeps_its_price_its_model_and_its_failure() {
    let (_directory, path) = directory();
    let builder = || Emulator::builder().state(&path).latency(Duration::ZERO);
    let dear = builder().price("1.50".parse().unwrap()).start().unwrap();
    let id = create(&dear, &json!({"prompt": "a"}));
    drop(dear);
    let failing = builder().failure_rate(1.0).start().unwrap();
    assert_eq!(finished(&failing, &id)["usage"]["cost"], "1.50");
    let failed = create(&failing, &json!({"prompt": "a"}));
    drop(failing);
    let last = builder().start().unwrap();
    assert_eq!(state_of(&status(&last, &failed)), Status::Failed);
    assert_eq!(last.stats().charges.total.to_string(), "1.535714285714");
}

#[test]
fn a_cut_last_line_is_dropped_and_written_over() {
    let (_directory, path) = directory();
    let first = start(&path, Duration::ZERO);
    let kept = create(&first, &json!({"prompt": "kept"}));
    let length = fs::metadata(&path).unwrap().len();
    create(&first, &json!({"prompt": "雪"}));
    drop(first);
    let whole = fs::read(&path).unwrap();
    // At every byte, one within a character among them; behind the last one the line is whole but for its end.
    for cut in (usize::try_from(length).unwrap()..whole.len()).rev().step_by(7) {
        fs::write(&path, &whole[..cut]).unwrap();
        let second = start(&path, Duration::ZERO);
        assert_eq!(second.stats().tasks.restored, 1, "cut at {cut}");
        let added = create(&second, &json!({"prompt": "added"}));
        drop(second);
        let third = start(&path, Duration::ZERO);
        assert_eq!(third.stats().tasks.restored, 2);
        assert!([&kept, &added].iter().all(|id| state_of(&status(&third, id)) == Status::Completed));
    }
}

#[test]
fn a_cut_first_line_starts_anew() {
    let (_directory, path) = directory();
    drop(start(&path, Duration::ZERO));
    let header = fs::read(&path).unwrap();
    for cut in 0..header.len() {
        fs::write(&path, &header[..cut]).unwrap();
        drop(start(&path, Duration::ZERO));
        assert_eq!(fs::read(&path).unwrap(), header);
    }
}

#[test]
fn a_broken_line_in_the_middle_is_told_and_nothing_is_touched() {
    let (_directory, path) = directory();
    let first = start(&path, Duration::ZERO);
    create(&first, &json!({"prompt": "a"}));
    drop(first);
    let broken = [&fs::read(&path).unwrap()[..], b"{\"id\":7}\n"].concat();
    fs::write(&path, &broken).unwrap();
    let error = Emulator::builder().state(&path).start().unwrap_err();
    assert!(matches!(error, StartError::StateUnreadable { line: 3, .. }), "{error}");
    assert!(error.to_string().contains("move the file away"));
    assert_eq!(fs::read(&path).unwrap(), broken);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let (_directory, path) = directory();
    for content in ["a diary\n", "a key without an end", "{}", "\n", "{\"spark_t2i_emulator_state\":2}\n"] {
        fs::write(&path, content).unwrap();
        let error = Emulator::builder().state(&path).start().unwrap_err();
        assert!(matches!(error, StartError::StateUnreadable { line: 1, .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn one_emulator_at_a_time_has_the_file() {
    let (_directory, path) = directory();
    let first = start(&path, Duration::ZERO);
    let error = Emulator::builder().state(&path).start().unwrap_err();
    assert!(matches!(error, StartError::StateInUse(_)), "{error}");
    create(&first, &json!({"prompt": "a"}));
    let elsewhere = Emulator::builder().state(path.with_extension("2")).addr(first.addr());
    assert!(matches!(elsewhere.start(), Err(StartError::AddressInUse(_))));
    drop(start(&path.with_extension("2"), Duration::ZERO));
    first.stop();
    assert_eq!(start(&path, Duration::ZERO).stats().tasks.restored, 1);
}

#[test]
fn a_path_that_is_no_file_is_told() {
    let (directory, path) = directory();
    for path in [directory.path(), &path.join("below")] {
        let error = Emulator::builder().state(path).start().unwrap_err();
        assert!(matches!(error, StartError::State { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()));
    }
    #[cfg(unix)]
    assert!(matches!(Emulator::builder().state("/dev/zero").start(), Err(StartError::State { .. })));
}
