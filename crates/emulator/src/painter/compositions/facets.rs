//! Facets of coloured glass around a light, in lead or cut against each other.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a few hundred cells"
)]

use super::super::arithmetic::{bell, cosine, ease, fraction, lerp, saturate, sine};
use super::super::canvas::{Band, Frame};
use super::super::color::Lab;
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;

pub(super) struct Facets {
    facets: Vec<Facet>,
    lead: Lab,
}

struct Facet {
    /// Left, top, right, bottom.
    bounds: [f32; 4],
    /// Half planes: a direction outward, and how far the side is along it.
    sides: Vec<(f32, f32, f32)>,
    color: Lab,
    /// How the lightness changes over the facet, and where its middle is.
    slope: (f32, f32),
    middle: (f32, f32),
}

impl Facets {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(61);
        let noise = Noise::new(chance.bits());
        let leaded = chance.whether(0.6);
        let cell = chance.between(0.062, 0.105);
        let gap = if leaded { chance.between(0.0021, 0.0032) } else { -0.0004 };
        let sun = (frame.width * chance.between(0.2, 0.8), frame.height * chance.between(0.18, 0.62));
        let points = if chance.whether(0.5) {
            Self::rosette(&frame, sun, cell, &mut chance)
        } else {
            Self::scattered(&frame, cell, &mut chance)
        };
        let night = palette.is_night();
        let mut facets = Vec::new();
        for &middle in &points {
            let mut sides = Vec::new();
            for other in &points {
                let (x, y) = (other.0 - middle.0, other.1 - middle.1);
                let distance = (x * x + y * y).sqrt();
                if (1e-4..cell * 4.5).contains(&distance) {
                    let (x, y) = (x / distance, y / distance);
                    sides.push((x, y, x * middle.0 + y * middle.1 + distance * 0.5 - gap));
                }
            }
            let (sides, bounds) = Self::trimmed(middle, sides, cell);
            let (dx, dy) = (middle.0 - sun.0, middle.1 - sun.1);
            let distance = (dx * dx + dy * dy).sqrt();
            let drift = noise.octaves(middle.0 * 1.6, middle.1 * 1.6, 2);
            let ring = fraction(distance * 1.7 + 0.35 * drift);
            let far = saturate(distance / 0.85);
            let tone = lerp(if night { 0.92 } else { 1.0 }, if night { 0.08 } else { 0.20 }, far.sqrt())
                + 0.36 * drift
                + chance.around(0.0, 0.20);
            let color = if distance < cell * 0.9 {
                palette.light
            } else if chance.whether(0.075) {
                palette.accent
            } else if chance.whether(0.10) {
                palette.inks[3].mixed(palette.ramp.at(tone), ring * 0.7)
            } else {
                palette.ramp.at(tone)
            };
            let strength = chance.between(0.2, 1.0) * if leaded { 0.9 } else { 1.3 };
            let slope = (strength * chance.around(0.0, 1.0), strength * chance.around(-0.3, 1.0));
            facets.push(Facet { bounds, sides, color: color.lit(chance.around(0.0, 0.035)), slope, middle });
        }
        Self { facets, lead: palette.shade.at_light(0.13) }
    }

    /// One point in each cell of a grid, anywhere in it.
    fn scattered(frame: &Frame, cell: f32, chance: &mut Chance) -> Vec<(f32, f32)> {
        let (across, down) = ((frame.width / cell) as usize + 3, (frame.height / cell) as usize + 3);
        let mut points = Vec::with_capacity(across * down);
        for row in 0..down {
            for column in 0..across {
                let shift = if row % 2 == 0 { 0.25 } else { 0.75 };
                let x = column as f32 + shift + chance.around(-1.0, 0.5);
                points.push((x * cell, (row as f32 - 0.5 + chance.around(0.0, 0.5)) * cell));
            }
        }
        points
    }

    /// Rings of points around the light, as in the window of a cathedral.
    fn rosette(frame: &Frame, (x, y): (f32, f32), cell: f32, chance: &mut Chance) -> Vec<(f32, f32)> {
        let mut points = vec![(x, y)];
        let (mut radius, mut turn) = (cell * 1.15, chance.unit());
        let reach = frame.width.max(x) + frame.height;
        while radius < reach {
            let count = (radius * 6.3 / cell) as usize;
            let loose = chance.between(0.0, 0.35);
            for index in 0..count {
                let turns = turn + (index as f32 + chance.around(0.0, loose)) / count as f32;
                let away = radius + chance.around(0.0, loose * cell * 0.5);
                let point = (x + away * cosine(turns), y + away * sine(turns));
                let near = -2.0 * cell;
                if point.0 > near && point.1 > near && point.0 < frame.width - near && point.1 < frame.height - near {
                    points.push(point);
                }
            }
            turn += 0.37;
            radius += cell * chance.between(0.72, 1.25);
        }
        points
    }

    /// Only the sides that the cell really has, and the rectangle around it.
    fn trimmed(middle: (f32, f32), sides: Vec<(f32, f32, f32)>, cell: f32) -> (Vec<(f32, f32, f32)>, [f32; 4]) {
        let far = cell * 2.5;
        let (left, top, right, bottom) = (middle.0 - far, middle.1 - far, middle.0 + far, middle.1 + far);
        let mut corners = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        for &(x, y, away) in &sides {
            let beyond = |&(px, py): &(f32, f32)| px * x + py * y - away;
            let mut kept = Vec::with_capacity(corners.len() + 1);
            for (index, corner) in corners.iter().enumerate() {
                let next = &corners[(index + 1) % corners.len()];
                let (here, there) = (beyond(corner), beyond(next));
                if here <= 0.0 {
                    kept.push(*corner);
                }
                if (here <= 0.0) != (there <= 0.0) {
                    let share = here / (here - there);
                    kept.push((lerp(corner.0, next.0, share), lerp(corner.1, next.1, share)));
                }
            }
            corners = kept;
        }
        let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for &(x, y) in &corners {
            bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
        }
        let touches = |&(x, y, away): &(f32, f32, f32)| {
            corners.iter().any(|corner| (corner.0 * x + corner.1 * y - away).abs() < 1e-5)
        };
        (sides.into_iter().filter(touches).collect(), bounds)
    }
}

