//! Set-up, tests and measurements of this workspace: `cargo xtask help`.

mod bench_cli;
mod bench_emulator;
mod public_clients;
mod simulate;
mod steps;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
Set-up, tests and measurements of this workspace.

  cargo xtask test [PART …]       installs what the tests need and passes them all;
                                  parts: rust, public-clients (needs Python 3.10 or newer)
  cargo xtask bench PART          measures, with the targets beside the figures; parts:
                                  emulator (throughput, memory), cli (start, size)
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
        ["bench", "emulator", ..] => bench_emulator::run(&arguments[2..]),
        ["bench", "cli", ..] => bench_cli::run(&arguments[2..]),
        ["simulate", arguments @ ..] => simulate::run(arguments),
        // The benchmark starts its server as a process of its own.
        [bench_emulator::SERVER_ARGUMENT, ..] => bench_emulator::serve(&arguments[1..]),
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
