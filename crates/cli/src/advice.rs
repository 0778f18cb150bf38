//! What to do next, for every kind of failure.

use spark_t2i::{Charged, Error, ErrorKind};

use crate::resume::Resume;

/// One thing that can be done.
pub(crate) struct Step {
    pub(crate) words: String,
    pub(crate) command: Option<String>,
}

fn say(words: impl Into<String>) -> Step {
    Step { words: words.into(), command: None }
}

fn run(words: &str, command: impl Into<String>) -> Step {
    Step { words: words.to_owned(), command: Some(command.into()) }
}

/// What the user can do now; what the message says already is left out.
pub(crate) fn steps(error: &Error, resume: Option<&Resume>) -> Vec<Step> {
    let mut steps = Vec::new();
    let is_local = resume.is_some_and(|resume| resume.is_local);
    match error.kind() {
        ErrorKind::Authentication if error.http_status().is_none() => {
            let set = if cfg!(windows) { "set" } else { "export" };
            steps.push(run("With a key of your account:", format!("{set} SPARK_T2I_API_KEY=YOUR_KEY")));
            steps.push(run("or, from a file:           ", "--api-key-file FILE"));
            steps.push(run("Without one, to try it out:", "spark-t2i generate \"a red fox in the snow\" --local"));
        }
        ErrorKind::Permission => steps.push(say("Ask whoever manages the account for the right, or use another key.")),
        ErrorKind::InsufficientBalance => steps.push(say("Top up the account, then run the command again.")),
        ErrorKind::RateLimited => {
            steps.push(say("Run it again later; --max-requests-per-second sends fewer at a time."));
        }
        ErrorKind::Timeout if !is_local && error.task_id().is_none() => {
            steps.push(say("Run it again; --wait-timeout allows more time."));
        }
        ErrorKind::Connection if error.task_id().is_none() => {
            steps.push(say("Check the network, and the base URL (--base-url, SPARK_T2I_BASE_URL)."));
        }
        ErrorKind::NotFound if error.task_id().is_some() => {
            steps.push(say("Check the id, the base URL and the key: another account's tasks are not seen."));
        }
        ErrorKind::TaskFailed => {
            steps.push(say("Submit it again, perhaps with another prompt or seed."));
            if error.charged() == Charged::Unknown {
                steps.push(say("The service did not say whether it charged for it."));
            }
        }
        ErrorKind::Internal => {
            steps.push(run(
                "This is a bug of spark-t2i. Please report it:",
                concat!(env!("CARGO_PKG_REPOSITORY"), "/issues"),
            ));
        }
        _ => {}
    }
    match (error.task_id().filter(|_| goes_on(error)), resume) {
        (Some(_), Some(resume)) if resume.is_local && error.kind() == ErrorKind::Cancelled => {}
        (Some(_), Some(resume)) if resume.is_local => {
            steps.push(say("The embedded emulator has ended, and the task with it."));
        }
        // The image is there; only its file is in trouble.
        (Some(id), Some(resume)) if error.kind() == ErrorKind::Io => {
            steps.push(run("To save it elsewhere:", resume.command_elsewhere(id)));
        }
        (Some(id), Some(resume)) => steps.push(run("To go on:", resume.command(id))),
        _ => {}
    }
    steps
}

/// Whether the task may still give an image.
fn goes_on(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::TaskFailed | ErrorKind::NotFound | ErrorKind::Internal)
}
