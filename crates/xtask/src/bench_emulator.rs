//! `cargo xtask bench emulator`: status requests a second and memory per finished task, the load generator beside it.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use spark_t2i_core::{Request, TaskSnapshot, wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;
use crate::steps::in_release;

const CONNECTIONS: usize = 32;
const STATUS_REQUESTS: usize = 400_000;
const TASKS: usize = 100_000;
/// Tasks before the first look at the memory: they fill what is there once, such as buffers and threads.
const WARM_UP: usize = 2000;
const PROMPT_CHARACTERS: usize = 120;

/// Measures, and prints a table. Missed targets are no failure: another machine is slower.
pub(crate) fn run(_arguments: &[String]) -> Result<(), Box<dyn Error>> {
    if cfg!(debug_assertions) {
        return in_release(&["bench", "emulator"]);
    }
    // With all that it can serve, so that what is measured is the most that it costs.
    let server = Server::start(&["--latency", "0s", "--scenarios"])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (creates, per_second, per_task) = runtime.block_on(async {
        let load = Load { addr: server.addr };
        load.create(WARM_UP).await?;
        let before = server.resident();
        let begin = Instant::now();
        let id = load.create(TASKS).await?;
        let creates = rate(TASKS, begin.elapsed());
        let per_task = before.zip(server.resident()).map(|(before, after)| after.saturating_sub(before) / TASKS as u64);
        let begin = Instant::now();
        load.status(&id, STATUS_REQUESTS).await?;
        Ok::<_, Box<dyn Error>>((creates, rate(STATUS_REQUESTS, begin.elapsed()), per_task))
    })?;
    let per_task = per_task.map_or_else(|| "not measured on this system".to_owned(), |bytes| bytes.to_string());
    println!("emulator with scenarios, the load beside it, {CONNECTIONS} connections   figure   target");
    println!("status requests a second                                {per_second:>9.0}   >= 20000");
    println!("creates a second                                        {creates:>9.0}   none");
    println!("bytes per finished task, {PROMPT_CHARACTERS} characters                {per_task:>9}   < 1024");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count for people to read")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// As cheap as can be, since it takes its time from the server: bytes made once, answers read by their length alone.
struct Load {
    addr: SocketAddr,
}

impl Load {
    /// Creates tasks; returns the id of one.
    async fn create(&self, count: usize) -> Result<String, Box<dyn Error>> {
        let words = "a red fox in the snow, ".chars().cycle();
        let body = wire::create_body(&Request::new(words.take(PROMPT_CHARACTERS).collect::<String>()).seed(7));
        let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let answer = self.send(count, &self.request("POST", wire::CREATE_PATH, &head, &body)).await?;
        let id = TaskSnapshot::decode(&answer)?.id.ok_or("the emulator created no task")?;
        Ok(id.as_str().to_owned())
    }

    async fn status(&self, id: &str, count: usize) -> Result<(), Box<dyn Error>> {
        let request = self.request("GET", &format!("{}{id}", wire::TASK_PATH), "", "");
        let answer = self.send(count, &request).await?;
        let status = TaskSnapshot::decode(&answer)?.status;
        if status.is_terminal() { Ok(()) } else { Err(format!("the task is {status}").into()) }
    }

    fn request(&self, method: &str, path: &str, head: &str, body: &str) -> Vec<u8> {
        let authorization = "Authorization: Bearer k\r\nAccept: application/json\r\nUser-Agent: bench";
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{authorization}\r\n{head}\r\n{body}", self.addr).into_bytes()
    }

    /// Sends the same request so many times over all connections, each waiting for its answer before the next; returns
    /// the body of one answer.
    async fn send(&self, count: usize, request: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let (left, request): (_, Arc<[u8]>) = (Arc::new(AtomicUsize::new(count)), request.into());
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(self.addr).await?;
            stream.set_nodelay(true)?;
            connections.push(tokio::spawn(keep_asking(stream, Arc::clone(&left), Arc::clone(&request))));
        }
        let mut body = Vec::new();
        for connection in connections {
            if let Some(answer) = connection.await?? {
                body = answer;
            }
        }
        Ok(body)
    }
}

/// Takes requests from the count that is left until there are none.
async fn keep_asking(mut stream: TcpStream, left: Arc<AtomicUsize>, request: Arc<[u8]>) -> io::Result<Option<Vec<u8>>> {
    let (mut buffer, mut last) = (vec![0; 16 * 1024], None);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        stream.write_all(&request).await?;
        let mut filled = 0;
        let body = loop {
            let read = stream.read(&mut buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(body) = whole_body(&buffer[..filled])? {
                break body;
            }
        };
        last = Some(body);
    }
    Ok(last.map(|body| buffer[body].to_vec()))
}

/// Where the body of a successful answer lies, if it is there in whole.
fn whole_body(answer: &[u8]) -> io::Result<Option<Range<usize>>> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let wrong = |what: &str| io::Error::other(format!("{what}: {}", String::from_utf8_lossy(answer)));
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(wrong("the emulator refused"));
    }
    let start = answer[..end].windows(NAME.len()).position(|name| name == NAME).ok_or_else(|| wrong("no length"))?;
    let digits = answer[start + NAME.len()..].iter().take_while(|digit| digit.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    let body = end + 4..end + 4 + length;
    Ok((body.end <= answer.len()).then_some(body))
}
