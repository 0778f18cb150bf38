//! Curtains of polar light over a dark shore.

#![expect(clippy::cast_precision_loss, reason = "a few curtains")]

use super::super::arithmetic::{ease, lerp, saturate};
use super::super::canvas::{Band, Field, Frame};
use super::super::color::{Gradient, Lab};
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;
use super::sky::Stars;

pub(super) struct Aurora {
    ground: Gradient,
    stars: Stars,
    curtains: Vec<Curtain>,
    haze: Field,
    hills: Vec<(Vec<f32>, Lab)>,
    light: Lab,
    values: Vec<f32>,
}

struct Curtain {
    /// For each column its lower edge, how far it reaches up, and how bright it is.
    columns: Vec<(f32, f32, f32)>,
    /// From its lower edge (0) to where it fades (1).
    colors: Gradient,
}

impl Aurora {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(81);
        let noise = Noise::new(chance.bits());
        let count = 3 + chance.below(2);
        let height = frame.height;
        let curtains = (0..count).map(|index| {
            let near = index as f32 / (count - 1) as f32;
            let base = height * lerp(0.42, 0.70, near) + chance.around(0.0, 0.04);
            let (offset, slant) = (chance.between(0.0, 80.0), chance.around(0.0, 0.30));
            let strong = chance.between(0.65, 1.0);
            let columns = (0..frame.columns).map(|column| {
                let x = frame.place(column);
                let fold = noise.octaves(x * 1.5 + offset, offset, 3);
                let edge = base + height * 0.20 * fold + slant * (x - frame.width * 0.5);
                let rays = noise.octaves(x * 17.0 + fold * 8.0, offset + 5.0, 4);
                let patch = ease(-0.45, 0.35, noise.octaves(x * 1.9 + offset, offset + 9.0, 2));
                let tall = height
                    * lerp(0.34, 0.62, near)
                    * (0.75 + 0.5 * noise.octaves(x * 3.0 + offset, offset + 13.0, 2) + 0.30 * rays);
                (edge, 1.0 / tall.max(0.05), strong * (0.15 + 0.85 * patch) * saturate(0.78 + 0.8 * rays))
            });
            let low = if index % 2 == 0 { palette.inks[2] } else { palette.inks[3] };
            let high = palette.ramp.at(0.42);
            let high = if index % 2 == 0 { high } else { high.mixed(palette.accent, 0.7) };
            let colors = Gradient::even(&[
                low.muted(1.1).at_light(0.90),
                low.muted(1.35).at_light(0.82),
                low.muted(1.35).at_light(0.72),
                palette.inks[2].mixed(high, 0.4).at_light(0.60),
                high.at_light(0.48),
                palette.inks[1].at_light(0.36),
            ]);
            Curtain { columns: columns.collect(), colors }
        });
        let curtains = curtains.collect();
        let hills = (0..3_u8).map(|index| {
            let near = f32::from(index) / 2.0;
            let offset = chance.between(0.0, 80.0);
            let crest = (0..frame.columns).map(|column| {
                let x = frame.place(column);
                let hill = noise.crests(x * lerp(1.5, 0.8, near) + offset, offset, 4);
                // The nearest hill is a wood.
                let trees = near * near * 0.016 * noise.crests(x * 42.0, offset, 3);
                height * lerp(0.90, 1.0, near) - height * 0.15 * hill - trees
            });
            (crest.collect(), palette.shade.at_light(lerp(0.19, 0.09, near)).muted(lerp(1.1, 0.6, near)))
        });
        let hills = hills.collect();
        let dark = palette.ramp.at(0.0).at_light(0.12);
        let ground = Gradient::even(&[
            dark,
            palette.ramp.at(0.08).at_light(0.19),
            palette.ramp.at(0.2).at_light(0.30),
            palette.ramp.at(0.35).at_light(0.44),
        ]);
        Self {
            ground,
            stars: Stars::new(&mut chance),
            curtains,
            haze: Field::new(&frame, 0.2, |x, y| noise.folded(x * 1.2, y * 1.8, 0.5)),
            hills,
            light: palette.light,
            values: Vec::new(),
        }
    }
}

impl Composition for Aurora {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        band.each_row(|y, place, row| {
            self.haze.row(y, &mut self.values);
            let down = place / frame.height;
            for (color, haze) in row.iter_mut().zip(&self.values) {
                *color = self.ground.at(down * 0.9 + 0.09 * haze);
            }
            self.stars.row(&frame, y, 1.0 - ease(0.5, 0.9, down), self.light, row);
            for curtain in &self.curtains {
                for (color, &(edge, rate, bright)) in row.iter_mut().zip(&curtain.columns) {
                    let up = (edge - place) * rate;
                    if up <= -0.04 || up >= 1.0 {
                        continue;
                    }
                    // A soft lower edge, then a slow fading upward.
                    let rest = 1.0 - up.max(0.0);
                    let strength = bright * ease(-0.035, 0.045, up) * rest * (0.35 + 0.65 * rest);
                    *color = color.mixed(curtain.colors.at(up), saturate(strength));
                }
            }
            for (crest, hill) in &self.hills {
                for (color, &crest) in row.iter_mut().zip(crest) {
                    *color = color.mixed(*hill, frame.cover(crest - place));
                }
            }
        });
    }
}
