//! A command line that cannot be understood.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::{ContextKind, ContextValue};
use spark_t2i::{Error, ErrorKind};

use crate::failure::Failure;
use crate::output::{self, BOLD, GREEN, Output};

/// An emulator inside of `submit` would end with it, and the task with the emulator.
const NO_LOCAL: &str = "--local has no use here: an embedded emulator and its tasks end with the command. Run `spark-t2i \
                        serve` in another terminal and give its URL as --base-url, or use `spark-t2i generate --local`";

/// Prints the help or the version that was asked for, or says what is wrong with the command line: in JSON, too, where
/// it asks for JSON.
pub(crate) fn explain(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if !error.use_stderr() {
        // A program that is not Rust's own flushes nothing at its end.
        return match error.print().and_then(|()| io::stdout().flush()) {
            Ok(()) => 0,
            Err(_) => ErrorKind::Io.exit_code(),
        };
    }
    let given = |names: &[&str]| {
        let mut before_prompt = arguments.iter().skip(1).take_while(|argument| *argument != "--");
        before_prompt.any(|argument| names.iter().any(|name| argument == *name))
    };
    let output = Output { json: given(&["--json"]), quiet: given(&["--quiet", "-q"]), verbose: 0 };
    let wrong = |what: String| Failure::from(Error::new(ErrorKind::InvalidRequest, what));
    if word(error, ContextKind::InvalidArg) == Some("--local") {
        return wrong(NO_LOCAL.to_owned()).report(output);
    }
    if output.json {
        // Only the JSON of it: clap tells people better.
        wrong(in_one_line(&error.to_string())).report(Output { quiet: true, ..output });
    }
    if !(output.json && output.quiet) {
        _ = error.print();
        if let Some(prompt) = forgotten_command(error) {
            output::to_stderr(&format!(
                "\n  {GREEN}tip:{GREEN:#} to make an image: {BOLD}spark-t2i generate \"{prompt}\"{BOLD:#}"
            ));
        }
    }
    ErrorKind::InvalidRequest.exit_code()
}

/// What is wrong, without the usage and the pointers behind it.
fn in_one_line(explained: &str) -> String {
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|mark| explained.find(mark)).min();
    let wrong = &explained[..end.unwrap_or(explained.len())];
    wrong.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn word(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word),
        _ => None,
    }
}

/// A prompt in the place of the command.
fn forgotten_command(error: &clap::Error) -> Option<String> {
    let word = word(error, ContextKind::InvalidSubcommand).filter(|word| word.contains(' ') || !word.is_ascii())?;
    Some(spark_t2i::printable(word, 80).replace('"', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_cut_to_what_is_wrong() {
        let explained = "error: unexpected argument '--sed' found\n\n  tip: a similar argument exists: '--seed'\n\nUsage: x\n\nFor more information, try '--help'.\n";
        assert_eq!(
            in_one_line(explained),
            "unexpected argument '--sed' found tip: a similar argument exists: '--seed'"
        );
    }
}
