use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use rand::RngExt;

use crate::clock::Moment;

/// The 32 digits of an id, in the order of their value.
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
/// Twelve bytes in digits of five bits.
const LENGTH: usize = 20;

/// The id of a task, in the service's form: 20 digits of `0-9a-v`, which are twelve bytes: the second of its making,
/// the run that made it, and a count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id([u8; 12]);

impl Id {
    /// The id that a text is, if it is one in exactly the form in which it was given out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        let mut bits = 0_u128;
        for digit in text.bytes() {
            let value = DIGITS.iter().position(|known| *known == digit)?;
            bits = (bits << 5) | u128::try_from(value).ok()?;
        }
        // 20 digits hold four bits more than the twelve bytes do.
        if bits & 0xf != 0 {
            return None;
        }
        let bytes = (bits << 28).to_be_bytes();
        bytes.first_chunk().map(|bytes| Self(*bytes))
    }

    /// A number below `count` that spreads ids evenly.
    pub(crate) fn spread(&self, count: usize) -> usize {
        usize::from(self.0[11]) % count
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 16];
        bytes[..12].copy_from_slice(&self.0);
        let bits = u128::from_be_bytes(bytes) >> 28;
        let mut digits = [0; LENGTH];
        for (place, digit) in digits.iter_mut().rev().enumerate() {
            *digit = DIGITS[((bits >> (5 * place)) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&digits).expect("the digits are ASCII"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes ids that no other run makes: the run's part is drawn from the system, whatever seed the emulator was given.
pub(crate) struct Mint {
    run: [u8; 5],
    count: AtomicU32,
}

impl Mint {
    pub(crate) fn new() -> Self {
        let mut rng = rand::rng();
        Self { run: rng.random(), count: AtomicU32::new(rng.random()) }
    }

    pub(crate) fn next(&self, now: Moment) -> Id {
        let [_, _, _, _, seconds @ ..] = now.unix_seconds().to_be_bytes();
        let [_, count @ ..] = self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds);
        bytes[4..9].copy_from_slice(&self.run);
        bytes[9..].copy_from_slice(&count);
        Id(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_reads_as_it_was_written() {
        let mint = Mint::new();
        let mut seen = HashSet::new();
        for second in 0..1000 {
            let id = mint.next(Moment::from_micros(second * 1_000_000_000));
            let text = id.to_string();
            assert_eq!(text.len(), LENGTH);
            assert_eq!(Id::parse(&text), Some(id));
            assert!(seen.insert(text));
        }
    }

    #[test]
    fn the_form_is_the_services() {
        assert_eq!(Id::parse("d758n65e878c73cmdg20").map(|id| id.to_string()).as_deref(), Some("d758n65e878c73cmdg20"));
        assert_eq!(Id([0xff; 12]).to_string(), "vvvvvvvvvvvvvvvvvvvg");
    }

    #[test]
    fn any_other_text_is_no_id() {
        for text in ["", "d758n65e878c73cmdg2", "d758n65e878c73cmdg201", "D758N65E878C73CMDG20", "d758n65e878c73cmdg21"]
        {
            assert_eq!(Id::parse(text), None, "{text}");
        }
        assert_eq!(Id::parse("d758n65e878c73cmdgé"), None);
    }
}