impl Composition for Facets {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        band.each_row(|_, _, row| row.fill(self.lead));
        for facet in &self.facets {
            facet.paint(band, &frame);
        }
    }
}

impl Facet {
    fn paint(&self, band: &mut Band, frame: &Frame) {
        let [left, top, right, bottom] = self.bounds;
        if bottom < frame.place(band.top) - frame.pixel || top > frame.place(band.top + band.rows) {
            return;
        }
        let start = (left / frame.pixel - 1.0).max(0.0) as usize;
        let end = ((right / frame.pixel + 2.0).max(0.0) as usize).min(frame.columns);
        if start >= end {
            return;
        }
        let mut inside = vec![0.0_f32; end - start];
        band.each_row(|_, y, row| {
            if y < top - frame.pixel || y > bottom + frame.pixel {
                return;
            }
            // Side after side over the row rather than pixel after pixel over the sides: so it runs in vectors.
            inside.fill(f32::MIN);
            for side in &self.sides {
                let (from, step) = (frame.place(start) * side.0 + y * side.1 - side.2, frame.pixel * side.0);
                for (index, inside) in inside.iter_mut().enumerate() {
                    *inside = inside.max(from + step * index as f32);
                }
            }
            let dy = y - self.middle.1;
            for (index, (color, &inside)) in row[start..end].iter_mut().zip(&inside).enumerate() {
                if inside > frame.pixel {
                    continue;
                }
                let dx = frame.place(start + index) - self.middle.0;
                // A little dark where the glass meets the lead, and light on the bevel.
                let edge = ease(-0.011, 0.0, inside);
                let light =
                    dx * self.slope.0 + dy * self.slope.1 - 0.07 * edge + 0.03 * bell((inside + 0.006) / 0.0022);
                *color = color.mixed(self.color.lit(light), frame.cover(inside));
            }
        });
    }
}
