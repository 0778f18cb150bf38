//! More time for a program that a tool makes slow, as valgrind does.

use serde_json::Value;

/// How many times as slow as others the program of a run says that it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slowness(f64);

impl Default for Slowness {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Slowness {
    /// From the query of an address: `slowed=5`.
    pub(super) fn asked(query: Option<&str>) -> Result<Self, String> {
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let Some((_, text)) = pairs.find(|(name, _)| name == "slowed") else { return Ok(Self::default()) };
        let times = text.parse().ok().filter(|times| (1.0..=100.0).contains(times));
        times.map(Self).ok_or_else(|| "slowed is a number from 1 to 100".to_owned())
    }

    /// What such a program has in place of so many seconds.
    pub(super) fn of(self, seconds: f64) -> f64 {
        seconds * self.0
    }

    /// Whether it is slower than others at all.
    pub(super) fn is_any(self) -> bool {
        self != Self::default()
    }

    /// The same number of times as long: the client's times, the moment at which its call is cancelled, and what the call
    /// may take at most. The server's times stay as they are, and so do all lower bounds.
    pub(super) fn stretch(self, case: &mut Value) {
        if let Some(options) = case["options"].as_object_mut() {
            options.iter_mut().filter(|(name, _)| name.ends_with("_seconds")).for_each(|(_, time)| self.longer(time));
        }
        if let Some(time) = case.pointer_mut("/call/cancel_after_seconds") {
            self.longer(time);
        }
        if let Some(range) = case.pointer_mut("/expect/seconds") {
            self.widen(range);
        }
    }

    /// Lifts the upper end of a range of seconds.
    pub(super) fn widen(self, range: &mut Value) {
        if let Some(most) = range.get_mut("$to") {
            self.longer(most);
        }
    }

    fn longer(self, time: &mut Value) {
        // As it is, to the letter, for everybody else.
        if self.is_any()
            && let Some(seconds) = time.as_f64()
        {
            *time = self.of(seconds).into();
        }
    }
}
