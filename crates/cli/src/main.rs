//! The command `spark-t2i`: text to image with `spark_t2i_3_0` from a terminal or a script.

mod advice;
mod arguments;
mod completions;
mod duration;
mod estimate;
mod failure;
mod figures;
mod follow;
mod generate;
mod help;
mod logging;
mod naming;
mod outcome;
mod output;
mod progress;
mod request;
mod resume;
mod serve;
mod session;
mod stop;
mod submit;
mod target;
mod task;
mod usage;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => run(&arguments.command),
        Err(error) => usage::explain(&error),
    }
}

fn run(command: &Command) -> ExitCode {
    let (output, done) = match command {
        Command::Generate(arguments) => (arguments.output, generate::run(arguments)),
        Command::Submit(arguments) => (arguments.output, submit::run(arguments)),
        Command::Task(arguments) => (arguments.output, task::run(arguments)),
        Command::Estimate(arguments) => (arguments.output, estimate::run(arguments)),
        Command::Serve(arguments) => (arguments.output(), serve::run(arguments)),
        Command::Validate(arguments) => return validate::run(arguments),
        Command::Completions(arguments) => return completions::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(output),
    }
}
