//! Where images go: nothing is overwritten, and nothing is paid for that has no place.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Ran, SMALL, Server, completed, emulator, names, ok, run, run_with, spark};

fn generate(base_url: &str, folder: &Path, prompt: &str, arguments: &[&str]) -> Ran {
    run(spark(base_url)
        .args(["generate", prompt, "--poll-interval", "20ms"])
        .args(SMALL)
        .args(arguments)
        .current_dir(folder))
}

#[test]
fn a_file_that_exists_is_refused_before_anything_is_sent() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fox.png");
    fs::write(&path, "precious").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for (file, words) in
        [("fox.png", "--force"), ("folder", "is a folder"), ("new/", "is a folder"), ("fox.png/a.png", "")]
    {
        let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", file]);
        assert_eq!(ran.code, Some(9), "{file}: {ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert_eq!(names(folder.path()), ["folder", "fox.png"]);
    assert_eq!(emulator.stats().requests.create, 0);

    let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", "fox.png", "--force"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(fs::read(&path).unwrap().starts_with(b"\x89PNG"));
}

#[test]
#[cfg(unix)]
fn a_device_or_a_dangling_link_is_never_replaced() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("link.png")).unwrap();
    let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", "link.png"]);
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", "pipe", "--force"]);
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert!(ran.stderr.contains("no plain file"), "{ran:?}");
    assert_eq!(emulator.stats().requests.create, 0);
}

#[test]
fn in_a_pipe_standard_output_is_the_path_and_standard_error_is_empty() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let ran = generate(emulator.url(), folder.path(), "A Red Fox", &["--seed", "7"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "a-red-fox-7.png\n", ""));
    let ran = generate(emulator.url(), folder.path(), "A Red Fox", &["-o", "my fox.png", "--quiet"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "my fox.png\n", ""));
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    // An image of another format takes the name as well.
    fs::write(folder.path().join("a-fox-7.jpg"), "precious").unwrap();
    for name in ["a-fox-7-2.png\n", "a-fox-7-3.png\n"] {
        assert_eq!(generate(emulator.url(), folder.path(), "a fox", &["--seed", "7"]).stdout, name);
    }
    assert_eq!(generate(emulator.url(), folder.path(), "a fox", &["--seed", "7", "--force"]).stdout, "a-fox-7.png\n");
    // Without a seed, and with a random one, the task's id tells images apart.
    let named = generate(emulator.url(), folder.path(), "a fox", &["--seed", "-1"]).stdout;
    assert_eq!(named.len(), "a-fox-12345678.png\n".len(), "{named}");
    assert_eq!(names(folder.path()).len(), 5);
}

#[test]
fn two_at_once_take_two_names() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let mut names: Vec<_> = std::thread::scope(|scope| {
        let runs =
            [(); 4].map(|()| scope.spawn(|| generate(emulator.url(), folder.path(), "a fox", &["--seed", "7"]).stdout));
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    names.sort();
    assert_eq!(names, ["a-fox-7-2.png\n", "a-fox-7-3.png\n", "a-fox-7-4.png\n", "a-fox-7.png\n"]);
}

#[test]
fn standard_output_gets_the_image_and_nothing_else() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", "-"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.bytes.starts_with(b"\x89PNG") && ran.bytes.ends_with(b"IEND\xaeB`\x82"));
    assert_eq!(names(folder.path()), [""; 0]);
    let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", "-", "--json"]);
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (Some(2), Some("invalid_request")));
    assert_eq!(emulator.stats().requests.create, 1);
}

#[test]
fn a_task_is_fetched_by_its_id() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let submitted = run(spark(emulator.url()).args(["submit", "a fox"]).args(SMALL));
    assert_eq!((submitted.code, submitted.stderr.as_str()), (Some(0), ""));
    let id = submitted.stdout.strip_suffix('\n').unwrap();
    let fetch = |arguments: &[&str]| {
        run(spark(emulator.url()).args(["task", id, "--poll-interval", "20ms"]).args(arguments).current_dir(&folder))
    };
    let saved = fetch(&["-o", "fox.png"]);
    assert_eq!((saved.code, saved.stdout.as_str(), saved.stderr.as_str()), (Some(0), "fox.png\n", ""));
    assert_eq!(fetch(&["-o", "fox.png"]).code, Some(9));
    let told = fetch(&["--wait"]);
    assert_eq!(told.code, Some(0));
    for words in [id, "completed", "/images/", "0.035714285714 USD"] {
        assert!(told.stdout.contains(words), "{told:?}");
    }
    assert_eq!(names(folder.path()), ["fox.png"]);
    assert_eq!(emulator.stats().tasks.created, 1);
}

#[test]
fn an_extension_that_is_wrong_is_remarked() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let ran = generate(emulator.url(), folder.path(), "a fox", &["-o", "fox.jpg"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.contains("fox.jpg holds a png"), "{ran:?}");
    assert_eq!(generate(emulator.url(), folder.path(), "a fox", &["-o", "fox.v1"]).stderr, "");
}

#[test]
fn an_image_that_is_no_image_leaves_no_file() {
    let server = Server::start(|line, url| match line {
        _ if line.starts_with("POST") => ok(crate::support::CREATED),
        _ if line.contains("image.png") => ok("<html>\x1b[2J"),
        _ => completed(url),
    });
    let folder = tempfile::tempdir().unwrap();
    let ran = generate(&server.url, folder.path(), "a fox", &["-o", "fox.png"]);
    assert_eq!(ran.code, Some(9));
    assert!(ran.stderr.contains("no image") && !ran.stderr.contains('\x1b'), "{ran:?}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_prompt_comes_from_standard_input() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let from_input = |input: &[u8]| {
        run_with(
            spark(emulator.url())
                .args(["generate", "-", "--json", "--seed", "7", "--poll-interval", "20ms"])
                .args(SMALL)
                .current_dir(&folder),
            input,
        )
    };
    assert_eq!(from_input(b"a red\nfox \r\n").json()["prompt"], "a red\nfox ");
    assert_eq!(from_input("雪".as_bytes()).json()["prompt"], "雪");
    for (input, words) in
        [(&b""[..], "empty"), (b"\n", "empty"), (b"a\xff", "not well-formed"), (&[b'x'; 801], "801 characters")]
    {
        let ran = from_input(input);
        assert_eq!((ran.code, ran.error()["code"].as_str()), (Some(2), Some("003001002")));
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_id_that_nobody_reads_is_an_error_that_carries_it() {
    let emulator = emulator();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = spark(emulator.url())
        .args(["submit", "a fox"])
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let ran = crate::support::finish(child);
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert!(ran.stderr.contains("spark-t2i task "), "{ran:?}");
}
