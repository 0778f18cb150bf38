//! Thick lines that follow a current, each keeping clear of the others.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "cells of a grid over the picture, and points of a line"
)]

use super::super::arithmetic::{cosine, lerp, saturate, sine};
use super::super::canvas::{Band, Frame};
use super::super::color::{Gradient, Lab};
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;

pub(super) struct Currents {
    ground: Gradient,
    /// The pieces of lines in each band, in the order they are painted.
    pieces: Vec<Vec<Piece>>,
}

/// A straight piece of a line with round ends.
#[derive(Clone, Copy)]
struct Piece {
    from: (f32, f32),
    to: (f32, f32),
    radius: f32,
    color: Lab,
}

/// Which places are taken already, in cells of a fine grid.
struct Taken {
    cells: Vec<bool>,
    across: usize,
    down: usize,
}

const CELL: f32 = 0.0025;
/// Lines run a little over the edges, so that they do not end there.
const OVER: f32 = 0.06;

impl Taken {
    fn new(frame: &Frame) -> Self {
        let across = ((frame.width + 2.0 * OVER) / CELL) as usize + 1;
        let down = ((frame.height + 2.0 * OVER) / CELL) as usize + 1;
        Self { cells: vec![false; across * down], across, down }
    }

    fn reach(&self, (x, y): (f32, f32), radius: f32) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let cell = |place: f32| ((place + OVER) / CELL).max(0.0) as usize;
        let across = cell(x - radius)..(cell(x + radius) + 1).min(self.across);
        (across, cell(y - radius)..(cell(y + radius) + 1).min(self.down))
    }

    fn is_free(&self, place: (f32, f32), radius: f32) -> bool {
        let (across, down) = self.reach(place, radius);
        down.into_iter().all(|row| !self.cells[row * self.across..][across.clone()].contains(&true))
    }

    fn take(&mut self, place: (f32, f32), radius: f32) {
        let (across, down) = self.reach(place, radius);
        for row in down {
            self.cells[row * self.across..][across.clone()].fill(true);
        }
    }
}

impl Currents {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(31);
        let noise = Noise::new(chance.bits());
        let (turn, bend, size) = (chance.unit(), chance.between(0.35, 0.75), chance.between(0.55, 1.0));
        let angle = |x: f32, y: f32| turn + bend * noise.octaves(x * size, y * size, 2);
        let inside = |(x, y): (f32, f32)| x > -OVER && y > -OVER && x < frame.width + OVER && y < frame.height + OVER;

        let mut taken = Taken::new(&frame);
        let mut pieces: Vec<Vec<Piece>> = vec![Vec::new(); frame.rows.div_ceil(Band::ROWS)];
        let step = 0.006;
        // Thick lines first, thin ones into what is left.
        for (tries, thick) in [(90_u32, 0.021_f32), (260, 0.0125), (900, 0.0068), (1500, 0.0032)] {
            for _ in 0..tries {
                let start = (chance.between(-OVER, frame.width + OVER), chance.between(-OVER, frame.height + OVER));
                let radius = thick * chance.between(0.75, 1.25);
                let clear = radius + 0.0035;
                if !inside(start) || !taken.is_free(start, clear) {
                    continue;
                }
                let mut line = vec![start];
                let longest = chance.between(40.0, 190.0) as usize;
                for direction in [1.0, -1.0] {
                    let mut place = start;
                    while line.len() < longest {
                        let turns = angle(place.0, place.1);
                        place = (place.0 + direction * step * cosine(turns), place.1 + direction * step * sine(turns));
                        if !inside(place) || !taken.is_free(place, clear) {
                            break;
                        }
                        line.push(place);
                    }
                    line.reverse();
                }
                if (line.len() as f32) * step < 4.0 * radius {
                    continue;
                }
                for &place in &line {
                    taken.take(place, radius);
                }
                let drift = noise.octaves(start.0 * 0.9 + 40.0, start.1 * 0.9, 2);
                let color = Self::color(palette, drift, &mut chance);
                let share = 1.0 / line.len() as f32;
                let fade = chance.between(-0.10, 0.10);
                for (index, ends) in line.windows(2).enumerate() {
                    let along = index as f32 * share - 0.5;
                    let piece = Piece { from: ends[0], to: ends[1], radius, color: color.lit(along * fade) };
                    let top = (ends[0].1.min(ends[1].1) - radius) / frame.pixel - 1.0;
                    let bottom = (ends[0].1.max(ends[1].1) + radius) / frame.pixel + 1.0;
                    if bottom < 0.0 {
                        continue;
                    }
                    let last = (bottom as usize / Band::ROWS + 1).min(pieces.len());
                    for pieces in pieces.iter_mut().take(last).skip(top.max(0.0) as usize / Band::ROWS) {
                        pieces.push(piece);
                    }
                }
            }
        }
        let ground = if palette.is_night() {
            Gradient::even(&[palette.ground.at(0.1), palette.ground.at(0.5)])
        } else {
            Gradient::even(&[palette.inks[5], palette.inks[5].mixed(palette.ground.at(0.6), 0.5)])
        };
        Self { ground, pieces }
    }

    fn color(palette: &Palette, drift: f32, chance: &mut Chance) -> Lab {
        if chance.whether(0.07) {
            return palette.accent;
        }
        let night = palette.is_night();
        let place = saturate(if night { 0.62 } else { 0.42 } + drift * 0.75 + chance.around(0.0, 0.22));
        palette.ramp.at(lerp(if night { 0.25 } else { 0.08 }, if night { 1.0 } else { 0.82 }, place))
    }
}

impl Composition for Currents {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        band.each_row(|_, y, row| row.fill(self.ground.at(y / frame.height)));
        for piece in &self.pieces[band.top / Band::ROWS] {
            let ((x1, y1), (x2, y2), radius) = (piece.from, piece.to, piece.radius);
            let (dx, dy) = (x2 - x1, y2 - y1);
            let inverse = 1.0 / (dx * dx + dy * dy);
            let area = [x1.min(x2) - radius, y1.min(y2) - radius, x1.max(x2) + radius, y1.max(y2) + radius];
            band.stamp(area, |x, y| {
                let (px, py) = (x - x1, y - y1);
                let along = saturate((px * dx + py * dy) * inverse);
                let (px, py) = (px - along * dx, py - along * dy);
                (frame.cover((px * px + py * py).sqrt() - radius), piece.color)
            });
        }
    }
}
