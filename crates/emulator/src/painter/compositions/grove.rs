//! Trunks behind each other in the fog of a wood, with light falling through.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few trunks, and pixels far below 2^24")]

use super::super::arithmetic::{bell, ease, lerp, saturate};
use super::super::canvas::{Band, Field, Frame};
use super::super::color::{Gradient, Lab};
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;

pub(super) struct Grove {
    air: Gradient,
    light: Lab,
    /// Where the light comes from, and the slant of its shafts.
    sun: (f32, f32),
    fog: Field,
    shafts: Field,
    bark: Field,
    /// From the farthest to the nearest.
    layers: Vec<Layer>,
    values: Vec<f32>,
    rays: Vec<f32>,
    grain: Vec<f32>,
}

struct Layer {
    trunks: Vec<Trunk>,
    color: Lab,
    lit: Lab,
    haze: f32,
    /// Where the ground begins.
    foot: Vec<f32>,
    highest: f32,
    soil: Lab,
}

struct Trunk {
    x: f32,
    radius: f32,
    lean: f32,
    bow: f32,
    wave: f32,
}

impl Grove {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(91);
        let noise = Noise::new(chance.bits());
        let night = palette.is_night();
        let sun = (frame.width * chance.between(0.25, 0.75), frame.height * chance.between(0.22, 0.42));
        let layers = (0..6_u8).map(|index| {
            let near = f32::from(index) / 5.0;
            let many = frame.width * lerp(30.0, 3.6, near.sqrt());
            let mut trunks = Vec::new();
            let mut x = chance.between(-0.5, 0.5) / many;
            while x < frame.width + 0.05 {
                trunks.push(Trunk {
                    x,
                    radius: lerp(0.0035, 0.024, near * near) * chance.between(0.6, 1.35),
                    lean: chance.around(0.0, 0.07),
                    bow: chance.around(0.0, 0.02),
                    wave: chance.between(0.0, 60.0),
                });
                x += chance.between(0.35, 1.65) / many;
            }
            let offset = chance.between(0.0, 60.0);
            let base = frame.height * lerp(0.70, 0.98, near);
            let foot = (0..frame.columns).map(|column| {
                let x = frame.place(column);
                let grass = 0.018 * near * noise.crests(x * 55.0, offset, 3) * (0.6 + noise.at(x * 4.0, offset));
                base - 0.05 * noise.octaves(x * 1.7 + offset, offset, 4) - grass
            });
            let foot: Vec<_> = foot.collect();
            let highest = foot.iter().copied().fold(f32::MAX, f32::min);
            let tone = if night { lerp(0.34, 0.0, near) } else { lerp(0.58, 0.03, near) };
            let color = palette.ramp.at(tone);
            Layer {
                trunks,
                color,
                lit: color.mixed(palette.light, lerp(0.30, 0.12, near)),
                haze: lerp(0.78, 0.0, near.sqrt()),
                foot,
                highest,
                soil: palette.ramp.at(tone + 0.03).mixed(palette.accent, 0.10),
            }
        });
        let layers = layers.collect();
        let air = if night {
            Gradient::even(&[
                palette.ground.at(0.35),
                palette.ground.at(0.8),
                palette.ground.at(1.0),
                palette.ground.at(0.7),
            ])
        } else {
            Gradient::even(&[
                palette.ground.at(0.45),
                palette.ground.at(0.8),
                palette.ground.at(1.0),
                palette.ground.at(0.75),
            ])
        };
        let slant = chance.between(0.35, 0.75) * if chance.whether(0.5) { 1.0 } else { -1.0 };
        let drift = chance.between(0.0, 60.0);
        Self {
            air,
            light: palette.light,
            sun,
            fog: Field::new(&frame, 0.14, |x, y| noise.folded(x * 1.3 + drift, y * 3.0, 0.6)),
            shafts: Field::new(&frame, 0.05, |x, y| noise.octaves((x - y * slant) * 6.5 + drift, y * 0.35, 3)),
            bark: Field::new(&frame, 0.010, |x, y| noise.octaves(x * 70.0, y * 6.0, 2)),
            layers,
            values: Vec::new(),
            rays: Vec::new(),
            grain: Vec::new(),
        }
    }
}

