use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use spark_t2i_core::polling::LatencyProfile;

/// No profile is longer: a few kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// The file in which a client keeps what it has learned about how long tasks take.
#[derive(Debug)]
pub(crate) struct ProfileFile(PathBuf);

impl ProfileFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// What is in the file; nothing where there is none, or a damaged one, which will be written anew.
    pub(crate) fn load(&self) -> Option<LatencyProfile> {
        let read = || -> io::Result<LatencyProfile> {
            if fs::metadata(&self.0)?.len() > MOST_BYTES {
                return Err(io::Error::other("it is longer than any latency profile"));
            }
            serde_json::from_slice(&fs::read(&self.0)?).map_err(io::Error::from)
        };
        match read() {
            Ok(profile) => Some(profile),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(path = %self.0.display(), %error, "the latency profile cannot be read and will be written anew");
                None
            }
        }
    }

    /// Writes the file whole or not at all. It is a help and no more: what goes wrong is only logged.
    pub(crate) fn save(&self, profile: &LatencyProfile) {
        let write = || -> io::Result<()> {
            let folder = self.0.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let mut file = tempfile::Builder::new().prefix(".spark-t2i-").suffix(".part").tempfile_in(folder)?;
            serde_json::to_writer(&mut file, profile)?;
            file.flush()?;
            file.persist(&self.0).map_err(|error| error.error)?;
            Ok(())
        };
        if let Err(error) = write() {
            tracing::warn!(path = %self.0.display(), %error, "the latency profile cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_read_and_what_is_damaged_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/latency.json");
        let file = ProfileFile::new(path.clone());
        assert_eq!(file.load(), None);
        let profile: LatencyProfile = serde_json::from_str(r#"{"version":1,"kinds":{"small":[[8.0,9.5]]}}"#).unwrap();
        file.save(&profile);
        assert_eq!(file.load(), Some(profile.clone()));
        for damaged in ["", "{", "[]", r#"{"version":9,"kinds":{}}"#, r#"{"version":1,"kinds":{"small":[[9,8]]}}"#] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(file.load(), None, "{damaged}");
        }
        file.save(&profile);
        assert_eq!(file.load(), Some(profile));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left behind");
    }
}
