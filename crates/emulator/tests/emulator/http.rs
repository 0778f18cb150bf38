//! An HTTP client that sends anything, sound or not, and shows everything that comes back.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use spark_t2i_core::{Status, TaskSnapshot};
use spark_t2i_emulator::Emulator;

pub(crate) const CREATE: &str = "/model/v1/generation";
pub(crate) const ESTIMATE: &str = "/model/v1/generation/precharge";
pub(crate) const STATS: &str = "/_emulator/stats";

/// A request, sent on a connection of its own.
pub(crate) struct Call {
    method: String,
    path: String,
    host: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let host = Some("localhost:1".to_owned());
        Self { method: method.to_owned(), path: path.to_owned(), host, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A create or an estimate with a key.
    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("POST", path) }.key("k")
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("Authorization", format!("Bearer {key}"))
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn host(self, host: Option<&str>) -> Self {
        Self { host: host.map(str::to_owned), ..self }
    }

    pub(crate) fn send(&self, emulator: &Emulator) -> Answer {
        let received = self.receive(emulator, Duration::from_secs(60));
        assert_eq!(received.end, End::Closed);
        received.answer()
    }

    /// Sends it, and takes what comes until the connection ends or nothing more comes for so long.
    pub(crate) fn receive(&self, emulator: &Emulator, patience: Duration) -> Received {
        let mut stream = TcpStream::connect(emulator.addr()).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.write_all(&self.bytes()).unwrap();
        let sent = Instant::now();
        let mut received = Received { bytes: Vec::new(), first: None, end: End::Closed };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return received,
                Ok(count) => {
                    received.first.get_or_insert_with(|| sent.elapsed());
                    received.bytes.extend_from_slice(&buffer[..count]);
                }
                Err(error) => {
                    received.end = match error.kind() {
                        ErrorKind::ConnectionReset => End::Reset,
                        ErrorKind::WouldBlock | ErrorKind::TimedOut => End::Silence,
                        _ => panic!("{error}"),
                    };
                    return received;
                }
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path).into_bytes();
        let mut header = |name: &str, value: &[u8]| {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        };
        self.host.iter().for_each(|host| header("Host", host.as_bytes()));
        self.headers.iter().for_each(|(name, value)| header(name, value));
        header("Content-Length", self.body.len().to_string().as_bytes());
        [&head[..], b"\r\n", &self.body].concat()
    }
}

/// What came back, to the last byte.
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    /// How long after the request the first byte came.
    pub(crate) first: Option<Duration>,
    pub(crate) end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
    Silence,
}

impl Received {
    pub(crate) fn answer(&self) -> Answer {
        Answer::read(&self.bytes)
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body, which must come with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

/// A create's body in the form that all clients use.
pub(crate) fn body(parameters: &Value) -> String {
    serde_json::json!({"model": "spark_t2i_3_0", "input": [{"params": parameters}]}).to_string()
}

/// Creates a task, and returns its id.
#[track_caller]
pub(crate) fn create(emulator: &Emulator, parameters: &Value) -> String {
    let answer = Call::post(CREATE, body(parameters)).send(emulator).expect(200);
    answer["id"].as_str().unwrap().to_owned()
}

pub(crate) fn status(emulator: &Emulator, id: &str) -> Answer {
    Call::get(&format!("{CREATE}/task/{id}")).key("k").send(emulator)
}

/// Asks for a task until it has ended.
#[track_caller]
pub(crate) fn finished(emulator: &Emulator, id: &str) -> Value {
    let start = Instant::now();
    loop {
        let answer = status(emulator, id);
        let value = answer.expect(200);
        if TaskSnapshot::decode(&answer.body).unwrap().status.is_terminal() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "not finished: {value}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A finished task's image, by the path of its URL.
#[track_caller]
pub(crate) fn image_path(task: &Value) -> String {
    let url = task["output"][0]["content"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix("http://").unwrap();
    path[path.find('/').unwrap()..].to_owned()
}

/// A finished task's image file.
#[track_caller]
pub(crate) fn download(emulator: &Emulator, task: &Value) -> Vec<u8> {
    let answer = Call::get(&image_path(task)).send(emulator);
    assert_eq!(answer.status, 200);
    answer.body
}

/// An emulator whose tasks end at once.
pub(crate) fn instant() -> Emulator {
    Emulator::builder().latency(Duration::ZERO).start().unwrap()
}

pub(crate) fn state_of(answer: &Answer) -> Status {
    TaskSnapshot::decode(&answer.body).unwrap().status
}
