//! Lights out of focus, some near and some far: a city at night, blossoms, snow.

use super::super::arithmetic::{bell, ease, lerp, saturate};
use super::super::canvas::{Band, Field, Frame};
use super::super::color::{Gradient, Lab};
use super::super::mood::Hour;
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;

pub(super) struct Lanterns {
    ground: Gradient,
    haze: Field,
    lights: Vec<Light>,
    light: Lab,
    values: Vec<f32>,
}

struct Light {
    x: f32,
    y: f32,
    radius: f32,
    /// How wide the edge is, from sharp to quite out of focus.
    blur: f32,
    color: Lab,
    strength: f32,
}

impl Lanterns {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(101);
        let noise = Noise::new(chance.bits());
        let night = palette.hour != Hour::Day;
        // The lights gather along a slow curve through the picture.
        let (offset, slant) = (chance.between(0.0, 60.0), chance.around(0.0, 0.5));
        let count = 120_u8;
        let mut lights: Vec<_> = (0..count)
            .map(|index| {
                let near = f32::from(index) / f32::from(count);
                let x = chance.between(-0.05, frame.width + 0.05);
                let path =
                    frame.height * (0.52 + 0.30 * noise.at(x * 1.1 + offset, offset)) + slant * (x - frame.width * 0.5);
                let y = path + chance.around(0.0, 0.42) * lerp(0.6, 1.2, near) * (0.4 + frame.height * 0.6);
                let color = if chance.whether(0.22) {
                    palette.accent
                } else {
                    palette.ramp.at(chance.between(if night { 0.50 } else { 0.70 }, 1.0))
                };
                let color = if chance.whether(0.2) { palette.light } else { color };
                let radius = lerp(0.008, 0.105, near * near * near) * chance.between(0.5, 1.3);
                let blur = radius * lerp(0.10, 0.45, near) * chance.between(0.4, 1.4);
                let strength = lerp(0.95, 0.42, near) * chance.between(0.55, 1.0);
                Light { x, y, radius, blur, color, strength }
            })
            .collect();
        lights.sort_by(|one, other| other.radius.total_cmp(&one.radius));
        let ground = if night {
            Gradient::even(&[
                palette.ramp.at(0.0).lit(-0.05),
                palette.ramp.at(0.10),
                palette.ramp.at(0.27),
                palette.ramp.at(0.40),
            ])
        } else {
            Gradient::even(&[
                palette.ramp.at(0.40),
                palette.ramp.at(0.52),
                palette.ramp.at(0.66),
                palette.ramp.at(0.80),
            ])
        };
        Self {
            ground,
            haze: Field::new(&frame, 0.25, |x, y| noise.folded(x * 1.1, y * 1.1, 0.8)),
            lights,
            light: palette.light,
            values: Vec::new(),
        }
    }
}

impl Composition for Lanterns {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        band.each_row(|y, place, row| {
            self.haze.row(y, &mut self.values);
            for (color, haze) in row.iter_mut().zip(&self.values) {
                *color = self.ground.at(0.12 + 0.62 * place / frame.height + 0.75 * haze);
            }
        });
        let light = self.light;
        for lamp in &self.lights {
            let (x, y, radius) = (lamp.x, lamp.y, lamp.radius);
            let reach = radius * 1.9;
            band.stamp([x - reach, y - reach, x + reach, y + reach], |px, py| {
                let (dx, dy) = (px - x, py - y);
                let distance = (dx * dx + dy * dy).sqrt();
                let blur = lamp.blur.max(frame.pixel);
                let inside = saturate(0.5 - (distance - radius) / blur);
                let inside = inside * inside * (3.0 - 2.0 * inside);
                // A lens makes the rim of such a disc brighter than its middle.
                let rim = bell((distance - radius * 0.93) / (0.10 * radius + blur * 0.4));
                let glow = 0.28 * bell(distance / (radius * 0.95)) * ease(reach, radius * 0.8, distance);
                let share = lamp.strength * saturate(inside * (0.62 + 0.30 * rim) + glow);
                (share, lamp.color.mixed(light, 0.25 * rim * inside))
            });
        }
    }
}
