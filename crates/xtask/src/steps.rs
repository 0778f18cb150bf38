use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // Without `..`, which some tools refuse in a path.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.expect("this crate lies two folders below the root").to_owned()
}

/// Cargo's folder for what it builds.
pub(crate) fn cargo_target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").and_then(|path| std::path::absolute(path).ok());
    named.unwrap_or_else(|| root().join("target"))
}

/// Commands run one after the other, each with the time it took.
#[derive(Default)]
pub(crate) struct Steps(Vec<(String, Duration)>);

impl Steps {
    /// Runs a command, in the root of the workspace where it names no other folder.
    ///
    /// # Errors
    /// When it cannot be started or does not succeed.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) -> Result<(), Box<dyn Error>> {
        eprintln!("\n=== {name}");
        let begin = Instant::now();
        if command.get_current_dir().is_none() {
            command.current_dir(root());
        }
        let status = command.status().map_err(|error| format!("{name}: {error}"))?;
        self.0.push((name.to_owned(), begin.elapsed()));
        if status.success() { Ok(()) } else { Err(format!("{name}: {status}").into()) }
    }

    /// Runs a function of this program as a step.
    ///
    /// # Errors
    /// The function's own.
    pub(crate) fn call(
        &mut self,
        name: &str,
        step: impl FnOnce() -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        eprintln!("\n=== {name}");
        let begin = Instant::now();
        let result = step();
        self.0.push((name.to_owned(), begin.elapsed()));
        result.map_err(|error| format!("{name}: {error}").into())
    }

    /// Prints what each step took.
    pub(crate) fn report(&self) {
        eprintln!("\n=== what each part took");
        for (name, took) in &self.0 {
            eprintln!("{:>7.1} s  {name}", took.as_secs_f64());
        }
        let all: Duration = self.0.iter().map(|(_, took)| *took).sum();
        eprintln!("{:>7.1} s  in all", all.as_secs_f64());
    }
}

/// A cargo command. The one that runs this program, so that both are of one toolchain.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// What a command prints.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn said(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    }
    Err(format!("{program}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// The one file in a folder that has this extension.
///
/// # Errors
/// When there is none, or there are several.
pub(crate) fn only(folder: &Path, extension: &str) -> Result<PathBuf, Box<dyn Error>> {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    let mut found = files.into_iter().filter(|file| file.extension() == Some(OsStr::new(extension)));
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file),
        _ => Err(format!("there should be one .{extension} in {}", folder.display()).into()),
    }
}

/// `cargo xtask` is a debug build, of which no figure counts: the same again in a release build.
///
/// # Errors
/// When that cannot be built or does not succeed.
pub(crate) fn in_release(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    // Where it was called: paths among the arguments are the caller's.
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let status = cargo(&["run", "--release", "--quiet", "--manifest-path", manifest, "--"]).args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(format!("the release build: {status}").into()) }
}
