//! Virtual environments of Python: those with pinned packages, made once, and fresh ones.

use std::env;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Steps, root, said};

/// What an interpreter tells of itself: whether it is new enough, and what an environment depends on.
const ABOUT: &str = "import sys; print(sys.version_info >= (3, 10), sys.version, sys.base_prefix)";
const NEEDS: &str = "this part needs Python 3.10 or newer with venv and pip (python3-venv on Debian and Ubuntu). `cargo \
                     xtask test rust` runs without it";
/// A file that is written last: without it the environment is not whole.
const WHOLE: &str = "whole.txt";

/// An environment of Python.
pub(crate) struct VirtualEnvironment(PathBuf);

impl VirtualEnvironment {
    /// The environment that holds what these files require. It lies in the user's cache, made once for each content of
    /// the files and each Python.
    ///
    /// # Errors
    /// When there is no Python that will do, or the installation fails.
    pub(crate) fn cached(
        steps: &mut Steps,
        name: &str,
        requirements: &[&str],
        options: &[&str],
    ) -> Result<Self, Box<dyn Error>> {
        let mut key = DefaultHasher::new();
        about_system_python()?.hash(&mut key);
        for file in requirements {
            fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?.hash(&mut key);
        }
        let folder = cache()?.join("spark-t2i").join(format!("{name}-{:016x}", key.finish()));
        let environment = Self(folder);
        // The interpreter is a link to the system's, which may have gone.
        if environment.python().exists() && environment.0.join(WHOLE).exists() {
            return Ok(environment);
        }
        let mut make = Command::new(system_python());
        make.args(["-m", "venv", "--clear"]).arg(&environment.0);
        steps.run(&format!("{name}: an environment"), &mut make).map_err(|error| format!("{error}; {NEEDS}"))?;
        let mut install = environment.module("pip");
        install.args(["install", "--quiet", "--disable-pip-version-check"]).args(options);
        for file in requirements {
            install.args(["--requirement", file]);
        }
        steps.run(&format!("{name}: what {} pins", requirements.join(" and ")), &mut install)?;
        fs::write(environment.0.join(WHOLE), requirements.join("\n"))?;
        Ok(environment)
    }

    /// A new environment in `folder`, with nothing in it but what `others` hold, pip among that. What is installed in it
    /// goes before that.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn fresh(
        steps: &mut Steps,
        name: &str,
        folder: PathBuf,
        others: &[&Self],
    ) -> Result<Self, Box<dyn Error>> {
        let mut make = Command::new(system_python());
        make.args(["-m", "venv", "--clear", "--without-pip"]).arg(&folder);
        steps.run(name, &mut make).map_err(|error| format!("{error}; {NEEDS}"))?;
        let environment = Self(folder);
        let lines = others.iter().map(|other| Ok(format!("{}\n", other.packages()?)));
        let lines: String = lines.collect::<Result<_, Box<dyn Error>>>()?;
        fs::write(Path::new(&environment.packages()?).join("others.pth"), lines)?;
        Ok(environment)
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.programs().join(if cfg!(windows) { "python.exe" } else { "python" })
    }

    /// A command of this environment, as if it were activated, with no setting of the caller's own Python.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.python());
        let paths = env::var_os("PATH").unwrap_or_default();
        let paths = env::join_paths([self.programs()].into_iter().chain(env::split_paths(&paths)));
        if let Ok(paths) = paths {
            command.env("PATH", paths);
        }
        command.env("VIRTUAL_ENV", &self.0).env("PYTHONUTF8", "1").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }

    /// `python -m MODULE` of this environment.
    pub(crate) fn module(&self, module: &str) -> Command {
        let mut command = self.command();
        command.args(["-m", module]);
        command
    }

    fn programs(&self) -> PathBuf {
        self.0.join(if cfg!(windows) { "Scripts" } else { "bin" })
    }

    /// Where its packages lie.
    fn packages(&self) -> Result<String, Box<dyn Error>> {
        said(self.command().args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]))
    }
}

fn system_python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

fn about_system_python() -> Result<String, Box<dyn Error>> {
    let about = said(Command::new(system_python()).args(["-c", ABOUT])).map_err(|error| format!("{error}; {NEEDS}"))?;
    if about.starts_with("True") { Ok(about) } else { Err(format!("Python is too old ({about}); {NEEDS}").into()) }
}

/// The folder for what can be had again.
pub(crate) fn cache() -> Result<PathBuf, Box<dyn Error>> {
    // A relative path would mean another folder to each program that is started; the XDG rules pass over it, too.
    let named = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME")
        .or_else(|| named("LOCALAPPDATA"))
        .or_else(|| named("HOME").map(|home| home.join(".cache")));
    cache.ok_or_else(|| "there is no folder for a cache: set XDG_CACHE_HOME to its absolute path".into())
}
