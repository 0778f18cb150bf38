//! `cargo xtask generate`: files that follow from the code and are committed beside it.

use std::error::Error;
use std::fs;

use serde_json::{Value, json};
use spark_t2i_core::{Code, ErrorKind};

use crate::c;
use crate::steps::root;

/// Every generated file, by its path under the root, with its content.
fn files() -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    Ok(vec![("tests/fixtures/errors.json", errors()), (c::HEADER, c::header()?)])
}

/// Writes the files; with `--verify`, only says which of them are not what would be written.
///
/// # Errors
/// When a file cannot be written, or with `--verify` differs.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let verify = match arguments {
        [] => false,
        ["--verify"] => true,
        other => return Err(format!("unknown: {}; there is --verify", other.join(" ")).into()),
    };
    let mut stale = Vec::new();
    for (path, content) in files()? {
        let whole = root().join(path);
        if fs::read_to_string(&whole).ok().as_deref() == Some(&content) {
            continue;
        }
        if verify {
            stale.push(path);
        } else {
            fs::write(&whole, content).map_err(|error| format!("{path}: {error}"))?;
            eprintln!("wrote {path}");
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("not what the code says: {}; run `cargo xtask generate`", stale.join(", ")).into())
}

/// The table of error kinds and codes, which every language asserts.
fn errors() -> String {
    let about = "Generated from the core by `cargo xtask generate`. kinds: every kind of error, the exit code of the command \
                 line, and what an error of this kind says as long as nothing more is known: whether the same call may \
                 succeed later, and whether it was charged. codes: those of the specification, as they are shown.";
    let kinds = ErrorKind::ALL.iter().map(|kind| {
        let error = spark_t2i_core::Error::new(*kind, "");
        json!({
            "kind": kind.as_str(),
            "exit_code": kind.exit_code(),
            "retryable": error.retryable(),
            "charged": error.charged().as_str(),
        })
    });
    let codes = Code::TABLE.iter().map(
        |(code, description)| json!({"code": code.to_string(), "number": code.number(), "description": description}),
    );
    format!("{{\n  \"about\": {},\n  \"kinds\": {},\n  \"codes\": {}\n}}\n", json!(about), lines(kinds), lines(codes))
}

/// A list with an element a line: a change shows as one.
fn lines(rows: impl Iterator<Item = Value>) -> String {
    let rows: Vec<String> = rows.map(|row| format!("    {row}")).collect();
    format!("[\n{}\n  ]", rows.join(",\n"))
}
