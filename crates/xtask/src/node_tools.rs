//! Programs of npm packages: pinned by a lock file, installed once.

use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

use crate::steps::{Steps, root, said};
use crate::virtual_environment::cache;

const NEEDS: &str = "this part needs Node 20 or newer with npm (its tests; the package itself runs on 18). `cargo xtask test \
                     rust` runs without it";
/// The oldest that runs the tests' own runner as it is called.
const OLDEST: u32 = 20;
/// A file that is written last: without it the folder is not whole.
const WHOLE: &str = "whole.txt";

/// What a folder with `package.json` and `package-lock.json` pins, installed.
pub(crate) struct Tools(PathBuf);

impl Tools {
    /// It lies in the user's cache, made once for each content of the two files and each Node.
    ///
    /// # Errors
    /// When there is no Node that will do, or the installation fails.
    pub(crate) fn cached(steps: &mut Steps, pinned_by: &str) -> Result<Self, Box<dyn Error>> {
        let version = said(Command::new("node").arg("--version")).map_err(|error| format!("{error}; {NEEDS}"))?;
        let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST) {
            return Err(format!("Node is too old ({version}); {NEEDS}").into());
        }
        let mut key = DefaultHasher::new();
        version.hash(&mut key);
        let files = ["package.json", "package-lock.json"];
        for name in files {
            let file = root().join(pinned_by).join(name);
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?.hash(&mut key);
        }
        let name = pinned_by.replace('/', "-");
        let tools = Self(cache()?.join("spark-t2i").join(format!("{name}-{:016x}", key.finish())));
        if tools.0.join(WHOLE).exists() {
            return Ok(tools);
        }
        fs::create_dir_all(&tools.0)?;
        for name in files {
            fs::copy(root().join(pinned_by).join(name), tools.0.join(name))?;
        }
        let mut install = npm();
        install.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]).current_dir(&tools.0);
        steps.run(&format!("{name}: what {pinned_by} pins"), &mut install)?;
        fs::write(tools.0.join(WHOLE), &version)?;
        Ok(tools)
    }

    /// A program of these packages.
    pub(crate) fn command(&self, name: &str) -> Command {
        let name = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
        Command::new(self.file(".bin").join(name))
    }

    /// Something in the folder of the packages.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.0.join("node_modules").join(path)
    }
}

pub(crate) fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}
