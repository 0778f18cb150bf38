//! `spark-t2i completions`: what a shell needs to complete our arguments.

use clap::CommandFactory;

use crate::arguments;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(arguments: &arguments::Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::Arguments::command(), "spark-t2i", &mut script);
    Ok(output::bytes_to_stdout(&script)?)
}
