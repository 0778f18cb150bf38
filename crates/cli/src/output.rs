//! Who is told what, and where: results on standard output, everything else on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use spark_t2i::{Error, ErrorKind, printable};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();

#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print one JSON object on standard output: the result, or {"error":{…}}
    #[arg(long)]
    pub(crate) json: bool,

    /// Nothing on standard error but errors; with --json not even these
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Log to standard error, instead of the progress bar; -vv logs more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Output {
    /// Whether somebody looks at standard error and wants to be told more than errors.
    pub(crate) fn is_watched(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether there shall be a progress bar; log lines would run into it.
    pub(crate) fn shows_progress(self) -> bool {
        self.is_watched() && self.verbose == 0
    }

    /// Tells whoever watches.
    pub(crate) fn note(self, text: &str) {
        if self.is_watched() {
            to_stderr(text);
        }
    }

    pub(crate) fn warning(self, text: &str) {
        if !self.quiet {
            to_stderr(&format!("{YELLOW}warning:{YELLOW:#} {text}"));
        }
    }

    /// Tells where a file was saved: whoever watches by the summary, a program by the path on standard output.
    pub(crate) fn saved(self, path: &Path, summary: &str) -> Result<(), Error> {
        self.note(summary);
        if self.is_watched() && io::stdout().is_terminal() {
            return Ok(());
        }
        let mut line = path.as_os_str().as_encoded_bytes().to_vec();
        line.push(b'\n');
        bytes_to_stdout(&line)
    }
}

/// Prints text to standard error; where that fails there is nobody left to tell.
pub(crate) fn to_stderr(text: &str) {
    _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints a line to standard output.
pub(crate) fn line(text: &str) -> Result<(), Error> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(unwritable)
}

/// Prints one JSON object on a line of its own.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value)
        .map_err(|error| Error::internal("a result cannot be written as JSON").with_source(error))?;
    bytes_to_stdout(format!("{}\n", harmless(&text)).as_bytes())
}

/// Writes exactly these bytes to standard output.
pub(crate) fn bytes_to_stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(unwritable)
}

fn unwritable(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot write to standard output: {error}")).with_source(error)
}

/// The same JSON with what could mislead a terminal escaped. (In JSON such characters stand only in strings.)
pub(crate) fn harmless(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || character.is_ascii_graphic() || is_harmless(character) {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("writing to a String cannot fail");
            }
        }
    }
    escaped
}

fn is_harmless(character: char) -> bool {
    let mut bytes = [0; 4];
    let text = character.encode_utf8(&mut bytes);
    printable(text, 1) == *text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_moves_no_cursor() {
        let text = "雪 \u{9b}31m \u{7f} \u{202e} \u{e0041} \"\n";
        let escaped = harmless(&serde_json::to_string(text).unwrap());
        assert!(escaped.contains("\\u009b31m \\u007f \\u202e \\udb40\\udc41"), "{escaped}");
        assert!(escaped.contains('雪'));
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
