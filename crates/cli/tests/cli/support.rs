//! Running the binary, and a server that misbehaves as a test wants it to.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use spark_t2i_emulator::Emulator;

/// Far more than anything here takes.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);
pub(crate) const KEY: &str = "sk-0f6e1c2b7a9d4e35";
/// The size that is painted fastest.
pub(crate) const SMALL: [&str; 2] = ["--size", "512x512"];

/// The binary without any setting of this machine.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spark-t2i"));
    for name in ["SPARK_T2I_API_KEY", "SPARK_T2I_BASE_URL", "NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
        command.env_remove(name);
    }
    // Tests must not learn from one another, nor teach whoever runs them: there is no folder under a device.
    command.env("XDG_CACHE_HOME", "/dev/null/cache");
    command
}

/// The binary with a key and a service, asking often.
pub(crate) fn spark(base_url: &str) -> Command {
    let mut command = bare();
    command.env("SPARK_T2I_API_KEY", KEY).env("SPARK_T2I_BASE_URL", base_url);
    command
}

pub(crate) fn emulator() -> Emulator {
    Emulator::builder().latency(Duration::from_millis(200)).seed(7).start().unwrap()
}

/// An emulator whose tasks can be watched.
#[cfg(unix)]
pub(crate) fn visible_emulator() -> Emulator {
    Emulator::builder().latency(Duration::from_secs(1)).start().unwrap()
}

/// An emulator whose tasks do not end while a test runs.
#[cfg(unix)]
pub(crate) fn slow_emulator() -> Emulator {
    Emulator::builder().latency(Duration::from_secs(3600)).start().unwrap()
}

/// What a run of the binary came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) bytes: Vec<u8>,
}

impl Ran {
    fn new(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }

    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "one line: {self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error in JSON, which always has the same fields.
    pub(crate) fn error(&self) -> Value {
        let json = self.json();
        assert_eq!(fields(&json), ["error"].into(), "{self:?}");
        let error = &json["error"];
        let expected = [
            "kind",
            "message",
            "code",
            "violations",
            "http_status",
            "task_id",
            "retryable",
            "charged",
            "retry_after_seconds",
            "body",
            "cause",
        ];
        assert_eq!(fields(error), expected.into(), "{self:?}");
        error.clone()
    }
}

pub(crate) fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Runs the binary to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    finish(start(command.stdin(Stdio::null())))
}

/// Runs the binary with something on its standard input.
pub(crate) fn run_with(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = start(command.stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read all of it closes the pipe.
    _ = stdin.write_all(input);
    drop(stdin);
    finish(child)
}

pub(crate) fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end; a binary that hangs is a failure, and does not outlive it.
pub(crate) fn finish(child: Child) -> Ran {
    let id = child.id();
    let (done, ended) = mpsc::channel();
    let waiting = thread::spawn(move || _ = done.send(child.wait_with_output()));
    match ended.recv_timeout(LONGEST) {
        Ok(output) => {
            waiting.join().unwrap();
            Ran::new(output.unwrap())
        }
        Err(_) => {
            signal(id, "KILL");
            panic!("the binary did not end in time");
        }
    }
}

pub(crate) fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap().success());
}

pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONGEST, "{what} did not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The names in a folder, hidden ones too.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// How the server answers a request.
pub(crate) enum Reply {
    /// With a status, further header lines and a body.
    Answer(u16, &'static str, String),
    /// The head and the beginning of a body, and nothing more.
    Stall(String),
    /// Not at all, the connection kept open.
    Silence,
    /// Not at all, the connection closed.
    Close,
}

pub(crate) fn ok(body: &str) -> Reply {
    Reply::Answer(200, "", body.to_owned())
}

/// A server on loopback that answers as a function of the request line tells it.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Receiver<String>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(&str, &str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen_by, seen) = mpsc::channel();
        let reply = Arc::new(reply);
        let kept = Arc::new(Mutex::new(Vec::new()));
        let own_url = url.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (reply, seen, kept, url) =
                    (Arc::clone(&reply), seen_by.clone(), Arc::clone(&kept), own_url.clone());
                thread::spawn(move || serve(stream, &url, &*reply, &seen, &kept));
            }
        });
        Self { url, seen }
    }

    /// Waits until a request has arrived whose line begins so.
    pub(crate) fn wait_for(&self, begin: &str) {
        while !self.seen.recv_timeout(LONGEST).unwrap().starts_with(begin) {}
    }
}

fn serve(
    mut stream: TcpStream,
    url: &str,
    reply: &(dyn Fn(&str, &str) -> Reply + Send + Sync),
    seen: &Sender<String>,
    kept: &Mutex<Vec<TcpStream>>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(line) = read_request(&mut reader) {
        let answer = reply(&line, url);
        let _ = seen.send(line);
        let head = match &answer {
            Reply::Answer(status, headers, body) => {
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
            }
            Reply::Stall(body) => format!("HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n{body}"),
            Reply::Silence | Reply::Close => String::new(),
        };
        if stream.write_all(head.as_bytes()).is_err() {
            return;
        }
        match answer {
            Reply::Answer(..) => {}
            Reply::Stall(_) | Reply::Silence => return kept.lock().unwrap().push(stream),
            Reply::Close => return,
        }
    }
}

/// Reads a whole request and returns its line.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    Some(line.trim().to_owned())
}

/// The answer of a task that is done, with its image at this server.
pub(crate) fn completed(url: &str) -> Reply {
    ok(&format!(
        r#"{{"id":"t-1","status":"completed","output":[{{"content":[{{"type":"image","url":"{url}/image.png"}}]}}],"usage":{{"cost":"0.05"}}}}"#
    ))
}

pub(crate) const CREATED: &str = r#"{"id":"t-1","status":"in_progress"}"#;
