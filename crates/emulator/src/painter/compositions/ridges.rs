//! Mountain ridges behind each other in the haze, under a sun or moon, sometimes over a lake.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a few ridges, and pixels far below 2^24"
)]

use super::super::arithmetic::{bell, ease, lerp, saturate, sine};
use super::super::canvas::{Band, Field, Frame};
use super::super::color::Lab;
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;
use super::sky::Sky;

pub(super) struct Ridges {
    sky: Sky,
    relief: Field,
    /// From the farthest to the nearest.
    chain: Vec<Ridge>,
    /// The row where a lake begins.
    shore: Option<usize>,
    mist: Lab,
    textures: Vec<f32>,
    above: Vec<Lab>,
}

struct Ridge {
    crest: Vec<f32>,
    /// The highest and the lowest place of the crest.
    highest: f32,
    lowest: f32,
    /// Where the haze in the valley before it begins, and where it is thickest.
    valley: (f32, f32),
    color: Lab,
    haze: f32,
    shift: usize,
}

impl Ridges {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(21);
        let noise = Noise::new(chance.bits());
        let height = frame.height;
        let has_lake = chance.whether(0.4);
        let horizon = height * if has_lake { chance.between(0.48, 0.58) } else { chance.between(0.40, 0.56) };
        let count = if has_lake { 4 } else { 5 + chance.below(3) };
        let bottom = if has_lake { horizon + 0.09 * height } else { height * 1.02 };
        let rugged = chance.between(0.3, 1.0);
        let rise = height.min(0.9) * chance.between(0.20, 0.34);
        let chain = (0..count).map(|index| {
            let near = index as f32 / (count - 1) as f32;
            let base = lerp(horizon, bottom, near * (0.75 + 0.25 * near));
            let wide = lerp(2.6, 1.3, near);
            let tall = rise * lerp(1.0, 0.66, near) * chance.between(0.75, 1.25);
            let offset = chance.between(0.0, 90.0);
            let crest: Vec<_> = (0..frame.columns)
                .map(|column| {
                    let x = frame.place(column) * wide + offset;
                    let soft = noise.octaves(x, offset, 4) + 0.35;
                    let sharp = noise.crests(x * 0.8, offset + 7.7, 6) * 1.15 - 0.25;
                    let swell = noise.at(x * 0.4, offset + 3.3);
                    base - tall * (lerp(soft, sharp, rugged) + 0.45 * swell)
                })
                .collect();
            let tone = lerp(0.50, 0.02, near * (1.9 - 0.9 * near));
            Ridge {
                highest: crest.iter().copied().fold(f32::MAX, f32::min),
                lowest: crest.iter().copied().fold(f32::MIN, f32::max),
                crest,
                valley: (base - tall * 0.75, base + tall * lerp(0.35, 0.6, near)),
                color: palette.ramp.at(tone * if palette.is_night() { 0.62 } else { 1.0 }),
                haze: lerp(0.74, 0.02, near.sqrt()),
                shift: (chance.unit() * frame.columns as f32) as usize,
            }
        });
        let chain = chain.collect();
        let drift = chance.between(0.0, 50.0);
        let sky = Sky::new(&frame, palette, horizon, &mut chance);
        Self {
            sky,
            relief: Field::new(&frame, 0.05, |x, y| noise.crests(x * 3.4 + y * 2.6, y * 5.0 + drift, 4) - 0.45),
            chain,
            shore: has_lake
                .then_some(((horizon + 0.105 * height) / frame.pixel) as usize)
                .filter(|row| (2..frame.rows).contains(row)),
            mist: palette.mist,
            textures: Vec::new(),
            above: Vec::new(),
        }
    }

    fn scene(&mut self, frame: &Frame, y: usize, row: &mut [Lab]) {
        let place = frame.place(y);
        // Whatever lies behind a ridge that covers the whole row need not be painted.
        let first = self.chain.iter().rposition(|ridge| ridge.lowest + frame.pixel < place);
        if first.is_none() {
            self.sky.row(frame, y, row);
        }
        self.relief.row(y, &mut self.textures);
        let (sun_x, _, radius) = self.sky.sun;
        let light = self.sky.light;
        for ridge in &self.chain[first.unwrap_or(0)..] {
            if ridge.highest - frame.pixel > place {
                continue;
            }
            let (from, to) = ridge.valley;
            let sink = ease(from, to, place);
            let haze = ridge.haze + (0.94 - ridge.haze) * sink * (0.16 + 0.70 * ridge.haze);
            let rough = 0.085 * (1.0 - 0.75 * haze);
            let columns = row.len();
            for (x, (color, &crest)) in row.iter_mut().zip(&ridge.crest).enumerate() {
                let depth = place - crest;
                if depth < -frame.pixel {
                    continue;
                }
                // Each ridge has another piece of the relief, mirrored at the ends so that there is no seam.
                let at = (x + ridge.shift) % (2 * columns);
                let texture = self.textures[at.min(2 * columns - 1 - at)];
                let toward_sun = bell((frame.place(x) - sun_x) / (radius * 6.0));
                let rim = bell(depth / (0.004 + 0.3 * radius * toward_sun * ridge.haze)) * (0.08 + 0.20 * toward_sun);
                let painted = ridge.color.lit(texture * rough).mixed(self.mist, haze);
                *color = color.mixed(painted.mixed(light, rim), frame.cover(crest - place));
            }
        }
    }

    fn lake(&mut self, frame: &Frame, y: usize, shore: usize, row: &mut [Lab]) {
        let depth = (y - shore) as f32 * frame.pixel;
        let near = depth / frame.height;
        // Seen at a flat angle, the reflection is a little shorter than what it reflects.
        let mirrored = shore.saturating_sub(1 + ((y - shore) as f32 * 1.12) as usize);
        let mut above = std::mem::take(&mut self.above);
        above.resize(row.len(), self.mist);
        self.scene(frame, mirrored, &mut above);
        // Nearer ripples are farther apart, and move the reflection more.
        let phase = 30.0 * near.sqrt() / (0.10 + near.sqrt());
        let (shallow, light) = (self.sky.at(0.10), self.sky.light);
        let sun_x = self.sky.sun.0;
        let columns = row.len();
        let edge = 0.30 * bell(depth / 0.0025);
        for (x, (color, &drift)) in row.iter_mut().zip(self.sky.drift(y)).enumerate() {
            let place = frame.place(x);
            let wave = sine(phase + drift * 2.4 + place * 0.6);
            let moved = x as f32 + wave * (0.003 + 0.03 * near) / frame.pixel;
            let from = (moved.max(0.0) as usize).min(columns - 1);
            let glint = ease(0.55, 1.0, wave) * (0.05 + 0.45 * bell((place - sun_x) / (0.03 + 0.3 * near)));
            *color = above[from].mixed(shallow, 0.16 + 0.30 * near).lit(-0.015).mixed(light, saturate(glint + edge));
        }
        self.above = above;
    }
}

impl Composition for Ridges {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        band.each_row(|y, _, row| match self.shore {
            Some(shore) if y >= shore => self.lake(&frame, y, shore, row),
            _ => self.scene(&frame, y, row),
        });
    }
}
