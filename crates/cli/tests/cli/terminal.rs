//! What somebody sees who sits at a terminal.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::support::{LONGEST, SMALL, Server, bare, emulator, ok, slow_emulator, spark, visible_emulator};

/// Starts it on a terminal of its own.
fn at_terminal(mut command: Command) -> PtySession {
    command.env("TERM", "xterm-256color");
    spawn_command(command, Some(LONGEST.as_millis().try_into().unwrap())).unwrap()
}

/// All that it wrote until its end, and its exit code.
fn watch(mut session: PtySession) -> (String, i32) {
    let seen = session.exp_eof().unwrap();
    (text(&seen), code(&session))
}

/// The session gives each byte as a character of its own.
fn text(seen: &str) -> String {
    String::from_utf8(seen.chars().map(|byte| u8::try_from(byte).unwrap()).collect()).unwrap()
}

fn code(session: &PtySession) -> i32 {
    match session.process().wait().unwrap() {
        rexpect::process::WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}

/// The text of the last lines, as they stay on the screen.
fn lasting(seen: &str) -> String {
    let lines = seen.split("\r\n").map(|line| line.rsplit("\x1b[2K").next().unwrap_or_default());
    let mut text = String::new();
    for line in lines {
        let mut rest = line;
        while let Some(start) = rest.find('\x1b') {
            text.push_str(&rest[..start]);
            let end = rest[start..].find(|letter: char| letter.is_ascii_alphabetic()).unwrap();
            rest = &rest[start + end + 1..];
        }
        text.push_str(rest);
        text.push('\n');
    }
    text
}

#[test]
fn there_is_a_bar_while_it_waits_and_a_summary_at_the_end() {
    let emulator = visible_emulator();
    let folder = tempfile::tempdir().unwrap();
    let mut command = spark(emulator.url());
    command.args(["generate", "a fox", "-o", "fox.png", "--poll-interval", "20ms"]).args(SMALL).current_dir(&folder);
    let (seen, code) = watch(at_terminal(command));
    assert_eq!(code, 0, "{seen}");
    for words in ["running", "━", " %  0:0"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    let lasting = lasting(&seen);
    let size = std::fs::metadata(folder.path().join("fox.png")).unwrap().len();
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let kilobytes = format!("{:.1} kB", size as f64 / 1000.0);
    for words in ["✓ fox.png", "512 × 512", &kilobytes, " s, ", " requests, 0.035714285714 USD", "task "] {
        assert!(lasting.contains(words), "{words}: {lasting}");
    }
    assert!(!lasting.contains('━'), "the bar is gone: {lasting}");
    assert_eq!(lasting.matches("fox.png").count(), 1, "it is told once: {lasting}");
}

#[test]
fn a_pipe_gets_the_path_while_the_terminal_gets_the_rest() {
    let emulator = visible_emulator();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "\"$0\" generate 'a fox' --seed 7 --size 512x512 --poll-interval 20ms > out"]);
    command.arg(env!("CARGO_BIN_EXE_spark-t2i")).current_dir(&folder);
    command.env("SPARK_T2I_API_KEY", "any-key").env("SPARK_T2I_BASE_URL", emulator.url()).env_remove("NO_COLOR");
    let (seen, code) = watch(at_terminal(command));
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains('━') && lasting(&seen).contains("✓ a-fox-7.png"), "{seen}");
    assert_eq!(std::fs::read_to_string(folder.path().join("out")).unwrap(), "a-fox-7.png\n");
}

#[test]
fn quiet_is_quiet_and_no_color_is_obeyed() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let generate = |name: &str| {
        let mut command = spark(emulator.url());
        command.args(["generate", "a fox", "--poll-interval", "20ms", "-o", name]).args(SMALL).current_dir(&folder);
        command
    };
    let mut command = generate("a.png");
    command.arg("--quiet");
    assert_eq!(watch(at_terminal(command)), ("a.png\r\n".to_owned(), 0));
    let mut command = generate("b.png");
    command.env("NO_COLOR", "1");
    let (seen, _) = watch(at_terminal(command));
    assert!(seen.contains("✓ b.png") && !seen.contains("\x1b[3") && !seen.contains("\x1b[1m"), "{seen}");
    let mut command = generate("c.png");
    command.arg("--json");
    let (seen, _) = watch(at_terminal(command));
    let json: serde_json::Value = serde_json::from_str(lasting(&seen).trim()).unwrap();
    assert_eq!(json["file"], "c.png");
}

