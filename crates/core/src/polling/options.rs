//! What an engine is made with, what it is told, and what it says.

use std::time::Duration;

#[cfg(doc)]
use super::Engine;
use super::flight::TaskHandle;

/// How an [`Engine`] decides when to ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// By what it learns about the work, so that lag plus `poll_cost` × requests is least.
    Learning {
        /// What one request is worth, in seconds of lag: above zero; the default is 0.1.
        poll_cost: f64,
    },
    /// At a fixed interval, at least 10 ms: a mean lag of half of it, and a request for each interval that a task takes.
    /// (Up to a thirtieth of it early, 100 ms at most, where another task is asked for at that moment.)
    Fixed(Duration),
}

impl Default for Policy {
    fn default() -> Self {
        Self::Learning { poll_cost: 0.1 }
    }
}

/// What an [`Engine`] is made with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EngineOptions {
    /// How it decides when to ask.
    pub policy: Policy,
    /// Submits and polls together, over any second; 0 for no limit.
    pub max_requests_per_second: f64,
    /// Where the jitter begins. Two clients should not have the same.
    pub seed: u64,
}

/// Since when the time of a task is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was submitted by this client, so long ago: the time since about the middle of the create request.
    Submitted(Duration),
    /// It was taken up by its id; so long after its submit, where that is known. It may have ended long ago, and is asked
    /// for at once.
    Up(Option<Duration>),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask for this task, now. It counts as sent: the budget is charged, and the task is not asked for again before its answer
    /// was told, by [`Engine::trouble`] where there is none.
    Ask(TaskHandle),
    /// Send one of the waiting submits, now. It counts as sent.
    Submit,
    /// Nothing before this time, unless a task is added or an answer comes.
    Sleep(Duration),
    /// Nothing until a task is added or a submit waits.
    Idle,
}

/// What is known about a task that has completed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noticed {
    /// How many requests it took.
    pub requests: u32,
    /// Seconds from the server's completion to our noticing, where the server told when it completed and can be believed.
    pub lag: Option<f64>,
}
