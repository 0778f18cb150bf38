//! `spark-t2i validate`: the verdict of the specification's rules on parameters in JSON.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use spark_t2i::{Error, ErrorKind, Report, Violation, printable};

use crate::arguments::Validate;
use crate::failure::Failure;
use crate::output::{self, Output};

/// No parameters are longer by far: a prompt has 800 characters.
const MOST_BYTES: u64 = 4 << 20;

pub(crate) fn run(arguments: &Validate, output: Output) -> u8 {
    match read(arguments.file.as_deref()).and_then(|bytes| judge(&bytes, arguments.json)) {
        Ok(true) => 0,
        Ok(false) => ErrorKind::InvalidRequest.exit_code(),
        Err(error) => Failure::from(error).report(output),
    }
}

fn read(file: Option<&Path>) -> Result<Vec<u8>, Error> {
    let file = file.filter(|path| path.as_os_str() != "-");
    let mut bytes = Vec::new();
    let read = match file {
        Some(path) => File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)),
        None => {
            if io::stdin().is_terminal() {
                output::to_stderr("Type a JSON object of parameters; end it with Ctrl-D (Ctrl-Z on Windows).");
            }
            io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)
        }
    };
    read.map_err(|error| {
        let name = file.map_or_else(|| "standard input".into(), |path| printable(&path.to_string_lossy(), 300));
        Error::new(ErrorKind::Io, format!("cannot read {name}: {error}")).with_source(error)
    })?;
    Ok(bytes)
}

fn judge(bytes: &[u8], on_one_line: bool) -> Result<bool, Error> {
    let report = match std::str::from_utf8(bytes) {
        _ if bytes.len() as u64 > MOST_BYTES => unreadable("longer than 4 MiB, which no parameters are"),
        Ok(text) => Report::of_json(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => unreadable(&format!("not UTF-8: the byte at {} has no meaning in it", error.valid_up_to())),
    };
    if io::stdout().is_terminal() && !on_one_line {
        let pretty = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::internal("a verdict cannot be written as JSON").with_source(error))?;
        output::line(&output::harmless(&pretty))?;
    } else {
        output::json(&report)?;
    }
    Ok(report.is_valid())
}

fn unreadable(why: &str) -> Report {
    let violation = Violation { code: None, field: "parameters".into(), message: format!("the parameters are {why}") };
    Report { violations: vec![violation], warnings: Vec::new() }
}