#[test]
fn an_image_is_not_written_to_a_terminal() {
    let emulator = emulator();
    let mut command = spark(emulator.url());
    command.args(["generate", "a fox", "-o", "-"]);
    let (seen, code) = watch(at_terminal(command));
    assert_eq!(code, 2, "{seen}");
    assert_eq!(emulator.stats().requests.create, 0);
}

#[test]
fn ctrl_c_takes_the_bar_away_and_tells_how_to_go_on() {
    let emulator = slow_emulator();
    let mut command = spark(emulator.url());
    command.args(["generate", "a fox", "-o", "fox.png", "--poll-interval", "20ms"]).args(SMALL);
    let mut session = at_terminal(command);
    let before = session.exp_string("queued").or_else(|_| session.exp_string("running")).unwrap();
    session.send_control('c').unwrap();
    let seen = text(&(before + &session.exp_eof().unwrap()));
    assert_eq!(code(&session), 130, "{seen}");
    let lasting = lasting(&seen);
    assert!(lasting.contains("stopped; task ") && lasting.contains(" --wait -o fox.png"), "{lasting}");
    assert!(!lasting.contains("queued"), "{lasting}");
}

#[test]
fn trouble_is_told_in_a_line_once() {
    let asked = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |line, _| {
        let answers = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match answers {
            _ if line.starts_with("POST") => ok(crate::support::CREATED),
            ..3 => crate::support::Reply::Answer(429, "", r#"{"message":"slow \u001b[2J down"}"#.to_owned()),
            _ => ok(r#"{"status":"failed","error":"no \u001b[2J luck"}"#),
        }
    });
    let mut command = spark(&server.url);
    command.args(["generate", "a fox", "--poll-interval", "20ms"]);
    let (seen, code) = watch(at_terminal(command));
    assert_eq!(code, 7, "{seen}");
    assert_eq!(lasting(&seen).matches("asking again in").count(), 1, "{seen}");
    assert!(seen.contains("retrying"), "{seen}");
    assert!(!seen.contains("\x1b[2J"), "what a server says moves no cursor: {seen}");
}

#[test]
fn a_verdict_is_laid_out_for_reading() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parameters.json");
    std::fs::write(&file, r#"{"prompt":""}"#).unwrap();
    let mut command = bare();
    command.arg("validate").arg(&file);
    let (seen, code) = watch(at_terminal(command));
    assert_eq!(code, 2);
    assert!(seen.contains("\"valid\": false,\r\n"), "{seen}");
}

#[test]
fn the_emulator_says_how_to_use_it() {
    let mut command = bare();
    command.arg("serve");
    let mut session = at_terminal(command);
    let seen = session.exp_string("Ctrl-C ends it.").unwrap();
    assert!(seen.starts_with("http://127.0.0.1:"), "{seen}");
    assert!(seen.contains("SPARK_T2I_BASE_URL=http://127.0.0.1:"), "{seen}");
    session.send_control('c').unwrap();
    let seen = session.exp_eof().unwrap();
    assert!(seen.contains("after 0 tasks"), "{seen}");
    assert_eq!(code(&session), 0);
}

#[test]
fn the_emulator_says_what_else_it_was_told_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = r#"{"name":"a","about":"","call":{},"server":{},"expect":{},"requests":{}}"#;
    std::fs::write(folder.path().join("a.json"), scenario).unwrap();
    let mut command = bare();
    command.args(["serve", "--fault", "slow-body:0.5@image", "--fault", "no-id", "--scenarios"]).arg(folder.path());
    let mut session = at_terminal(command);
    let seen = session.exp_string("Ctrl-C ends it.").unwrap();
    let url = seen.lines().next().unwrap();
    assert!(seen.contains(&format!("1 scenario at {url}/scenarios/NAME")), "{seen}");
    assert!(seen.contains("Faults: slow-body:0.5@image, no-id"), "{seen}");
    session.send_control('c').unwrap();
    session.exp_eof().unwrap();
}
