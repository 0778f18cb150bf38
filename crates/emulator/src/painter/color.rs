//! Colours in `OKLab`, where equal steps look equal and mixtures stay clean.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "shares of a table, and values that were clamped to a byte"
)]

use super::arithmetic::{cosine, fraction, lerp, saturate, sine};

/// A colour: lightness, green to red, blue to yellow, and one number unused, so that it is one machine vector.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(16))]
pub(super) struct Lab(pub(super) [f32; 4]);

impl Lab {
    pub(super) const fn new(light: f32, a: f32, b: f32) -> Self {
        Self([light, a, b, 0.0])
    }

    /// By lightness (0 … 1), chroma (0 … about 0.3) and hue in degrees (29 red, 110 yellow, 142 green, 264 blue),
    /// with as much of the chroma as a screen can show.
    pub(super) fn of_hue(light: f32, chroma: f32, hue: f32) -> Self {
        let (a, b) = (cosine(hue / 360.0), sine(hue / 360.0));
        let mut chroma = chroma;
        while chroma > 0.002 && !Self::new(light, a * chroma, b * chroma).is_shown() {
            chroma -= 0.002;
        }
        Self::new(light, a * chroma, b * chroma)
    }

    fn is_shown(self) -> bool {
        self.linear().iter().all(|channel| (-0.0005..=1.0005).contains(channel))
    }

    /// Red, green and blue as amounts of light.
    #[inline]
    #[expect(clippy::many_single_char_names, reason = "the names that the colour space's definition has")]
    fn linear(self) -> [f32; 3] {
        let [light, a, b, _] = self.0;
        let l = light + 0.396_337_78 * a + 0.215_803_76 * b;
        let m = light - 0.105_561_346 * a - 0.063_854_17 * b;
        let s = light - 0.089_484_18 * a - 1.291_485_5 * b;
        let (l, m, s) = (l * l * l, m * m * m, s * s * s);
        [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ]
    }

    #[inline]
    pub(super) fn mixed(self, other: Self, share: f32) -> Self {
        let (p, q) = (self.0, other.0);
        Self([
            p[0] + (q[0] - p[0]) * share,
            p[1] + (q[1] - p[1]) * share,
            p[2] + (q[2] - p[2]) * share,
            p[3] + (q[3] - p[3]) * share,
        ])
    }

    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        let (p, q) = (self.0, other.0);
        Self([p[0] + q[0], p[1] + q[1], p[2] + q[2], p[3] + q[3]])
    }

    #[inline]
    pub(super) fn times(self, factor: f32) -> Self {
        let p = self.0;
        Self([p[0] * factor, p[1] * factor, p[2] * factor, p[3] * factor])
    }

    /// Lighter or, below 0, darker.
    #[inline]
    pub(super) fn lit(self, by: f32) -> Self {
        let p = self.0;
        Self([p[0] + by, p[1], p[2], p[3]])
    }

    pub(super) fn light(self) -> f32 {
        self.0[0]
    }

    /// How much it is of red and yellow rather than green and blue.
    pub(super) fn warmth(self) -> f32 {
        self.0[1].min(self.0[2] + 0.02)
    }

    /// The same lightness with another amount of colour.
    pub(super) fn muted(self, factor: f32) -> Self {
        let p = self.0;
        Self([p[0], p[1] * factor, p[2] * factor, 0.0])
    }

    /// The same hue at another lightness.
    pub(super) fn at_light(self, light: f32) -> Self {
        let p = self.0;
        Self([light, p[1], p[2], 0.0])
    }
}

/// How many pixels are turned into bytes at a time; a few machine vectors.
const LANES: usize = 16;

/// Writes a row of colours as sRGB bytes. `threshold(x)` is added before rounding (-0.5 … 0.5, the same for the three
/// channels), which turns the steps of slow gradients into a grain too fine to see.
pub(super) fn encode(colors: &[Lab], bytes: &mut [u8], threshold: impl Fn(usize) -> f32) {
    for (block, (colors, bytes)) in colors.chunks(LANES).zip(bytes.chunks_mut(3 * LANES)).enumerate() {
        let mut planes = [[0.0_f32; LANES]; 3];
        for (lane, color) in colors.iter().enumerate() {
            let linear = color.0;
            planes[0][lane] = linear[0];
            planes[1][lane] = linear[1];
            planes[2][lane] = linear[2];
        }
        let mut channels = [[0.0_f32; LANES]; 3];
        for lane in 0..LANES {
            let linear = Lab::new(planes[0][lane], planes[1][lane], planes[2][lane]).linear();
            for channel in 0..3 {
                channels[channel][lane] = linear[channel];
            }
        }
        let mut shifts = [0.0_f32; LANES];
        for (lane, shift) in shifts.iter_mut().enumerate() {
            *shift = threshold(block * LANES + lane);
        }
        for channel in &mut channels {
            for lane in 0..LANES {
                let linear = channel[lane].clamp(0.0, 1.0);
                // The curve of sRGB from square roots, to a quarter of a byte's step.
                let half = linear.sqrt();
                let quarter = half.sqrt();
                let eighth = quarter.sqrt();
                let curve = 0.662_002_7 * half + 0.684_122_1 * quarter - 0.323_583_6 * eighth - 0.022_541_147 * linear;
                let value = if linear < 0.003_130_8 { linear * 12.92 } else { curve };
                // Adding 2^23 rounds to a whole number and leaves it in the low bits, without a conversion.
                channel[lane] = (value * 255.0 + shifts[lane]).clamp(0.0, 255.0) + 8_388_608.0;
            }
        }
        for (lane, pixel) in bytes.chunks_exact_mut(3).enumerate() {
            for channel in 0..3 {
                pixel[channel] = channels[channel][lane].to_bits() as u8;
            }
        }
    }
}

