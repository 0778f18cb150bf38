//! A command line that cannot be understood.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use spark_t2i::{Error, ErrorKind};

use crate::failure::Failure;
use crate::output::{self, GREEN, Output};

/// Prints the help or the version that was asked for, or says what is wrong with the command line: in JSON, too, where
/// it asks for JSON.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(ErrorKind::Io.exit_code()),
        };
    }
    let given = |names: &[&str]| {
        let before_prompt = std::env::args_os().skip(1).take_while(|argument| argument != "--");
        before_prompt.into_iter().any(|argument| names.iter().any(|name| argument == *name))
    };
    let output = Output { json: given(&["--json"]), quiet: given(&["--quiet", "-q"]), verbose: 0 };
    let tip = tip(error);
    if output.json {
        // Only the JSON of it: clap tells people better.
        let wrong = in_one_line(&error.to_string());
        let message = tip.as_ref().map_or_else(|| wrong.clone(), |tip| format!("{wrong}: {tip}"));
        Failure::from(Error::new(ErrorKind::InvalidRequest, message)).report(Output { quiet: true, ..output });
    }
    if !(output.json && output.quiet) {
        _ = error.print();
        if let Some(tip) = tip {
            output::to_stderr(&format!("\n  {GREEN}tip:{GREEN:#} {tip}"));
        }
    }
    ExitCode::from(ErrorKind::InvalidRequest.exit_code())
}

/// What is wrong, without the usage and the pointers behind it.
fn in_one_line(explained: &str) -> String {
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|mark| explained.find(mark)).min();
    let wrong = &explained[..end.unwrap_or(explained.len())];
    wrong.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What clap cannot know: a prompt was given in the place of the command, or `--local` to a command for which it could not
/// do what it says.
fn tip(error: &clap::Error) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    if let Some(word) = context(ContextKind::InvalidSubcommand).filter(|word| word.contains(' ') || !word.is_ascii()) {
        let prompt = spark_t2i::printable(word, 80).replace('"', "'");
        return Some(format!("to make an image: spark-t2i generate \"{prompt}\""));
    }
    context(ContextKind::InvalidArg).filter(|argument| *argument == "--local").map(|_| {
        "an embedded emulator and its tasks would end with this command: run `spark-t2i serve` in another terminal and \
         give its URL as --base-url, or use `spark-t2i generate --local`"
            .to_owned()
    })
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
