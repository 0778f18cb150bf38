//! How a failure is told: to people on standard error, to programs as JSON on standard output, and to both by the exit
//! code.

use serde::Serialize;
use spark_t2i::{Error, ErrorKind, printable};

use crate::advice;
use crate::output::{self, BOLD, FAINT, Output, RED};
use crate::resume::Resume;

/// An error, and what its user needs to go on.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    resume: Option<Resume>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, resume: None }
    }
}

/// The JSON form of a failure.
#[derive(Serialize)]
struct Told<'a> {
    error: &'a Error,
}

impl Failure {
    /// An error of a command whose task could be taken up again.
    pub(crate) fn new(error: Error, resume: Resume) -> Self {
        Self { error, resume: Some(resume) }
    }

    /// Tells the error, and returns its exit code.
    pub(crate) fn report(&self, output: Output) -> u8 {
        if output.json {
            // Where standard output is gone the exit code and standard error have to do.
            _ = output::json(&Told { error: &self.error });
        }
        if !(output.json && output.quiet) {
            output::to_stderr(&self.for_people());
        }
        self.error.kind().exit_code()
    }

    fn for_people(&self) -> String {
        let error = &self.error;
        let mut lines = vec![match error.violations() {
            [_, _, ..] if error.kind() == ErrorKind::InvalidRequest => {
                format!("{RED}error:{RED:#} the request breaks {} rules", error.violations().len())
            }
            _ if error.kind() == ErrorKind::Cancelled => error.to_string(),
            _ => format!("{RED}error:{RED:#} {error}"),
        }];
        if let [_, _, ..] = error.violations() {
            lines.extend(error.violations().iter().map(|violation| match violation.code {
                Some(code) => format!("  {} {FAINT}(code {code}){FAINT:#}", violation.message),
                None => format!("  {}", violation.message),
            }));
        }
        if let Some(cause) = error.cause().filter(|cause| !error.message().contains(cause.as_str())) {
            lines.push(format!("  {FAINT}cause:{FAINT:#} {cause}"));
        }
        if let Some(body) = error.body().map(str::trim).filter(|body| !body.is_empty()) {
            lines.push(format!("  {FAINT}the answer was:{FAINT:#} {}", printable(body, 400)));
        }
        for step in advice::steps(error, self.resume.as_ref()) {
            lines.push(match step.command {
                Some(command) => format!("  {} {BOLD}{command}{BOLD:#}", step.words),
                None => format!("  {}", step.words),
            });
        }
        lines.join("\n")
    }
}
