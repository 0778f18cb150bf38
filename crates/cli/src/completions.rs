//! `spark-t2i completions`: what a shell needs to complete our arguments.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::arguments;
use crate::failure::Failure;
use crate::output::{self, Output};

pub(crate) fn run(arguments: &arguments::Completions) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::Arguments::command(), "spark-t2i", &mut script);
    match output::bytes_to_stdout(&script) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => Failure::from(error).report(Output { json: false, quiet: false, verbose: 0 }),
    }
}
