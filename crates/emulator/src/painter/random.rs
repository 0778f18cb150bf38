//! Chance that is the same on every machine: a counter through a mixing function.

/// A small generator (splitmix64); the whole picture hangs on nothing but its start value.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(start: u64) -> Self {
        Self(start)
    }

    /// A generator for one purpose, so that what one part of the picture draws does not shift what another gets.
    pub(super) fn part(&self, label: u64) -> Self {
        Self(mix(self.0 ^ mix(label.wrapping_add(0x51_7c_c1_b7_27_22_0a_95))))
    }

    pub(super) fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) >> 32) as u32
    }

    /// From 0 up to, but not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit an f32 exactly")]
    pub(super) fn unit(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / 16_777_216.0
    }

    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Around `middle`, by at most `spread`, the middle being likelier than the ends.
    pub(super) fn around(&mut self, middle: f32, spread: f32) -> f32 {
        middle + spread * (self.unit() + self.unit() - 1.0)
    }

    /// A whole number below `count`, which is not 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.bits()) * count as u64) >> 32) as usize
    }

    pub(super) fn whether(&mut self, likelihood: f32) -> bool {
        self.unit() < likelihood
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Scatters the bits of a number (the finalizer of splitmix64).
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A number for a text (64-bit FNV-1a, scattered).
pub(super) fn of_text(text: &str) -> u64 {
    mix(fnv(text.as_bytes()))
}

/// The 64-bit FNV-1a sum.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