/// What a layer looks like in one row.
struct Seen<'a> {
    place: f32,
    /// From 0 at the foot of the picture to 1 at its top.
    up: f32,
    color: Lab,
    lit: Lab,
    /// How strong the bark's grain is.
    rough: f32,
    grain: &'a [f32],
    sun: f32,
}

impl Trunk {
    /// Paints the trunk's part of a row.
    fn row(&self, frame: &Frame, noise: Noise, seen: &Seen<'_>, row: &mut [Lab]) {
        let up = seen.up;
        let sway = 0.25 * self.radius * noise.at(seen.place * 5.0, self.wave);
        let center = self.x + self.lean * up + self.bow * up * (1.0 - up) * 4.0 + sway;
        let flare = bell(up * 7.0) * 0.5;
        let radius =
            self.radius * (1.0 - 0.35 * up + flare) * (1.0 + 0.10 * noise.at(seen.place * 9.0, self.wave + 7.0));
        let from = ((center - radius) / frame.pixel - 1.0).max(0.0) as usize;
        let to = (((center + radius) / frame.pixel + 2.0).max(0.0) as usize).min(row.len());
        if from >= to {
            return;
        }
        let side = if seen.sun > center { 1.0 } else { -1.0 };
        let inverse = side / radius;
        for (x, (color, grain)) in row.iter_mut().zip(seen.grain).enumerate().take(to).skip(from) {
            let across = frame.place(x) - center;
            let trunk = seen.color.lit(grain * seen.rough).mixed(seen.lit, ease(0.1, 1.1, across * inverse));
            *color = color.mixed(trunk, frame.cover(across.abs() - radius));
        }
    }
}

impl Composition for Grove {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        let noise = Noise::new(5);
        band.each_row(|y, place, row| {
            self.fog.row(y, &mut self.values);
            self.shafts.row(y, &mut self.rays);
            self.bark.row(y, &mut self.grain);
            let down = place / frame.height;
            let air = self.air.at(down);
            let dy = place - self.sun.1;
            for (x, (color, fog)) in row.iter_mut().zip(&self.values).enumerate() {
                let dx = frame.place(x) - self.sun.0;
                let distance = (dx * dx + dy * dy).sqrt();
                let glow = 0.50 * bell(distance / 0.13) + 0.32 * bell(distance / 0.42);
                *color = self.air.at(down + 0.10 * fog).mixed(self.light, saturate(glow));
            }
            // The fog between the layers gathers near the ground.
            let low = 0.35 + ease(0.35, 0.85, down);
            for (index, layer) in self.layers.iter().enumerate() {
                let clear = self.layers[index..]
                    .iter()
                    .fold(1.0 - layer.haze, |clear, near| clear * (1.0 - 0.24 * near.haze * low));
                let seen = Seen {
                    place,
                    up: 1.0 - down,
                    color: air.mixed(layer.color, clear),
                    lit: air.mixed(layer.lit, clear),
                    rough: 0.09 * clear,
                    grain: &self.grain,
                    sun: self.sun.0,
                };
                for trunk in &layer.trunks {
                    trunk.row(&frame, noise, &seen, row);
                }
                if layer.highest - frame.pixel > place {
                    continue;
                }
                for ((color, &foot), &fog) in row.iter_mut().zip(&layer.foot).zip(&self.values) {
                    let depth = place - foot;
                    if depth > -frame.pixel {
                        let share = clear + (1.0 - clear) * 0.35 * (1.0 - bell(depth / 0.05));
                        *color = color.mixed(air.mixed(layer.soil.lit(0.05 * fog), share), frame.cover(-depth));
                    }
                }
            }
            let far = 1.0 - 0.75 * ease(0.0, 1.0, down);
            for (color, &ray) in row.iter_mut().zip(&self.rays) {
                *color = color.mixed(self.light, 0.26 * far * ease(0.02, 0.55, ray));
            }
        });
    }
}
