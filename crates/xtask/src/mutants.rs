//! `cargo xtask mutants`: promises broken on purpose, in a copy of the workspace. Each must make its scenario fail.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Steps, cargo, cargo_target, root};

/// A promise, and how to break it.
struct Mutant {
    promise: &'static str,
    file: &'static str,
    /// Texts that stand in the file once, and what takes their place.
    changes: &'static [(&'static str, &'static str)],
    /// The scenario that must fail.
    scenario: &'static str,
}

/// So many of the first are a part of `cargo xtask test`.
pub(crate) const IN_THE_TESTS: usize = 3;

const MUTANTS: &[Mutant] = &[
    Mutant {
        promise: "a submit of unknown outcome is not repeated",
        file: "crates/client/src/submit.rs",
        changes: &[("(error, self.settings().on_outcome_unknown == OnOutcomeUnknown::Resubmit)", "(error, true)")],
        scenario: "submit-reset-after-reading",
    },
    Mutant {
        promise: "the key does not go to an image host",
        file: "crates/client/src/transport.rs",
        changes: &[("cdn.get(url.clone())", "cdn.get(url.clone()).headers(self.headers.clone())")],
        scenario: "image-at-another-host",
    },
    Mutant {
        promise: "there is a last look at the deadline",
        file: "crates/client/src/polling/driver.rs",
        changes: &[(
            "state.engine.ask_by(handle, next.map(|next| self.since_origin(next)));",
            "state.engine.ask_by(handle, next.filter(|next| *next < now).map(|next| self.since_origin(next)));",
        )],
        scenario: "poll-last-look",
    },
    Mutant {
        promise: "a 5xx of a submit is not repeated",
        file: "crates/client/src/submit.rs",
        changes: &[("503 if answer.retry_after.is_some() =>", "500..=599 =>")],
        scenario: "submit-500",
    },
    Mutant {
        promise: "polling survives a 5xx",
        file: "crates/client/src/task.rs",
        changes: &[(
            "ErrorKind::Connection | ErrorKind::RateLimited => Look::Later(error)",
            "ErrorKind::Connection | ErrorKind::RateLimited => Look::Over(error)",
        )],
        scenario: "poll-through-trouble",
    },
    Mutant {
        promise: "a timeout carries the id",
        file: "crates/client/src/watch.rs",
        changes: &[("            .with_charged(Charged::Unknown)\n            .with_task_id(id);", ";")],
        scenario: "poll-never-finishes",
    },
    Mutant {
        promise: "a redirect of a submit is not followed",
        file: "crates/client/src/transport.rs",
        changes: &[("redirect::Policy::none()", "redirect::Policy::limited(5)")],
        scenario: "submit-307-elsewhere",
    },
    Mutant {
        promise: "Retry-After is a floor",
        file: "crates/client/src/retry.rs",
        changes: &[(".mul_f64(random).max(retry_after.unwrap_or_default())", ".mul_f64(random)")],
        scenario: "submit-429-then-taken",
    },
    Mutant {
        promise: "a task that is not found yet has its grace",
        file: "crates/client/src/polling/driver.rs",
        changes: &[("asked.duration_since(since) >= GRACE", "asked >= since")],
        scenario: "poll-404-then-found",
    },
    Mutant {
        promise: "a file is checked against its own signature",
        file: "crates/client/src/download.rs",
        changes: &[(
            "self.inspector.verdict().map_err(|why| self.error(&why))?",
            "self.inspector.verdict().unwrap_or((ImageFormat::Png, None))",
        )],
        scenario: "image-not-an-image",
    },
    Mutant {
        promise: "a file is as long as promised",
        file: "crates/client/src/download.rs",
        changes: &[("Some(promised) if in_all => length != promised,", "Some(_) if in_all => false,")],
        scenario: "image-shorter-than-promised",
    },
    Mutant {
        promise: "a file that is there is not touched",
        file: "crates/client/src/save.rs",
        changes: &[
            ("Ok(_) if !options.overwrite =>", "Ok(_) if path.as_os_str().is_empty() =>"),
            ("if overwrite {", "if overwrite || target.exists() {"),
        ],
        scenario: "image-target-exists",
    },
    Mutant {
        promise: "an image is fetched by http and https alone",
        file: "crates/client/src/download.rs",
        changes: &[("\"http\" | \"https\" => {}", "\"http\" | \"https\" | \"file\" => {}")],
        scenario: "image-at-a-file-address",
    },
    Mutant {
        promise: "a download is continued only where it stopped",
        file: "crates/client/src/download.rs",
        changes: &[("&& range_start(response.headers()) == Some(self.inspector.length());", ";")],
        scenario: "image-resumed-at-the-wrong-place",
    },
    Mutant {
        promise: "an echoed key does not get into an error",
        file: "crates/client/src/transport.rs",
        changes: &[("if key.len() < SHORTEST_SECRET {", "if key.len() < usize::MAX {")],
        scenario: "submit-echo-of-the-key",
    },
    Mutant {
        promise: "a GOAWAY that came before the request is a refusal",
        file: "crates/client/src/transport.rs",
        changes: &[("(refused || error.is_go_away())", "refused")],
        scenario: "http2-goaway-before-the-request",
    },
    Mutant {
        promise: "a stream reset for another reason than refusal may have been taken",
        file: "crates/client/src/transport.rs",
        changes: &[("error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)", "error.is_reset()")],
        scenario: "http2-stream-reset-internal-error",
    },
    Mutant {
        promise: "a refused certificate is not tried again",
        file: "crates/client/src/transport.rs",
        changes: &[(".with_retryable(!certificate)", ".with_retryable(true)")],
        scenario: "tls-expired",
    },
    Mutant {
        promise: "money is exact",
        file: "crates/core/src/task.rs",
        changes: &[(
            "cost: decimal(\"cost\"),",
            "cost: decimal(\"cost\").and_then(|cost: Decimal| cost.to_string().parse::<f64>().ok()?.to_string().parse().ok()),",
        )],
        scenario: "many-costs",
    },
    Mutant {
        promise: "an id does not leave its place in a path",
        file: "crates/core/src/id.rs",
        changes: &[("b'/' | b'\\\\' | b'?'", "b'\\\\' | b'?'")],
        scenario: "submit-200-id-with-a-path",
    },
];

