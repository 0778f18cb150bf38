//! The command that takes a task up again.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use spark_t2i::{Request, TaskId, printable};

use crate::arguments::{FileOptions, ServiceOptions};
use crate::naming;

/// What has to be said again to another command about a task of this one.
#[derive(Debug, Default)]
pub(crate) struct Resume {
    /// The options that lead to the same service with the same key.
    options: Vec<OsString>,
    /// Where the image shall go.
    file: Option<PathBuf>,
    /// The task ends with this process.
    pub(crate) is_local: bool,
}

impl Resume {
    pub(crate) fn new(service: &ServiceOptions) -> Self {
        let mut options = Vec::new();
        if let Some(url) = &service.base_url {
            options.extend(["--base-url".into(), url.into()]);
        }
        if let Some(path) = &service.api_key_file {
            options.extend(["--api-key-file".into(), path.into()]);
        }
        Self { options, ..Self::default() }
    }

    pub(crate) fn local(mut self, is_local: bool) -> Self {
        self.is_local = is_local;
        self
    }

    /// Into the same file; without one, into a file named after the request.
    pub(crate) fn into_file(mut self, options: &FileOptions, request: Option<&Request>) -> Self {
        let named = || request.map(|request| naming::with_extension(Path::new(&naming::stem(request, None)), "png"));
        self.file = options.path.clone().or_else(named);
        self
    }

    /// The command line for a shell.
    pub(crate) fn command(&self, id: &TaskId) -> String {
        self.command_into(id, self.file.as_deref())
    }

    /// The same, with another file to be named.
    pub(crate) fn command_elsewhere(&self, id: &TaskId) -> String {
        self.command_into(id, Some(Path::new("OTHER_FILE")))
    }

    fn command_into(&self, id: &TaskId, file: Option<&Path>) -> String {
        let mut command = format!("spark-t2i task {} --wait", quoted(id.as_str().as_ref()));
        let file = file.iter().flat_map(|file| [OsStr::new("-o"), file.as_os_str()]);
        for argument in file.chain(self.options.iter().map(OsString::as_os_str)) {
            command.push(' ');
            command.push_str(&quoted(argument));
        }
        command
    }
}

/// An argument as a shell takes it.
fn quoted(argument: &OsStr) -> String {
    let shown = printable(&argument.to_string_lossy(), 500);
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,".contains(letter);
    match shown.chars().all(plain) && !shown.is_empty() {
        true => shown,
        false if cfg!(windows) => format!("\"{shown}\""),
        false => format!("'{}'", shown.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(windows))]
    fn arguments_survive_a_shell() {
        for (argument, shown) in
            [("fox.png", "fox.png"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''"), ("$x", "'$x'"), ("~", "'~'")]
        {
            assert_eq!(quoted(argument.as_ref()), shown);
        }
    }
}
