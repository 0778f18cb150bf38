//! A sea of waves cut from paper, each with lines that follow its crest, under a low sun.

#![expect(clippy::cast_precision_loss, reason = "a few waves, and pixels far below 2^24")]

use super::super::arithmetic::{bell, ease, lerp, saturate, sine};
use super::super::canvas::{Band, Frame};
use super::super::color::{Lab, Stripes};
use super::super::noise::Noise;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;
use super::sky::Sky;

pub(super) struct Waves {
    sky: Sky,
    /// From the farthest to the nearest.
    waves: Vec<Wave>,
}

struct Wave {
    /// For each column the crest, and how wide a pixel's height is across the lines there.
    crest: Vec<(f32, f32)>,
    highest: f32,
    lowest: f32,
    /// By depth below the crest, `reach` deep.
    lines: Stripes,
    reach: f32,
    shadow: Lab,
}

impl Waves {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(41);
        let noise = Noise::new(chance.bits());
        let horizon = frame.height * chance.between(0.26, 0.44);
        let sky = Sky::new(&frame, palette, horizon, &mut chance);
        let count = 8 + chance.below(4);
        let (tall, wide) = (chance.between(0.05, 0.085), chance.between(0.8, 1.25));
        let lean = chance.between(-0.16, 0.16);
        let accent = 1 + chance.below(count - 2);
        let waves = (0..count).map(|index| {
            let near = index as f32 / (count - 1) as f32;
            let base = lerp(horizon + 0.01, frame.height + 0.2 * tall, near * (0.7 + 0.3 * near));
            let tall = tall * lerp(0.45, 1.5, near) * (frame.height * 1.2).min(1.0);
            let many = wide * lerp(4.2, 1.7, near);
            let (phase, row) = (chance.unit() * 9.0, index as f32 * 3.7);
            let height = |x: f32| {
                let place = x * many + phase + 0.5 * noise.at(x * 1.3, row) + lean * sine(x * many + phase);
                // Round troughs and pointed crests, every one of another height.
                let half = sine(place * 0.5).abs();
                let swell = 0.75 + 0.5 * noise.at(x * 0.9 + 31.0, row);
                base - tall * swell * (1.0 - half * (1.5 - 0.5 * half)) * 1.6
                    - tall * 0.35 * noise.at(x * 0.7, row + 9.0)
            };
            let crest: Vec<_> = (0..frame.columns)
                .map(|column| {
                    let x = frame.place(column);
                    let (before, here, after) = (height(x - 0.0008), height(x), height(x + 0.0008));
                    // The steeper side, so that a crest's point is as steep as what leads up to it.
                    let slope = (here - before).abs().max((after - here).abs()) / 0.0008;
                    (here, 1.0 / (1.0 + slope * slope).sqrt())
                })
                .collect();
            let tone = if palette.is_night() { lerp(0.50, 0.10, near) } else { lerp(0.82, 0.16, near) };
            let body = palette.ramp.at(tone + chance.around(0.0, 0.05));
            let body = if index == accent { palette.inks[3].mixed(body, 0.25) } else { body };
            let dark = palette.ramp.at((tone - 0.22).max(0.0));
            let foam = palette.light.mixed(body, lerp(0.35, 0.0, near));
            let reach = 0.5;
            let gap = lerp(0.010, 0.024, near) * chance.between(0.85, 1.2);
            let lines = Stripes::new(4096, |place| {
                let depth = place * reach;
                let line = sine(depth / gap - 0.25) * 0.5 + 0.5;
                let fade = 1.0 - ease(0.0, gap * 6.5, depth);
                let rim = 1.0 - ease(0.16 * gap, 0.22 * gap, depth);
                let body = body.mixed(dark, ease(0.0, gap * 8.0, depth) * 0.75);
                body.mixed(foam, ease(0.62, 0.70, line) * fade * 0.62).mixed(foam, rim)
            });
            Wave {
                highest: crest.iter().map(|at| at.0).fold(f32::MAX, f32::min),
                lowest: crest.iter().map(|at| at.0).fold(f32::MIN, f32::max),
                crest,
                lines,
                reach,
                shadow: palette.shade,
            }
        });
        Self { sky, waves: waves.collect() }
    }
}

impl Composition for Waves {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        let Self { sky, waves } = self;
        band.each_row(|y, place, row| {
            // Whatever lies behind a wave that covers the whole row need not be painted.
            let first = waves.iter().rposition(|wave| wave.lowest + frame.pixel < place);
            if first.is_none() {
                sky.row(&frame, y, row);
            }
            for wave in &waves[first.unwrap_or(0)..] {
                // The shadow that a wave throws on the one behind it reaches above its crest.
                let throw = 0.03;
                if wave.highest - throw > place {
                    continue;
                }
                for (color, &(crest, across)) in row.iter_mut().zip(&wave.crest) {
                    let depth = (place - crest) * across;
                    if depth < -throw {
                        continue;
                    }
                    let shade = saturate(1.0 + depth / throw);
                    let behind = color.mixed(wave.shadow, 0.34 * shade * shade * bell(0.5 * depth / throw));
                    let place = (depth / wave.reach).clamp(0.001, 0.97);
                    let water = wave.lines.around(place, frame.pixel / wave.reach);
                    *color = behind.mixed(water, frame.cover(-depth));
                }
            }
        });
    }
}
