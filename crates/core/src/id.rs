use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The identifier of a task, as the service gave it: 1 to 256 printable ASCII characters that are safe as one segment
/// of a path.
///
/// It comes from outside (the server, a file, a command line) and goes into URLs, so an id that could leave its place
/// in a path (`/`, `\`, `?`, `#`, `%`, `.`, `..`) is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(Arc<str>);

impl TaskId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot be the id of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTaskId;

impl fmt::Display for InvalidTaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task id is 1 to 256 printable ASCII characters without white space, / \\ ? # or %")
    }
}

impl std::error::Error for InvalidTaskId {}

impl FromStr for TaskId {
    type Err = InvalidTaskId;

    fn from_str(text: &str) -> Result<Self, InvalidTaskId> {
        let safe = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\' | b'?' | b'#' | b'%');
        if (1..=256).contains(&text.len()) && text.bytes().all(safe) && text != "." && text != ".." {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTaskId)
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_leaves_its_place_in_a_path() {
        for text in ["d758n65e878c73cmdg20", "a", "A-b_c.d~e:f@g", "...", &"x".repeat(256)] {
            assert_eq!(text.parse::<TaskId>().unwrap().as_str(), text);
        }
        for text in ["", ".", "..", "a/../b", "a\\b", "a?b", "a#b", "a%2fb", "a b", "a\nb", "é", &"x".repeat(257)] {
            assert_eq!(text.parse::<TaskId>(), Err(InvalidTaskId), "{text}");
        }
    }
}
