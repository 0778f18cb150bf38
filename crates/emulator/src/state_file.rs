//! Tasks that outlive a restart: a file with one line of JSON per created task, only ever appended to.

use std::borrow::Cow;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use spark_t2i_core::{Decimal, Size};

use crate::StartError;
use crate::clock::Moment;
use crate::id::Id;
use crate::task::{Fate, Record, Requested};

/// The first line, by which a state file is told from any other that somebody names by mistake.
const HEADER: &str = "{\"spark_t2i_emulator_state\":1}\n";

/// One task as a line.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    id: Cow<'a, str>,
    created_at_micros: u64,
    latency_micros: u64,
    fails: bool,
    cost: Cow<'a, Decimal>,
    model: Cow<'a, str>,
    prompt: Cow<'a, str>,
    use_pre_llm: bool,
    seed: u64,
    width: u32,
    height: u32,
}

/// The open file. It stays locked as long as this lives.
pub(crate) struct StateFile {
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Whether there may be a part of a line behind them.
    torn: bool,
}

impl StateFile {
    /// Opens or makes the file, locks it, and gives every task in it to `restore`. A last line that was cut off while it
    /// was written belongs to a create that was never answered; it is dropped.
    pub(crate) fn open(path: &Path, mut restore: impl FnMut(Id, Record)) -> Result<Self, StartError> {
        let failed = |source| StartError::State { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::StateInUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut lines = Lines { path, reader: BufReader::new(&file), number: 0, line: Vec::new() };
        let mut length = 0;
        let mut last_cost: Arc<Decimal> = Arc::default();
        while lines.advance().map_err(failed)? {
            let is_whole = lines.line.ends_with(b"\n");
            if lines.number == 1 {
                if lines.line != HEADER.as_bytes() && (is_whole || !HEADER.as_bytes().starts_with(&lines.line)) {
                    return Err(lines.wrong(&"it is no state file"));
                }
            } else if is_whole {
                let (id, record) = lines.task(&mut last_cost)?;
                restore(id, record);
            }
            if !is_whole {
                tracing::warn!(path = %path.display(), line = lines.number, "dropped the cut last line of the state file");
                break;
            }
            length += lines.line.len() as u64;
        }
        file.set_len(length).map_err(failed)?;
        let state = Self { inner: Mutex::new(Inner { file, length, torn: false }) };
        if length == 0 {
            state.write(HEADER.as_bytes()).map_err(failed)?;
        }
        Ok(state)
    }

    /// One that can be opened and not be written.
    #[cfg(test)]
    pub(crate) fn unwritable(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        Self { inner: Mutex::new(Inner { file, length: 0, torn: false }) }
    }

    /// Writes a task. When this returns without an error, it outlives the process.
    pub(crate) fn append(&self, id: Id, record: &Record) -> io::Result<()> {
        let line = Line {
            id: id.to_string().into(),
            created_at_micros: record.created.micros(),
            latency_micros: u64::try_from(record.latency.as_micros()).unwrap_or(u64::MAX),
            fails: record.fails,
            cost: Cow::Borrowed(&record.cost),
            model: record.model().into(),
            prompt: (&*record.prompt).into(),
            use_pre_llm: record.use_pre_llm,
            seed: record.seed,
            width: record.size.width,
            height: record.size.height,
        };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        self.write(&line)
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.torn {
            // Half a line in front of this one would make both unreadable.
            inner.file.set_len(inner.length)?;
            inner.torn = false;
        }
        if let Err(error) = inner.file.write_all(line) {
            inner.torn = inner.file.set_len(inner.length).is_err();
            return Err(error);
        }
        inner.length += line.len() as u64;
        Ok(())
    }
}

struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<&'a File>,
    number: usize,
    line: Vec<u8>,
}

impl Lines<'_> {
    /// Reads the next line with its end; false behind the last one.
    fn advance(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.number += 1;
        Ok(self.reader.read_until(b'\n', &mut self.line)? > 0)
    }

    fn wrong(&self, reason: &dyn ToString) -> StartError {
        StartError::StateUnreadable { path: PathBuf::from(self.path), line: self.number, reason: reason.to_string() }
    }

    /// The task of this line. Tasks of one price share it.
    fn task(&self, last_cost: &mut Arc<Decimal>) -> Result<(Id, Record), StartError> {
        let line: Line<'_> = serde_json::from_slice(&self.line).map_err(|error| self.wrong(&error))?;
        let id = Id::parse(&line.id).ok_or_else(|| self.wrong(&"its id is none"))?;
        if **last_cost != *line.cost {
            *last_cost = Arc::new(line.cost.into_owned());
        }
        let requested = Requested {
            prompt: &line.prompt,
            model: &line.model,
            seed: line.seed,
            size: Size { width: line.width, height: line.height },
            use_pre_llm: line.use_pre_llm,
        };
        let fate = Fate {
            latency: Duration::from_micros(line.latency_micros),
            fails: line.fails,
            cost: Arc::clone(last_cost),
        };
        Ok((id, Record::new(Moment::from_micros(line.created_at_micros), requested, fate)))
    }
}
