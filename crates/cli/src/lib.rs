//! The command line `spark-t2i`, as one function.
//!
//! The binary of this package is [`run`] with the process's arguments. The Python and the Node package link the same
//! function into their native parts, so that the command is there without a second binary.
//!
//! ```
//! let code = spark_t2i_cli::run(["spark-t2i", "generate"].map(Into::into));
//! assert_eq!(code, 2, "there is no prompt");
//! ```

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

use std::ffi::OsString;

use clap::Parser;

use crate::arguments::{Arguments, Command};

/// Does what the arguments say, and returns the exit code for it: 0, or that of the error's kind.
///
/// The first argument is the name of the program, which is not looked at; `-h`, `--version` and mistakes are arguments
/// like others. Results go to standard output and all else to standard error, both past the buffers of other languages,
/// and nothing of it is held back. It blocks until the command has ended, and never ends the process.
///
/// What it leaves behind in a process that goes on:
///
/// - Commands that wait listen to SIGINT and SIGTERM (Ctrl-C on Windows), which from then on do nothing by themselves.
///   A handler that was there before is called as well: a process that has one, as Python and Node do, sets the
///   default back before the call, so that Ctrl-C does what it does in the binary: it ends at once what does not wait,
///   and makes the rest return 130.
/// - `-v` installs a log for the process, where it has none. Where it has one, this call logs what happens on its own
///   thread.
///
/// # Panics
/// When called by a task of an asynchronous runtime, which it would block.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => execute(&arguments.command),
        Err(error) => usage::explain(&error, &arguments),
    }
}

fn execute(command: &Command) -> u8 {
    let output = command.output();
    let _log = logging::start(output.verbose);
    let done = match command {
        Command::Generate(arguments) => generate::run(arguments),
        Command::Submit(arguments) => submit::run(arguments),
        Command::Task(arguments) => task::run(arguments),
        Command::Estimate(arguments) => estimate::run(arguments),
        Command::Validate(arguments) => return validate::run(arguments, output),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(output),
    }
}
