//! Where the image goes. Checked before anything is sent: no image is paid for that has no place.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use spark_t2i::{Error, ErrorKind, Image, ImageFormat, Request, SaveOptions, Saved, printable};

use crate::arguments::FileOptions;
use crate::naming;
use crate::output::Output;
use crate::session::Session;

/// Where the image goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// To standard output, and nothing else with it.
    Output,
    /// To the file that was named.
    File { path: PathBuf, overwrite: bool },
    /// To a file in the current folder that is named after the request.
    Named { request: Box<Request>, overwrite: bool },
}

impl Target {
    /// The file that was named, or for a request one named after it; none for a task that shall not be saved.
    pub(crate) fn of(options: &FileOptions, request: Option<&Request>, output: Output) -> Result<Option<Self>, Error> {
        let overwrite = options.force;
        let target = match (&options.path, request) {
            (Some(path), _) if path.as_os_str() == "-" => {
                standard_output(output)?;
                Self::Output
            }
            (Some(path), _) => {
                check(path, overwrite)?;
                Self::File { path: path.clone(), overwrite }
            }
            (None, Some(request)) => {
                writable(Path::new("."))?;
                Self::Named { request: Box::new(request.clone()), overwrite }
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(target))
    }

    /// Fetches the image into its file.
    pub(crate) async fn save(&self, image: &Image, session: &Session) -> Result<Option<Saved>, Error> {
        session.progress.downloading(image.size());
        let options = |overwrite| SaveOptions::default().overwrite(overwrite).timeout(session.remaining());
        let saved = match self {
            Self::Output => {
                let bytes = session.within_deadline(image.task_id(), image.bytes()).await?;
                session.progress.clear();
                // A reader that takes its time must not keep Ctrl-C from being heard.
                tokio::task::spawn_blocking(move || crate::output::bytes_to_stdout(&bytes))
                    .await
                    .map_err(|error| Error::internal("writing to standard output ended oddly").with_source(error))?
                    .map_err(|error| error.with_task_id(image.task_id()))?;
                return Ok(None);
            }
            Self::File { path, overwrite } => image.save_with(path, options(*overwrite)).await?,
            Self::Named { request, overwrite } => loop {
                let stem = naming::stem(request, Some(image.task_id()));
                let stem = if *overwrite { PathBuf::from(stem) } else { naming::free(&stem) };
                match image.save_with(&stem, options(*overwrite).add_extension(true)).await {
                    // Somebody else took the name since it was found free.
                    Err(error) if error.kind() == ErrorKind::Io && !overwrite && naming::is_taken(&stem) => {}
                    other => break other?,
                }
            },
        };
        session.progress.clear();
        if let Some(says) = misnamed(&saved) {
            session.output.warning(&says);
        }
        Ok(Some(saved))
    }
}

fn standard_output(output: Output) -> Result<(), Error> {
    let refuse = |why: &'static str| Err(Error::new(ErrorKind::InvalidRequest, why));
    if output.json {
        return refuse("-o - and --json both want standard output: give a file to one of them");
    }
    if io::stdout().is_terminal() {
        return refuse(
            "an image is nothing for a terminal: send standard output to a file or a program, or name a file",
        );
    }
    Ok(())
}

fn check(path: &Path, overwrite: bool) -> Result<(), Error> {
    let shown = printable(&path.to_string_lossy(), 300);
    if path.is_dir()
        || path.as_os_str().as_encoded_bytes().last().is_some_and(|last| std::path::is_separator(char::from(*last)))
    {
        return Err(io(format!("{shown} is a folder: name a file in it")));
    }
    match path.metadata() {
        // Replacing it would put a plain file in the place of a device or a pipe.
        Ok(found) if !found.is_file() => {
            return Err(io(format!("{shown} is no plain file; `-o -` writes the image to standard output")));
        }
        _ if !overwrite && path.symlink_metadata().is_ok() => {
            return Err(io(format!(
                "{shown} exists already, and nothing was sent: choose another name, or add --force"
            )));
        }
        _ => {}
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => writable(parent),
        _ => writable(Path::new(".")),
    }
}

/// Whether a file can be made in this folder: only trying tells.
fn writable(folder: &Path) -> Result<(), Error> {
    let tried = tempfile::Builder::new().prefix(".spark-t2i-").suffix(".part").tempfile_in(folder);
    tried.map(drop).map_err(|error| {
        let why = match folder.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            Ok(found) if !found.is_dir() => "it is no folder".to_owned(),
            // The whole error names the file that was tried, which means nothing to anybody.
            _ => error.kind().to_string(),
        };
        let shown = printable(&folder.to_string_lossy(), 300);
        io(format!("nothing can be saved in {shown}, and nothing was sent: {why}"))
    })
}

fn io(message: String) -> Error {
    Error::new(ErrorKind::Io, message)
}

/// A file that is named as another format than it is opens badly in many programs.
fn misnamed(saved: &Saved) -> Option<String> {
    let extension = saved.path.extension()?.to_str()?.to_ascii_lowercase();
    let named = match extension.as_str() {
        "jpeg" => "jpg",
        other => other,
    };
    let is = saved.format.extension();
    let known = ImageFormat::ALL.iter().any(|format| format.extension() == named);
    (known && named != is)
        .then(|| format!("{} holds a {is}, as the service sent it", printable(&saved.path.to_string_lossy(), 300)))
}
