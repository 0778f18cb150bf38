//! A sky with a sun or moon, thin clouds, and stars at night.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels and the cells of stars are far below 2^24"
)]

use super::super::arithmetic::{bell, ease, saturate};
use super::super::canvas::{Field, Frame};
use super::super::color::{Gradient, Lab};
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::{self, Chance};

pub(super) struct Sky {
    colors: Gradient,
    pub(super) light: Lab,
    night: bool,
    /// The place and radius of the sun or moon.
    pub(super) sun: (f32, f32, f32),
    disc: Lab,
    horizon: f32,
    clouds: Field,
    stars: Stars,
    values: Vec<f32>,
}

impl Sky {
    pub(super) fn new(frame: &Frame, palette: &Palette, horizon: f32, chance: &mut Chance) -> Self {
        let noise = Noise::new(chance.bits());
        let night = palette.is_night();
        let radius = frame.short() * if night { chance.between(0.030, 0.055) } else { chance.between(0.05, 0.10) };
        let across = frame.width * chance.one_of(&[0.27, 0.36, 0.5, 0.64, 0.73]);
        let up = horizon * chance.between(0.38, 0.72);
        let drift = chance.between(0.0, 50.0);
        Self {
            colors: palette.ground.clone(),
            light: palette.light,
            night,
            sun: (across, up, radius),
            // A sun takes on the colour that stands out, if that is a warm one.
            disc: if night || palette.accent.warmth() < 0.03 {
                palette.light
            } else {
                palette.light.mixed(palette.accent.at_light(0.82), 0.7)
            },
            horizon,
            clouds: Field::new(frame, 0.10, |x, y| noise.folded(x * 1.1 + drift, y * 4.6, 0.55)),
            stars: Stars::new(chance),
            values: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, frame: &Frame, y: usize, row: &mut [Lab]) {
        let place = frame.place(y);
        self.clouds.row(y, &mut self.values);
        let (sun_x, sun_y, radius) = self.sun;
        let down = place / self.horizon;
        let dy = place - sun_y;
        let cover = if self.night { 0.10 } else { 0.26 };
        // The disc is fainter toward its foot, where it shines through more of the air.
        let disc = 0.97 - 0.45 * saturate(0.5 + dy / (2.0 * radius)) * if self.night { 0.25 } else { 1.0 };
        for (x, (color, &cloud)) in row.iter_mut().zip(&self.values).enumerate() {
            let dx = frame.place(x) - sun_x;
            let distance = (dx * dx + dy * dy).sqrt();
            let streak = ease(0.02, 0.5, cloud + 0.12 * down) * cover;
            let halo = 0.30 * bell(distance / (radius * 3.4)) + 0.24 * bell(distance / (radius * 10.0));
            let sky = self.colors.at(down * down * 0.25 + down * 0.75 + cloud * 0.07);
            *color =
                sky.mixed(self.light, saturate(streak + halo)).mixed(self.disc, frame.cover(distance - radius) * disc);
        }
        if self.night {
            let fade = 1.0 - ease(0.55, 0.98, place / self.horizon);
            self.stars.row(frame, y, fade, self.light, row);
        }
    }

    /// The colour of the sky, without sun and clouds, at a height from the top (0) to the horizon (1).
    pub(super) fn at(&self, down: f32) -> Lab {
        self.colors.at(down)
    }

    /// The clouds' values along a row, for what else moves with them.
    pub(super) fn drift(&mut self, y: usize) -> &[f32] {
        self.clouds.row(y, &mut self.values);
        &self.values
    }
}

/// Stars, in some of the cells of a grid.
pub(super) struct Stars(u64);

impl Stars {
    const CELL: f32 = 0.022;

    pub(super) fn new(chance: &mut Chance) -> Self {
        Self(random::mix(u64::from(chance.bits())))
    }

    pub(super) fn row(&self, frame: &Frame, y: usize, strength: f32, light: Lab, row: &mut [Lab]) {
        let place = frame.place(y);
        let line = (place / Self::CELL) as u64;
        for cell in 0..=(frame.width / Self::CELL) as u64 {
            let mut chance = Chance::new(self.0 ^ random::mix(line << 32 | cell));
            if !chance.whether(0.32) {
                continue;
            }
            let bright = chance.unit();
            let size = (0.0004 + 0.0011 * bright * bright).max(frame.pixel * 0.55);
            let (x, y) = (chance.between(0.12, 0.88), chance.between(0.12, 0.88));
            let (x, y) = ((cell as f32 + x) * Self::CELL, (line as f32 + y) * Self::CELL);
            let reach = size * 4.0;
            let dy = place - y;
            if dy.abs() > reach {
                continue;
            }
            let from = ((x - reach) / frame.pixel).max(0.0) as usize;
            let to = ((x + reach) / frame.pixel + 2.0) as usize;
            for (column, color) in row.iter_mut().enumerate().take(to).skip(from) {
                let dx = frame.place(column) - x;
                *color = color.mixed(light, strength * (0.3 + 0.7 * bright) * bell((dx * dx + dy * dy).sqrt() / size));
            }
        }
    }
}
