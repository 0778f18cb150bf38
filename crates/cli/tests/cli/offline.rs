//! The commands that call nobody.

use crate::support::{bare, fields, run, run_with};

#[test]
fn a_verdict_is_json_and_the_exit_code() {
    let valid = run_with(bare().arg("validate"), br#"{"prompt":"a fox","seed":-1}"#);
    assert_eq!((valid.code, valid.stderr.as_str()), (Some(0), ""));
    assert_eq!(valid.stdout, "{\"valid\":true,\"violations\":[],\"warnings\":[]}\n");

    let broken =
        run_with(bare().args(["validate", "-"]), br#"{"prompt":"","seed":0,"widht":1024,"width":1.5,"height":8}"#);
    assert_eq!((broken.code, broken.stderr.as_str()), (Some(2), ""));
    let verdict = broken.json();
    assert_eq!(fields(&verdict), ["valid", "violations", "warnings"].into());
    let codes: Vec<_> = verdict["violations"].as_array().unwrap().iter().map(|one| one["code"].as_str()).collect();
    assert_eq!(codes, [Some("003001002"), Some("003001004"), Some("003001008"), None]);
    assert_eq!(verdict["violations"][3]["message"], "unknown parameter \"widht\"; did you mean \"width\"?");
    assert_eq!(fields(&verdict["violations"][0]), ["code", "field", "message"].into());

    let long =
        run_with(bare().args(["validate", "--json"]), format!(r#"{{"prompt":"{}"}}"#, "x".repeat(200)).as_bytes());
    assert_eq!((long.code, long.json()["warnings"][0]["field"].as_str()), (Some(0), Some("prompt")));
}

#[test]
fn what_is_no_json_is_no_valid_parameters() {
    let huge = vec![b' '; 5 << 20];
    for (input, words) in [
        (&b""[..], "the parameters are"),
        (b"[]", "the parameters are"),
        (b"{\"prompt\":\"a\xff\"}", "not UTF-8"),
        (&huge, "longer than 4 MiB"),
    ] {
        let ran = run_with(bare().arg("validate"), input);
        assert_eq!(ran.code, Some(2), "{words}");
        let message = ran.json()["violations"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(run_with(bare().arg("validate"), b"\xef\xbb\xbf{\"prompt\":\"a\"}").code, Some(0));
}

#[test]
fn parameters_are_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parameters.json");
    std::fs::write(&file, r#"{"prompt":"a fox"}"#).unwrap();
    assert_eq!(run(bare().arg("validate").arg(&file)).code, Some(0));
    let missing = run(bare().arg("validate").arg(folder.path().join("nothing")));
    assert_eq!((missing.code, missing.error()["kind"].as_str()), (Some(9), Some("io")));
    assert!(missing.stderr.contains("nothing"), "{missing:?}");
    assert_eq!(run(bare().arg("validate").arg(folder.path())).code, Some(9));
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(bare().args(["completions", shell]));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(ran.stdout.contains("spark-t2i") && ran.stdout.contains("wait-timeout"), "{shell}");
    }
    assert_eq!(run(bare().args(["completions", "cmd"])).code, Some(2));
}

#[test]
fn help_and_version_go_to_standard_output() {
    let version = run(bare().arg("--version"));
    assert_eq!((version.code, version.stdout), (Some(0), format!("spark-t2i {}\n", env!("CARGO_PKG_VERSION"))));
    for command in ["", "generate", "submit", "task", "estimate", "validate", "serve", "completions"] {
        for flag in ["-h", "--help"] {
            let help = run(bare().args([command, flag].iter().filter(|argument| !argument.is_empty())));
            assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{command}");
            assert!(help.stdout.contains("Examples:\n"), "{command} teaches by an example: {}", help.stdout);
            assert!(!help.stdout.contains('\x1b'));
        }
    }
    let main = run(bare().arg("--help")).stdout;
    for code in [
        "    0  ", "    2  ", "    3  ", "    4  ", "    5  ", "    6  ", "    7  ", "    8  ", "    9  ", "  130  ",
        "    1  ",
    ] {
        assert!(main.contains(code), "{code}");
    }
    assert_eq!(run(&mut bare()).code, Some(2));
}

#[test]
fn a_slip_of_the_finger_is_answered_with_what_was_meant() {
    let ran = run(bare().args(["generat", "a fox"]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("generate"), "{ran:?}");
    let ran = run(bare().args(["a red fox"]));
    assert!(ran.stderr.contains("spark-t2i generate \"a red fox\""), "{ran:?}");
}

#[test]
#[cfg(unix)]
fn a_reader_that_left_is_no_crash() {
    for arguments in [&["--help"][..], &["completions", "bash"], &["validate"]] {
        let mut child = crate::support::start(bare().args(arguments).stdin(std::process::Stdio::null()));
        drop(child.stdout.take());
        let ran = crate::support::finish(child);
        assert!(matches!(ran.code, Some(0 | 2 | 9)), "{arguments:?}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    }
}
