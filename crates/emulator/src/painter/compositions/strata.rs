//! Bands of colour along the level lines of a folded surface: satin, cut paper, and the rings of an agate.

use super::super::arithmetic::{bell, cosine, ease, fraction, lerp, sine};
use super::super::canvas::{Band, Field, Frame};
use super::super::color::Stripes;
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;

/// A surface, and the colours of its levels.
pub(super) struct Strata {
    surface: Field,
    stripes: Stripes,
    /// How much a slope toward the light is lit.
    sheen: f32,
    light: (f32, f32),
    this: Vec<f32>,
    next: Vec<f32>,
}

impl Strata {
    /// Wide folds that lie over each other with soft shadows.
    pub(super) fn silk(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(11);
        let noise = Noise::new(chance.bits());
        let turn = chance.around(0.0, 0.12) + if frame.height > frame.width * 1.2 { 0.2 } else { 0.0 };
        let (across, down) = (cosine(turn), sine(turn));
        let folds = chance.between(0.55, 0.9);
        let (stretch, count) = (chance.between(0.55, 0.85), chance.between(0.85, 1.25));
        let start = chance.unit();
        let surface = Field::new(&frame, 0.16, |x, y| {
            let (u, v) = (x * across + y * down, y * across - x * down);
            start + count * v + folds * noise.folded(u * stretch * 1.3, v * 1.5, 0.75)
        });
        let bands: Vec<_> = (0..17_u8).map(|_| (chance.between(0.5, 1.6), chance.unit())).collect();
        let stripes = folded(palette, &bands, &mut chance);
        Self::lit_from_above(surface, stripes, 0.055, &mut chance)
    }

    /// Rings around one or two hearts, thin lines between wide zones.
    pub(super) fn agate(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(12);
        let noise = Noise::new(chance.bits());
        let heart = (frame.width * chance.between(0.2, 0.8), frame.height * chance.between(0.25, 0.75));
        let (flat, depth) = (chance.between(0.6, 1.0), chance.between(0.45, 0.65));
        let start = chance.unit();
        let surface = Field::new(&frame, 0.07, |x, y| {
            let (dx, dy) = ((x - heart.0) * flat, (y - heart.1) / flat);
            let distance = (dx * dx + dy * dy + 0.003).sqrt();
            let crystals = noise.octaves(x * 9.0, y * 9.0, 2) * 0.035 * ease(0.0, 0.5, distance);
            start + distance * 1.15 + depth * noise.folded(x * 1.25, y * 1.25, 0.9) + crystals
        });
        let bands: Vec<_> = (0..46_u8)
            .map(|_| {
                (if chance.whether(0.3) { chance.between(1.2, 3.2) } else { chance.between(0.15, 0.7) }, chance.unit())
            })
            .collect();
        let stripes = ringed(palette, &bands, &mut chance);
        Self::lit_from_above(surface, stripes, 0.016, &mut chance)
    }

    fn lit_from_above(surface: Field, stripes: Stripes, sheen: f32, chance: &mut Chance) -> Self {
        let side = if chance.whether(0.5) { 0.6 } else { -0.6 };
        Self { surface, stripes, sheen, light: (side, -0.8), this: Vec::new(), next: Vec::new() }
    }
}

/// Where in a row of bands of different widths a place from 0 to 1 is: the band, and how far through it.
fn band_at(bands: &[(f32, f32)], place: f32) -> (usize, f32, f32) {
    let whole: f32 = bands.iter().map(|(width, _)| width).sum();
    let mut rest = place * whole;
    for (index, &(width, _)) in bands.iter().enumerate() {
        if rest < width {
            return (index, rest / width, width);
        }
        rest -= width;
    }
    (bands.len() - 1, 1.0, 1.0)
}

/// Bands that overlap like cloth: dark where they come out from under the next, light at their own edge.
fn folded(palette: &Palette, bands: &[(f32, f32)], chance: &mut Chance) -> Stripes {
    let accent = chance.below(bands.len());
    #[expect(clippy::cast_precision_loss, reason = "a few bands")]
    let level = |index: usize| {
        let wave = sine(index as f32 / bands.len() as f32 * 2.0) * 0.32;
        let base = if palette.is_night() { 0.36 } else { 0.56 };
        base + wave + (bands[index].1 - 0.5) * 0.3
    };
    Stripes::new(4096, |place| {
        let (index, through, _) = band_at(bands, place);
        let color = if index == accent {
            palette.accent.mixed(palette.ramp.at(level(index)), 0.15)
        } else {
            palette.ramp.at(level(index))
        };
        let shadow = 1.0 - ease(-0.25, 0.75, through);
        let rim = bell((1.0 - through) / 0.045);
        color.mixed(palette.shade, 0.62 * shadow).mixed(palette.light, 0.10 * through * through + 0.42 * rim)
    })
}

/// Rings: wide zones that pass from one tone into the next, with thin light and dark lines between.
fn ringed(palette: &Palette, bands: &[(f32, f32)], chance: &mut Chance) -> Stripes {
    let accent = chance.below(bands.len());
    Stripes::new(8192, |place| {
        let (index, through, width) = band_at(bands, place);
        let seed = bands[index].1;
        let tone = fraction(seed * 7.31);
        if index.abs_diff(accent) <= 1 {
            return palette.accent.mixed(palette.ramp.at(0.55 + 0.4 * tone), 0.25 + 0.3 * through);
        }
        let color = if width > 1.0 {
            palette.ramp.at(lerp(0.12 + 0.6 * tone, 0.35 + 0.6 * tone, through))
        } else {
            palette.ramp.at(0.12 + 0.86 * fraction(seed * 3.77))
        };
        color.mixed(palette.light, 0.35 * bell((1.0 - through) * width / 0.08))
    })
}

impl Composition for Strata {
    fn paint(&mut self, band: &mut Band) {
        let per_pixel = 1.0 / band.frame.pixel;
        self.surface.row(band.top, &mut self.next);
        let (sheen, (right, down)) = (self.sheen * per_pixel, self.light);
        for index in 0..band.rows {
            std::mem::swap(&mut self.this, &mut self.next);
            self.surface.row(band.top + index + 1, &mut self.next);
            let mut before = self.this[0] * 2.0 - self.this.get(1).unwrap_or(&self.this[0]);
            for ((color, &value), &below) in band.row(index).iter_mut().zip(&self.this).zip(&self.next) {
                let (dx, dy) = (value - before, below - value);
                before = value;
                let slope = (dx * dx + dy * dy).sqrt();
                let toward = (dx * right + dy * down) * sheen;
                *color = self.stripes.around(value, slope).lit(toward / (1.0 + toward.abs() * 6.0));
            }
        }
    }
}
