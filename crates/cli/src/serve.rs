//! `spark-t2i serve`: the emulator, for other programs.

use std::net::{Ipv4Addr, SocketAddr};

use spark_t2i::{Error, ErrorKind};
use spark_t2i_emulator::{Emulator, StartError, Stats};

use crate::arguments::Serve;
use crate::failure::Failure;
use crate::output::{BOLD, CYAN, FAINT};
use crate::{figures, output, session, stop};

/// `IP:PORT`, `localhost:PORT`, or a port of 127.0.0.1.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let on_loopback = |port: &str| port.parse::<u16>().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let port = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    on_loopback(port)
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "write it as IP:PORT, such as 127.0.0.1:8080, or as a port".to_owned())
}

pub(crate) fn run(arguments: &Serve) -> Result<(), Failure> {
    let mut builder = Emulator::builder()
        .addr(arguments.addr)
        .latency(arguments.latency.clone())
        .failure_rate(arguments.failure_rate)
        .progress(!arguments.no_progress)
        .price(arguments.price.clone());
    if let Some(limit) = arguments.rate_limit {
        builder = builder.rate_limit(limit);
    }
    if let Some(path) = &arguments.state {
        builder = builder.state(path);
    }
    for fault in &arguments.faults {
        builder = builder.fault(*fault);
    }
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    if let Some(folder) = &arguments.scenarios {
        builder = builder.scenarios(folder);
    }
    if let Some(path) = &arguments.api_key_file {
        builder = builder.api_key(session::key_in(path)?);
    }
    let runtime = session::runtime()?;
    runtime.block_on(async {
        // Before the URL is told: whoever reads it may ask to stop at once.
        let stop = stop::requested().map_err(|error| {
            Error::new(ErrorKind::Io, "the system's signals cannot be listened to").with_source(error)
        })?;
        let emulator = builder.start().map_err(not_started)?;
        output::line(emulator.url())?;
        arguments.output().note(&welcome(arguments, &emulator));
        stop.await;
        arguments.output().note(&farewell(&emulator.stats()));
        Ok(())
    })
}

fn not_started(error: StartError) -> Error {
    match error {
        StartError::RefusedAddress(address) => Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "refusing to listen on {address}, which other machines may reach, without a key: name a file that \
                 holds one (--api-key-file), or listen on 127.0.0.1"
            ),
        ),
        StartError::InvalidOption { option, range, given } => Error::new(
            ErrorKind::InvalidRequest,
            format!("--{} must be {range}, not {given}", option.replace('_', "-")),
        ),
        other => Error::new(ErrorKind::Io, other.to_string()).with_source(other),
    }
}

fn welcome(arguments: &Serve, emulator: &Emulator) -> String {
    let url = emulator.url();
    let key = if arguments.api_key_file.is_some() { "THE_KEY_OF_THE_FILE" } else { "any-key" };
    let set = if cfg!(windows) { "set" } else { "export" };
    let tasks = match arguments.state {
        Some(_) => "Tasks outlive a restart.",
        None => "Tasks end with it; --state FILE keeps them.",
    };
    let scenarios = match emulator.scenarios().len() {
        0 => String::new(),
        count => format!("{FAINT}{} at {url}/scenarios/NAME{FAINT:#}\n", figures::count(count as u64, "scenario")),
    };
    let faults: Vec<_> = emulator.faults().iter().map(ToString::to_string).collect();
    let faults = match faults[..] {
        [] => String::new(),
        _ => format!("{FAINT}Faults: {}{FAINT:#}\n", faults.join(", ")),
    };
    format!(
        "{FAINT}This is an emulator: it paints abstract pictures and charges nothing. {tasks}\nIn another terminal:{FAINT:#}\n  \
         {CYAN}{set} SPARK_T2I_BASE_URL={url} SPARK_T2I_API_KEY={key}{CYAN:#}\n  \
         {CYAN}spark-t2i generate \"a red fox in the snow\"{CYAN:#}\n\
         {scenarios}{faults}{FAINT}Counters: {url}/_emulator/stats   Ctrl-C ends it.{FAINT:#}"
    )
}

fn farewell(stats: &Stats) -> String {
    let struck = match stats.faults.values().sum() {
        0 => String::new(),
        count => format!("{}, ", figures::count(count, "fault")),
    };
    format!(
        "\n{BOLD}Stopped{BOLD:#} after {}, {}, {struck}and {} USD.",
        figures::count(stats.tasks.created, "task"),
        figures::count(stats.downloads, "download"),
        stats.charges.total
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_read_in_short_forms_too() {
        for (text, address) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("[::1]:0", "[::1]:0"),
            ("0.0.0.0:1", "0.0.0.0:1"),
        ] {
            assert_eq!(super::address(text).map(|address| address.to_string()).as_deref(), Ok(address), "{text}");
        }
        for text in ["", "example.com:80", "127.0.0.1", "99999", "127.0.0.1:99999"] {
            assert!(super::address(text).is_err(), "{text}");
        }
    }
}
