//! Smooth chance over the plane: gradient noise, its sums of octaves, and warped by itself.

#![expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "lattice points are far below 2^24")]

use super::arithmetic::{floor, lerp};

/// A field of gradient noise (Perlin's), made of a hash of the lattice points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise(u32);

/// Sixteen directions, evenly around the circle but for a turn that keeps them off the axes.
const DIRECTIONS: [(f32, f32); 16] = [
    (0.980_785_25, 0.195_090_32),
    (0.831_469_6, 0.555_570_24),
    (0.555_570_24, 0.831_469_6),
    (0.195_090_32, 0.980_785_25),
    (-0.195_090_32, 0.980_785_25),
    (-0.555_570_24, 0.831_469_6),
    (-0.831_469_6, 0.555_570_24),
    (-0.980_785_25, 0.195_090_32),
    (-0.980_785_25, -0.195_090_32),
    (-0.831_469_6, -0.555_570_24),
    (-0.555_570_24, -0.831_469_6),
    (-0.195_090_32, -0.980_785_25),
    (0.195_090_32, -0.980_785_25),
    (0.555_570_24, -0.831_469_6),
    (0.831_469_6, -0.555_570_24),
    (0.980_785_25, -0.195_090_32),
];

impl Noise {
    pub(super) fn new(seed: u32) -> Self {
        Self(seed)
    }

    fn corner(self, x: i32, y: i32, dx: f32, dy: f32) -> f32 {
        let mut hash = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ self.0;
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
        hash = (hash ^ (hash >> 12)).wrapping_mul(0x297a_2d39);
        let (gx, gy) = DIRECTIONS[(hash >> 28) as usize];
        gx * dx + gy * dy
    }

    /// Between about -1 and 1; the features are about one unit wide.
    pub(super) fn at(self, x: f32, y: f32) -> f32 {
        let (left, top) = (floor(x), floor(y));
        let (dx, dy) = (x - left as f32, y - top as f32);
        let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
        let (sx, sy) = (fade(dx), fade(dy));
        let (right, bottom) = (left.wrapping_add(1), top.wrapping_add(1));
        let above = lerp(self.corner(left, top, dx, dy), self.corner(right, top, dx - 1.0, dy), sx);
        let below = lerp(self.corner(left, bottom, dx, dy - 1.0), self.corner(right, bottom, dx - 1.0, dy - 1.0), sx);
        lerp(above, below, sy) * 1.45
    }

    /// Octaves, each half as strong and about twice as fine as the one before, turned against each other.
    pub(super) fn octaves(self, x: f32, y: f32, count: u32) -> f32 {
        let (mut x, mut y, mut weight, mut sum) = (x, y, 0.5, 0.0);
        for octave in 0..count {
            sum += weight * Self(self.0.wrapping_add(octave.wrapping_mul(0x6a09_e667))).at(x, y);
            weight *= 0.5;
            (x, y) = ((x * 0.8 - y * 0.6) * 2.03 + 17.3, (x * 0.6 + y * 0.8) * 2.03 - 9.1);
        }
        sum
    }

    /// Octaves with sharp crests, between about 0 and 1: mountains rather than hills.
    pub(super) fn crests(self, x: f32, y: f32, count: u32) -> f32 {
        let (mut x, mut y, mut weight, mut sum, mut last) = (x, y, 0.5, 0.0, 1.0_f32);
        for octave in 0..count {
            let value = 1.0 - Self(self.0.wrapping_add(octave.wrapping_mul(0xbb67_ae85))).at(x, y).abs();
            let value = value * value;
            sum += weight * value * last;
            last = value.min(1.0);
            weight *= 0.5;
            (x, y) = (x * 2.07 + 5.2, y * 2.07 + 1.3);
        }
        sum
    }

    /// Octaves whose place is moved by other octaves: the folds of cloth, smoke and agate.
    pub(super) fn folded(self, x: f32, y: f32, strength: f32) -> f32 {
        let across = Self(self.0 ^ 0x3c6e_f372).octaves(x + 3.1, y - 1.7, 2);
        let down = Self(self.0 ^ 0xa54f_f53a).octaves(x - 5.3, y + 8.2, 2);
        self.octaves(x + strength * across, y + strength * down, 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_smooth_bounded_and_lively() {
        let noise = Noise::new(7);
        let (mut low, mut high) = (0.0_f32, 0.0_f32);
        for step in 0..20_000_u16 {
            let x = f32::from(step) * 0.037 - 300.0;
            let y = f32::from(step % 97) * 0.11 - 4.0;
            let value = noise.at(x, y);
            low = low.min(value);
            high = high.max(value);
            assert!((noise.at(x + 0.001, y) - value).abs() < 0.01);
        }
        assert!(low > -1.2 && high < 1.2 && low < -0.6 && high > 0.6, "{low} {high}");
    }
}
