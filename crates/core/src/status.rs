use std::fmt;

use serde::{Serialize, Serializer};

/// The state of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waiting: `pending`, `queued`, `in_queue` or `submitted` on the wire.
    Queued,
    /// Being generated: `in_progress`, `processing` or `running` on the wire.
    Running,
    /// Done, with output: `completed`, `succeeded`, `success` or `done` on the wire.
    Completed,
    /// Done, without output: `failed` or `error` on the wire, or completed with an error.
    Failed,
    /// A word that the specification does not know, kept as it came and empty where there was none. Not terminal.
    Other(String),
}

impl Status {
    /// The status that a word on the wire stands for, in any letter case.
    pub fn from_wire(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "pending" | "queued" | "in_queue" | "submitted" => Self::Queued,
            "in_progress" | "processing" | "running" => Self::Running,
            "completed" | "succeeded" | "success" | "done" => Self::Completed,
            "failed" | "error" => Self::Failed,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// `queued`, `running`, `completed`, `failed`, or the unknown word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }

    /// Whether the task has ended and will not change any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
