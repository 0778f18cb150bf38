use std::sync::Arc;
use std::time::Duration;

use spark_t2i_core::{Decimal, Size, wire};

use crate::clock::Moment;
use crate::painter;

/// One task. Everything that can be said of it follows from this and the time; hundreds of thousands of these are kept,
/// so it holds no more than that.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) created: Moment,
    pub(crate) latency: Duration,
    pub(crate) prompt: Box<str>,
    /// None for the specification's model, which nearly all have.
    model: Option<Box<str>>,
    /// The seed that was asked for, or the one that was drawn: a task's picture is always the same.
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) use_pre_llm: bool,
    pub(crate) fails: bool,
    pub(crate) cost: Arc<Decimal>,
    /// How often its state was asked for.
    pub(crate) polls: u32,
    /// When an answer first said that it had ended.
    pub(crate) told: Option<Moment>,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Phase {
    Queued,
    /// With the part that is done, 0 to 1.
    Running(f64),
    Completed,
    Failed,
}

/// What decides over a task besides its request.
#[derive(Debug)]
pub(crate) struct Fate {
    pub(crate) latency: Duration,
    pub(crate) fails: bool,
    pub(crate) cost: Arc<Decimal>,
}

impl Record {
    pub(crate) fn new(created: Moment, request: Requested<'_>, fate: Fate) -> Self {
        Self {
            created,
            // As the state file keeps it: a restart must not move a task by a fraction of a microsecond.
            latency: Duration::from_micros(u64::try_from(fate.latency.as_micros()).unwrap_or(u64::MAX)),
            prompt: request.prompt.into(),
            model: (request.model != wire::MODEL).then(|| request.model.into()),
            seed: request.seed,
            size: request.size,
            use_pre_llm: request.use_pre_llm,
            fails: fate.fails,
            cost: fate.cost,
            polls: 0,
            told: None,
        }
    }

    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(wire::MODEL)
    }

    /// When it ends.
    pub(crate) fn ends(&self) -> Moment {
        self.created.plus(self.latency)
    }

    /// When its image is stored, shortly before it ends.
    pub(crate) fn uploads(&self) -> Moment {
        self.created.plus(self.latency * 97 / 100)
    }

    pub(crate) fn phase(&self, now: Moment) -> Phase {
        if now >= self.ends() {
            return if self.fails { Phase::Failed } else { Phase::Completed };
        }
        // As long in the queue as a short queue of the service lasts.
        let queued = self.latency * 8 / 100;
        let running = now.since(self.created.plus(queued));
        if now < self.created.plus(queued) {
            Phase::Queued
        } else {
            let progress = running.as_secs_f64() / (self.latency - queued).as_secs_f64();
            // In whole percents, and 1 only when it is done.
            Phase::Running(((progress * 100.0).floor() / 100.0).min(0.99))
        }
    }

    /// The size of its image file in bytes, known before the image is painted.
    pub(crate) fn file_size(&self) -> u64 {
        painter::file_size(self.size.width, self.size.height)
    }

    /// Tokens that went in: about what a tokeniser makes of Chinese and English.
    pub(crate) fn input_tokens(&self) -> u64 {
        (self.prompt.len() as u64).div_ceil(4).max(1)
    }

    /// Tokens that came out: one for 32 × 32 pixels.
    pub(crate) fn output_tokens(&self) -> u64 {
        u64::from(self.size.width.div_ceil(32)) * u64::from(self.size.height.div_ceil(32))
    }

    /// Notes that the task's state was asked for, and whether the answer will tell it.
    pub(crate) fn polled(&mut self, now: Moment, is_told: bool) {
        self.polls = self.polls.saturating_add(1);
        if is_told && self.told.is_none() && now >= self.ends() {
            self.told = Some(now);
        }
    }
}

/// What was asked for, with every default filled in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requested<'a> {
    pub(crate) prompt: &'a str,
    pub(crate) model: &'a str,
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) use_pre_llm: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(latency: Duration, fails: bool) -> Record {
        let requested =
            Requested { prompt: "a fox", model: wire::MODEL, seed: 1, size: Size::DEFAULT, use_pre_llm: true };
        Record::new(Moment::from_micros(1_000_000), requested, Fate { latency, fails, cost: Arc::default() })
    }

    #[test]
    fn a_task_goes_from_queued_over_running_to_its_end() {
        let at = |seconds: u64| Moment::from_micros(1_000_000 + seconds * 1_000_000);
        let record = |fails| record(Duration::from_secs(100), fails);
        for (seconds, phase) in [
            (0, Phase::Queued),
            (7, Phase::Queued),
            (8, Phase::Running(0.0)),
            (54, Phase::Running(0.5)),
            (99, Phase::Running(0.98)),
            (100, Phase::Completed),
            (1_000_000, Phase::Completed),
        ] {
            assert_eq!(record(false).phase(at(seconds)), phase, "after {seconds} s");
        }
        assert_eq!(record(true).phase(at(99)), Phase::Running(0.98));
        assert_eq!(record(true).phase(at(100)), Phase::Failed);
        assert_eq!(record(false).phase(Moment::from_micros(0)), Phase::Queued, "before its creation");
    }

    #[test]
    fn a_task_without_latency_has_ended_at_once() {
        assert_eq!(record(Duration::ZERO, false).phase(Moment::from_micros(1_000_000)), Phase::Completed);
        assert_eq!(record(Duration::from_micros(1), false).phase(Moment::from_micros(1_000_000)), Phase::Running(0.0));
    }

    #[test]
    fn the_first_answer_that_told_the_end_is_kept() {
        let mut record = record(Duration::from_secs(1), false);
        for (second, is_told) in [(1, true), (2, false), (3, true), (4, true)] {
            record.polled(Moment::from_micros(second * 1_000_000), is_told);
        }
        assert_eq!((record.polls, record.told), (4, Some(Moment::from_micros(3_000_000))));
    }
}
