//! Square tiles with quarter circles, arcs, leaves and stripes: a floor that the Bauhaus might have laid.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a hundred tiles"
)]

use super::super::arithmetic::{bell, fraction, saturate};
use super::super::canvas::{Band, Frame};
use super::super::color::Lab;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;

pub(super) struct Tiles {
    tiles: Vec<Tile>,
    joint: Lab,
}

#[derive(Clone, Copy)]
enum Figure {
    Plain,
    Quarter,
    Half,
    Disc,
    Arcs,
    Leaf,
    Diagonal,
    Lines,
    Eye,
    Step,
}

const FIGURES: [Figure; 14] = [
    Figure::Quarter,
    Figure::Quarter,
    Figure::Quarter,
    Figure::Half,
    Figure::Half,
    Figure::Disc,
    Figure::Arcs,
    Figure::Arcs,
    Figure::Leaf,
    Figure::Leaf,
    Figure::Diagonal,
    Figure::Lines,
    Figure::Eye,
    Figure::Step,
];

struct Tile {
    left: f32,
    top: f32,
    side: f32,
    figure: Figure,
    /// Quarter turns.
    turn: u32,
    ground: Lab,
    first: Lab,
    second: Lab,
}

impl Tiles {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(71);
        let across = ((frame.width * chance.between(4.2, 7.2)) as usize).max(2);
        let side = frame.width / across as f32;
        let down = (frame.height / side).ceil() as usize;
        // What is over at the bottom is shared with the top.
        let top = (frame.height - down as f32 * side) * 0.5;
        let night = palette.is_night();
        let paper = if night { palette.inks[0].lit(-0.06) } else { palette.inks[5] };
        let colors = if night {
            [
                palette.inks[0],
                palette.inks[1],
                palette.inks[2],
                palette.inks[3],
                palette.accent,
                palette.shade,
                palette.inks[5],
            ]
        } else {
            [palette.inks[0], palette.inks[1], palette.inks[2], palette.inks[3], palette.accent, paper, paper]
        };
        let mut used = vec![false; across * down];
        let mut tiles = Vec::new();
        for row in 0..down {
            for column in 0..across {
                if used[row * across + column] {
                    continue;
                }
                let fits = column + 1 < across && row + 1 < down && !used[row * across + column + 1];
                let large = fits && chance.whether(0.13);
                let cells = if large { 2 } else { 1 };
                for y in row..row + cells {
                    used[y * across + column..][..cells].fill(true);
                }
                let ground = chance.one_of(&colors);
                let mut other = || loop {
                    let color = chance.one_of(&colors);
                    if (color.light() - ground.light()).abs() > 0.10 {
                        break color;
                    }
                };
                let (first, second) = (other(), other());
                let figure = if chance.whether(0.05) { Figure::Plain } else { chance.one_of(&FIGURES) };
                tiles.push(Tile {
                    left: column as f32 * side,
                    top: top + row as f32 * side,
                    side: side * cells as f32,
                    figure,
                    turn: chance.bits() % 4,
                    ground,
                    first,
                    second,
                });
            }
        }
        Self { tiles, joint: paper }
    }
}

impl Tile {
    /// The colour at a place in the tile (0 … 1 across and down), `pixel` being a pixel's side there.
    #[inline]
    fn at(&self, x: f32, y: f32, pixel: f32) -> Lab {
        let (x, y) = match self.turn {
            0 => (x, y),
            1 => (1.0 - y, x),
            2 => (1.0 - x, 1.0 - y),
            _ => (y, 1.0 - x),
        };
        let cover = |distance: f32| saturate(0.5 - distance / pixel);
        let round = |cx: f32, cy: f32| ((x - cx) * (x - cx) + (y - cy) * (y - cy)).sqrt();
        let (ground, first, second) = (self.ground, self.first, self.second);
        match self.figure {
            Figure::Plain => ground.mixed(first, cover(round(0.5, 0.5) - 0.12)),
            Figure::Quarter => ground.mixed(first, cover(round(0.0, 0.0) - 1.0)),
            Figure::Half => {
                let other = ground.mixed(second, cover(round(0.5, 1.0) - 0.5));
                other.mixed(first, cover(round(0.5, 0.0) - 0.5))
            }
            Figure::Disc => {
                ground.mixed(first, cover(round(0.5, 0.5) - 0.42)).mixed(second, cover(round(0.5, 0.5) - 0.17))
            }
            Figure::Arcs => {
                let distance = round(0.0, 0.0);
                let band = fraction(distance * 3.0 + 0.5);
                let arc = cover(((band - 0.5).abs() - 0.25) / 3.0) * cover(distance - 1.0);
                ground.mixed(second, cover(distance - 1.0)).mixed(first, arc)
            }
            Figure::Leaf => {
                let vein = cover((x + y - 1.0).abs() * 0.707 - 0.012);
                let leaf = cover(round(0.0, 0.0).max(round(1.0, 1.0)) - 1.0);
                ground.mixed(first, leaf).mixed(second, leaf * vein)
            }
            Figure::Diagonal => {
                ground.mixed(first, cover((x - y) * 0.707)).mixed(second, cover(round(0.72, 0.28) - 0.16))
            }
            Figure::Lines => {
                let line = fraction(y * 5.0);
                ground.mixed(first, cover(((line - 0.5).abs() - 0.25) / 5.0))
            }
            Figure::Eye => {
                let leaf = cover(round(0.5, -0.25).max(round(0.5, 1.25)) - 0.901);
                ground.mixed(second, leaf).mixed(first, cover(round(0.5, 0.5) - 0.14))
            }
            Figure::Step => {
                let wide = ground.mixed(second, cover(y - 0.5) * cover(0.5 - x));
                wide.mixed(first, cover(round(0.0, 1.0) - 0.5))
                    .mixed(first, cover(round(1.0, 0.5) - 0.5) * cover(y - 0.5))
            }
        }
    }
}

impl Composition for Tiles {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        band.each_row(|_, _, row| row.fill(self.joint));
        for tile in &self.tiles {
            let (left, top, side) = (tile.left, tile.top, tile.side);
            let (scale, pixel) = (1.0 / side, frame.pixel / side);
            band.stamp([left, top, left + side, top + side], |x, y| {
                let (u, v) = ((x - left) * scale, (y - top) * scale);
                let outside = (u - 0.5).abs().max((v - 0.5).abs()) - 0.5;
                // A soft light from above left, and worn edges.
                let light = 0.022 * (1.0 - u - v) - 0.03 * bell(outside * side / 0.004);
                (saturate(0.5 - outside / pixel), tile.at(u, v, pixel).lit(light))
            });
        }
    }
}