/// Colours along a line from 0 to 1, looked up in a table.
#[derive(Clone, Debug)]
pub(super) struct Gradient(Vec<Lab>);

impl Gradient {
    const STEPS: usize = 2048;

    /// Through colours at places that rise from 0 to 1.
    pub(super) fn through(stops: &[(f32, Lab)]) -> Self {
        let mut next = 1;
        let table = (0..=Self::STEPS).map(|step| {
            let place = step as f32 / Self::STEPS as f32;
            while next + 1 < stops.len() && stops[next].0 < place {
                next += 1;
            }
            let ((from, before), (to, after)) = (stops[next - 1], stops[next.min(stops.len() - 1)]);
            let share = saturate((place - from) / (to - from).max(1e-6));
            // Half way between straight and eased: no kinks at the stops, and no flat places there either.
            before.mixed(after, lerp(share, share * share * (3.0 - 2.0 * share), 0.5))
        });
        Self(table.collect())
    }

    /// Through colours at even distances.
    pub(super) fn even(colors: &[Lab]) -> Self {
        let last = (colors.len() - 1).max(1) as f32;
        let stops: Vec<_> = colors.iter().enumerate().map(|(index, &color)| (index as f32 / last, color)).collect();
        if let [only] = stops[..] {
            return Self::through(&[only, only]);
        }
        Self::through(&stops)
    }

    #[inline]
    pub(super) fn at(&self, place: f32) -> Lab {
        self.0[((place.clamp(0.0, 1.0) * Self::STEPS as f32 + 0.5) as i32 as usize).min(Self::STEPS)]
    }
}

/// A line of colours with sharp borders in it, of which the mean over any stretch is read at once: what a pixel sees
/// of it is exact however fine the stripes become. It repeats with period 1.
#[derive(Clone, Debug)]
pub(super) struct Stripes {
    /// Sums of the colours before each step, from half a period before 0 to half a period after 1.
    sums: Vec<Lab>,
    steps: f32,
}

impl Stripes {
    /// From the colour at each of `steps` places, an even number.
    pub(super) fn new(steps: usize, color: impl Fn(f32) -> Lab) -> Self {
        let period: Vec<_> = (0..steps).map(|step| color((step as f32 + 0.5) / steps as f32)).collect();
        let mut sum = [0.0_f64; 4];
        let mut sums = Vec::with_capacity(2 * steps + 2);
        for step in 0..2 * steps + 2 {
            sums.push(Lab(sum.map(|channel| channel as f32)));
            for (sum, channel) in sum.iter_mut().zip(period[(step + steps / 2) % steps].0) {
                *sum += f64::from(channel);
            }
        }
        Self { sums, steps: steps as f32 }
    }

    /// The mean colour over `width` around `place`; both in periods.
    #[inline]
    pub(super) fn around(&self, place: f32, width: f32) -> Lab {
        // Never narrower than a step and a half: the difference of two sums needs something to stand on.
        let width = (width * self.steps).clamp(1.5, self.steps * 0.5);
        let start = (fraction(place) + 0.5) * self.steps - width * 0.5;
        self.until(start + width).plus(self.until(start).times(-1.0)).times(1.0 / width)
    }

    #[inline]
    fn until(&self, step: f32) -> Lab {
        let whole = (step.max(0.0) as i32 as usize).min(self.sums.len() - 2);
        self.sums[whole].mixed(self.sums[whole + 1], step - whole as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(color: Lab) -> [u8; 3] {
        let mut bytes = [0; 3];
        encode(&[color], &mut bytes, |_| 0.0);
        bytes
    }

    #[test]
    fn colours_are_those_of_oklab() {
        assert_eq!(bytes(Lab::new(0.0, 0.0, 0.0)), [0, 0, 0]);
        assert_eq!(bytes(Lab::new(1.0, 0.0, 0.0)), [255, 255, 255]);
        // The pure red of sRGB, and its middle grey.
        let [red, green, blue] = bytes(Lab::new(0.627_955, 0.224_863, 0.125_846));
        assert!(red >= 254 && green <= 3 && blue <= 3, "{red} {green} {blue}");
        assert_eq!(bytes(Lab::new(0.599_871, 0.0, 0.0)), [128, 128, 128]);
    }

    #[test]
    fn a_hue_stays_within_what_a_screen_shows() {
        for hue in 0..36_u8 {
            for light in 1..10_u8 {
                assert!(Lab::of_hue(f32::from(light) / 10.0, 0.3, f32::from(hue) * 10.0).is_shown());
            }
        }
    }

    #[test]
    fn stripes_give_the_mean_of_what_is_seen() {
        let stripes = Stripes::new(1000, |place| Lab::new(if place < 0.5 { 0.0 } else { 1.0 }, 0.0, 0.0));
        assert!((stripes.around(3.5, 0.1).light() - 0.5).abs() < 1e-2);
        assert!(stripes.around(-0.75, 0.1).light() < 1e-2);
        assert!(stripes.around(0.75, 0.1).light() > 0.99);
        assert!((stripes.around(0.2, 9.0).light() - 0.1).abs() < 0.1);
    }
}
