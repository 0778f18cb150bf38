use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use spark_t2i_core::{Error, ErrorKind, Size};
use tempfile::NamedTempFile;

use crate::download::{self, Sink};
use crate::format::ImageFormat;
use crate::image::Image;

/// How to save an image.
#[derive(Debug, Clone, Copy, Default)]
pub struct SaveOptions {
    overwrite: bool,
    add_extension: bool,
    timeout: Option<Duration>,
}

impl SaveOptions {
    /// Replaces a file that is there already, at once and whole. (Of a symbolic link, the link is replaced, not the
    /// file that it points to.) Default: such a file is not touched.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Adds the extension of the image's own format to the path. Default: the path is taken as it is.
    pub fn add_extension(mut self, add: bool) -> Self {
        self.add_extension = add;
        self
    }

    /// How long it may take. Default: the client's `wait_timeout`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// A file that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// What it is.
    pub format: ImageFormat,
    /// Its pixels, where its head tells them (PNG).
    pub pixels: Option<Size>,
}

pub(crate) async fn save(image: &Image, path: &Path, options: SaveOptions) -> Result<Saved, Error> {
    let deadline = image.deadline(options.timeout);
    let failed = |what: &str, error: io::Error| {
        image.error(ErrorKind::Io, format!("{what} {}: {error}", path.display())).with_source(error)
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    if path.file_name().is_none() {
        return Err(failed("cannot save to", io::Error::new(io::ErrorKind::InvalidInput, "it names no file")));
    }
    if !options.add_extension {
        // Before anything is fetched; what appears meanwhile is noticed when the file gets its name.
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => {
                return Err(failed("cannot save to", io::Error::new(io::ErrorKind::IsADirectory, "it is a directory")));
            }
            Ok(_) if !options.overwrite => return Err(exists(image, path)),
            _ => {}
        }
    }
    let in_folder = folder.clone();
    let part = blocking(move || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".spark-t2i-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(in_folder)
    })
    .await
    .map_err(|error| failed("cannot write beside", error))?;

    let file = part.as_file().try_clone().map_err(|error| failed("cannot write", error))?;
    let mut sink = Sink::file(file);
    let fetched = download::fetch(image, &mut sink, deadline).await;
    let (format, pixels, bytes) = fetched.map_err(|error| match error.kind() {
        ErrorKind::Io => error.with_context(&format!("cannot write {}", path.display())),
        _ => error,
    })?;
    sink.sync().await.map_err(|error| failed("cannot write", error))?;

    let path = if options.add_extension {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(format.extension());
        PathBuf::from(name)
    } else {
        path.to_owned()
    };
    let target = path.clone();
    blocking(move || give_name(part, &target, &folder, options.overwrite)).await.map_err(|error| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => exists(image, &path),
            _ => failed("cannot save to", error),
        }
    })?;
    tracing::info!(task_id = %image.task_id(), path = %path.display(), bytes, "image saved");
    Ok(Saved { path, bytes, format, pixels })
}

fn exists(image: &Image, path: &Path) -> Error {
    let message = format!(
        "{} exists already and was not touched; choose another name, or ask for it to be overwritten",
        path.display()
    );
    image.error(ErrorKind::Io, message)
}

fn give_name(part: NamedTempFile, target: &Path, folder: &Path, overwrite: bool) -> io::Result<()> {
    let named = if overwrite { part.persist(target) } else { part.persist_noclobber(target) };
    named.map_err(|error| error.error)?;
    // The name, too, has to survive a power cut. Not every file system lets a folder be synced.
    #[cfg(unix)]
    if let Err(error) = std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, "the folder could not be synced");
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