/// Breaks the promises of the arguments (parts of their scenarios' names), or all.
///
/// # Errors
/// When a broken promise is not noticed, or the copy cannot be made or built.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut steps = Steps::default();
    let wanted =
        |mutant: &&Mutant| arguments.is_empty() || arguments.iter().any(|argument| mutant.scenario.contains(argument));
    let result = check(&mut steps, &MUTANTS.iter().filter(wanted).collect::<Vec<_>>());
    steps.report();
    result
}

/// Breaks the first few promises.
///
/// # Errors
/// As [`run`].
pub(crate) fn in_the_tests(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    check(steps, &MUTANTS.iter().take(IN_THE_TESTS).collect::<Vec<_>>())
}

fn check(steps: &mut Steps, mutants: &[&Mutant]) -> Result<(), Box<dyn Error>> {
    let copy = copy()?;
    let all: Vec<&str> = mutants.iter().map(|mutant| mutant.scenario).collect();
    steps.call("promises unbroken", || match scenarios(&copy, &all.join(","))? {
        Seen::Passed => Ok(()),
        Seen::Failed(output) => Err(format!("the scenarios fail as it is:\n{output}").into()),
    })?;
    let mut unnoticed = Vec::new();
    for mutant in mutants {
        steps.call(&format!("promise broken: {}", mutant.promise), || {
            let path = copy.join(mutant.file);
            let whole = fs::read_to_string(&path)?;
            fs::write(&path, broken(mutant, &whole)?)?;
            let seen = scenarios(&copy, mutant.scenario);
            fs::write(&path, whole)?;
            match seen? {
                Seen::Failed(output) if output.contains(&format!("{}: ", mutant.scenario)) => {}
                Seen::Failed(output) => return Err(format!("it failed in another way:\n{output}").into()),
                Seen::Passed => unnoticed.push(mutant.promise),
            }
            Ok(())
        })?;
    }
    if unnoticed.is_empty() { Ok(()) } else { Err(format!("nobody noticed: {}", unnoticed.join("; ")).into()) }
}

fn broken(mutant: &Mutant, whole: &str) -> Result<String, String> {
    mutant.changes.iter().try_fold(whole.to_owned(), |text, (from, to)| match text.matches(from).count() {
        1 => Ok(text.replace(from, to)),
        count => Err(format!("{}: {from:?} stands there {count} times and not once", mutant.file)),
    })
}

enum Seen {
    Passed,
    Failed(String),
}

/// Runs these scenarios in the copy. It shares the target folder, where the dependencies are built already.
fn scenarios(copy: &Path, names: &str) -> Result<Seen, Box<dyn Error>> {
    let mut command = cargo(&["test", "--workspace", "--all-features", "--locked", "--test", "scenarios"]);
    command.current_dir(copy).env("CARGO_TARGET_DIR", cargo_target()).env("SCENARIO", names).env("RUST_BACKTRACE", "0");
    let output = command.output()?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    match output.status.success() {
        true => Ok(Seen::Passed),
        false if text.contains("scenarios passed") => Ok(Seen::Failed(text)),
        // It did not come to the scenarios: a promise that does not compile is not broken.
        false => Err(format!("the copy cannot be tested:\n{text}").into()),
    }
}

/// A copy of every file of the workspace that git knows, or would with the next `add`.
fn copy() -> Result<PathBuf, Box<dyn Error>> {
    let copy = root().join("target/mutants");
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("git is needed to tell which files belong to the workspace: {error}"))?;
    let listed = String::from_utf8(listed.stdout)?;
    for path in listed.lines().filter(|path| !path.starts_with("docs/")) {
        let (from, to) = (root().join(path), copy.join(path));
        // A file that was deleted and not committed yet.
        let Ok(content) = fs::read(&from) else { continue };
        // What has not changed keeps its date, so that it is not built again.
        if fs::read(&to).is_ok_and(|there| there == content) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(to, content)?;
    }
    Ok(copy)
}
