//! The emulator in a process of its own, and what the system tells of a process.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use spark_t2i_emulator::{Emulator, Latency};

use crate::steps::root;

/// The argument with which this program starts itself as the server.
pub(crate) const SERVER_ARGUMENT: &str = "bench-server";

/// Serves until standard input ends, which it does with the benchmark, however that ends.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let mut builder = Emulator::builder();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        builder = match argument.as_str() {
            "--latency" => builder.latency(value()?.parse::<Latency>()?),
            "--no-progress" => builder.progress(false),
            "--rate-limit" => builder.rate_limit(value()?.parse()?),
            "--scenarios" => builder.scenarios(root().join("tests/fixtures/scenarios")),
            other => return Err(format!("the server knows no {other}").into()),
        };
    }
    let emulator = builder.start()?;
    println!("{}", emulator.addr());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// This program once more, in a process of its own, which says something line by line and ends with its owner.
pub(crate) struct Oneself {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Oneself {
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(process.stdout.take().ok_or("the process has no output")?);
        Ok(Self { process, output })
    }

    /// The next line that it says; empty when it has ended.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

impl Drop for Oneself {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// The emulator in a process of its own, so that its memory and its CPU time are its own.
pub(crate) struct Server {
    process: Oneself,
    pub(crate) addr: SocketAddr,
}

impl Server {
    pub(crate) fn start(options: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut process = Oneself::start(&[&[SERVER_ARGUMENT], options].concat())?;
        let line = process.line()?;
        let addr = line.parse().map_err(|_| format!("the server did not start: it said {line:?}"))?;
        Ok(Self { process, addr })
    }

    /// Bytes of memory that are resident; none where the system does not tell in this way.
    pub(crate) fn resident(&self) -> Option<u64> {
        memory(&self.process.process.id().to_string(), "VmRSS:")
    }
}

/// Bytes of memory of a process, by its number or `self`: `VmRSS:` for those resident now, `VmHWM:` for the most that
/// ever were. None where the system does not tell in this way.
pub(crate) fn memory(process: &str, which: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(which))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Seconds of CPU time that this process took, the system's part of it included. None where the system does not tell in
/// this way.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name, which may hold blanks and parentheses; the third comes after the last of them.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    let (user, system) = (ticks()?, ticks()?);
    // The unit of this file is 10 ms on every Linux of today, whatever the kernel's own is.
    Some((f64::from(user) + f64::from(system)) / 100.0)
}
