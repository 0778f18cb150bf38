//! Set-up, tests and measurements of this workspace: `cargo xtask help`.

mod bench_cli;
mod bench_emulator;
mod bench_poll;
mod c;
mod generate;
mod kotlin;
mod kotlin_package;
mod mutants;
mod node;
mod node_tools;
mod public_clients;
mod python;
mod server;
mod simulate;
mod steps;
mod swift;
mod test;
mod uniffi;
mod virtual_environment;

use std::process::ExitCode;

const HELP: &str = "\
Set-up, tests and measurements of this workspace.

  cargo xtask test [PART …]       installs what the tests need and passes them all;
                                  parts: rust; python (the wheel, in a fresh environment) and public-clients,
                                  which need Python 3.10 or newer; node (the packages, in a fresh folder), which
                                  needs Node 20 or newer; c (C and C++, in a fresh prefix; Linux); kotlin (on a JVM,
                                  with Maven); swift (with the Swift of this machine, or else that of a Debian
                                  root that it makes, once, in the user's cache)
  cargo xtask install-c --prefix DIR
                                  builds and installs the C library: headers, pkg-config file, CMake package
  cargo xtask generate [--verify] writes the files that follow from the code, or checks them
  cargo xtask generate bindings   writes the generated Kotlin and Swift; `test kotlin` and `test swift`
                                  check them
  cargo xtask mutants [NAME …]    breaks promises in a copy; each must make its scenario fail
  cargo xtask bench PART          measures, with the targets beside the figures; parts:
                                  emulator (throughput, memory), cli (start, size), python (import, waiting),
                                  node (require, size, waiting, the event loop), c (size, the cost of a call),
                                  kotlin (waiting), mobile (size of the library for phones)
  cargo xtask bench poll          what waiting costs over HTTP, in some three minutes: lag, requests, CPU, memory;
                                  --base-url URL (an emulator of yours), --tasks N, --poll-cost S, --latency SPEC,
                                  --json
  cargo xtask package node        builds the npm packages of this system, and prints where they are
  cargo xtask package kotlin      builds the jar with the library of this system, the sources and the documentation, and
                                  prints where they are; --natives DIR: with those of more systems, from there
  cargo xtask simulate [FILE]     what polling costs by policy, on virtual time: a table, docs/polling.md
                                  and docs/polling.svg (--verify: are they current?); with a file of
                                  recorded seconds, there; --seed N for other tasks
  cargo bench                     the small ones: validation, decoding, the polling engine, the painter
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test", parts @ ..] => test::run(parts),
        ["generate", "bindings"] => uniffi::generate_from_sources(),
        ["generate", rest @ ..] => generate::run(rest),
        ["mutants", rest @ ..] => mutants::run(rest),
        ["bench", "emulator", ..] => bench_emulator::run(&arguments[2..]),
        ["bench", "cli", ..] => bench_cli::run(&arguments[2..]),
        ["bench", "python", rest @ ..] => python::bench(rest),
        ["bench", "node", rest @ ..] => node::bench(rest),
        ["bench", "c", rest @ ..] => c::bench(rest),
        ["bench", "kotlin", rest @ ..] => kotlin_package::bench(rest),
        ["bench", "mobile", rest @ ..] => kotlin::bench(rest),
        ["package", "node", rest @ ..] => node::package(rest),
        ["package", "kotlin", rest @ ..] => kotlin_package::package(rest),
        ["install-c", rest @ ..] => c::install_from(rest),
        ["bench", "poll", rest @ ..] => bench_poll::run(rest),
        ["simulate", arguments @ ..] => simulate::run(arguments),
        // The benchmarks start server and load as processes of their own.
        [server::SERVER_ARGUMENT, ..] => server::serve(&arguments[1..]),
        [bench_poll::LOAD_ARGUMENT, job] => bench_poll::load(job),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("unknown: {}\n\n{HELP}", other.join(" ")).into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
