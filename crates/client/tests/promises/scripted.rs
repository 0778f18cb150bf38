//! A server on loopback that does as it is told, and remembers what it was sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use spark_t2i::{Client, ClientBuilder};

pub(crate) const KEY: &str = "sk-canary-7f3a9c";
pub(crate) const ID: &str = "d758n65e878c73cmdg20";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method and path: `POST /model/v1/generation`.
    pub(crate) line: String,
    /// The whole head.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn is_create(&self) -> bool {
        self.line == "POST /model/v1/generation"
    }

    pub(crate) fn is_image(&self) -> bool {
        self.line.starts_with("GET /image")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// What the server does with a request that it has read.
pub(crate) enum Act {
    Reply(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Writes these bytes as they are and then resets the connection.
    BytesThenReset(Vec<u8>),
    /// Writes these bytes as they are and then says nothing more.
    BytesThenSilence(Vec<u8>),
    /// Writes these bytes one by one with a pause between them.
    Trickle(Vec<u8>, Duration),
}

impl Act {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Reply(status, vec![("Content-Type", "application/json".to_owned())], body.as_bytes().to_vec())
    }

    pub(crate) fn created() -> Self {
        Self::json(200, &format!(r#"{{"id":"{ID}","status":"in_progress","created_at":1780633394}}"#))
    }

    pub(crate) fn status(status: &str) -> Self {
        Self::json(200, &format!(r#"{{"id":"{ID}","status":"{status}"}}"#))
    }

    pub(crate) fn reset() -> Self {
        Self::BytesThenReset(Vec::new())
    }

    pub(crate) fn silence() -> Self {
        Self::BytesThenSilence(Vec::new())
    }

    pub(crate) fn header(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Reply(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Reply(status, headers, body)
            }
            other => other,
        }
    }
}

pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    /// Answers each request by `script`, which is told the request and how many came before it.
    pub(crate) fn start(script: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", script)
    }

    pub(crate) fn start_at(address: &str, script: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), seen: Arc::default(), connections: Arc::default() };
        let (seen, connections, script) = (Arc::clone(&server.seen), Arc::clone(&server.connections), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, &seen, &*script));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn creates(&self) -> usize {
        self.seen().iter().filter(|seen| seen.is_create()).count()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().api_key(KEY).base_url(self.url()).poll_interval(Duration::from_millis(20))
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, script: &dyn Fn(&Seen, usize) -> Act) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer) {
        let act = {
            let mut all = seen.lock().unwrap();
            let before = all.len();
            all.push(request.clone());
            drop(all);
            script(&request, before)
        };
        match act {
            Act::Reply(status, headers, body) => {
                let mut answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    answer.extend([name, ": ", &value, "\r\n"]);
                }
                answer += "\r\n";
                let _ = stream.write_all(&[answer.as_bytes(), &body].concat());
            }
            Act::BytesThenReset(bytes) => {
                let _ = stream.write_all(&bytes);
                let _ = stream.flush();
                // Time for the bytes to be read: a reset throws away what still lies in the receiver's buffer.
                std::thread::sleep(Duration::from_millis(if bytes.is_empty() { 0 } else { 100 }));
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                return;
            }
            Act::BytesThenSilence(bytes) => {
                let _ = stream.write_all(&bytes);
                // Until the client gives up.
                let _ = stream.read(&mut [0; 1024]);
                return;
            }
            Act::Trickle(bytes, pause) => {
                for byte in bytes {
                    if stream.write_all(&[byte]).is_err() {
                        return;
                    }
                    std::thread::sleep(pause);
                }
            }
        }
    }
}

fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let mut more = |buffer: &mut Vec<u8>| {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        buffer.extend_from_slice(&chunk[..count]);
        Some(())
    };
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        more(buffer)?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut seen = Seen {
        line: head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned(),
        head,
        body: Vec::new(),
        at: Instant::now(),
    };
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while buffer.len() < head_end + length {
        more(buffer)?;
    }
    seen.body = buffer[head_end..head_end + length].to_vec();
    buffer.drain(..head_end + length);
    seen.at = Instant::now();
    Some(seen)
}

/// The smallest picture that passes for a whole PNG file.
pub(crate) fn png() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x05\x30\0\0\x05\x30\x08\x02\0\0\0....".to_vec();
    png.extend([7; 5_000]);
    png.extend(b"\0\0\0\0IEND\xaeB`\x82");
    png
}

/// The answer of a completed task whose image lies at `url`.
pub(crate) fn completed(url: &str, size: Option<u64>) -> Act {
    let size = size.map(|size| format!(r#","size":{size}"#)).unwrap_or_default();
    Act::json(
        200,
        &format!(
            r#"{{"id":"{ID}","status":"completed","output":[{{"content":[{{"type":"image","url":"{url}"{size},"jobId":"j"}}]}}],"usage":{{"cost":"0.035714285714","discount":0.7}}}}"#
        ),
    )
}

/// A service that creates at once, completes at the first look and keeps its image at `/image`.
pub(crate) fn with_image(image: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static, size: Option<u64>) -> Scripted {
    let images = AtomicUsize::new(0);
    Scripted::start(move |seen, _| {
        if seen.is_create() {
            Act::created()
        } else if seen.is_image() {
            image(seen, images.fetch_add(1, Ordering::SeqCst))
        } else {
            completed(&format!("http://{}/image", seen.header("host").unwrap()), size)
        }
    })
}
