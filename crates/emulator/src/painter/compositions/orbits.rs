//! Rings around a middle, and bodies on them.

use super::super::arithmetic::{bell, cosine, ease, fraction, lerp, saturate, sine};
use super::super::canvas::{Band, Frame};
use super::super::color::{Gradient, Lab, Stripes};
use super::super::mood::Hour;
use super::super::palette::Palette;
use super::super::random::Chance;
use super::Composition;
use super::sky::Stars;

/// The steps of the table by distance.
const TURNS: u16 = 4096;

pub(super) struct Orbits {
    ground: Gradient,
    center: (f32, f32),
    reach: f32,
    /// The rings by distance from the center: in the fourth number how much they cover, by which the others are
    /// multiplied already.
    rings: Stripes,
    toward: (f32, f32),
    /// By distance: the glow around the middle, and the cosine and sine of how far the light has turned.
    turning: Vec<(f32, f32, f32)>,
    bodies: Vec<Body>,
    seen: Vec<[f32; 4]>,
    stars: Option<Stars>,
    light: Lab,
    shade: Lab,
}

struct Body {
    x: f32,
    y: f32,
    radius: f32,
    color: Lab,
    ringed: bool,
}

/// A ring: from where to where, its colour, and how much it covers.
struct Ring {
    from: f32,
    to: f32,
    color: Lab,
    strength: f32,
}

impl Orbits {
    pub(super) fn new(frame: Frame, palette: &Palette, chance: &Chance) -> Self {
        let mut chance = chance.part(51);
        let night = palette.is_night();
        let center = (frame.width * chance.between(0.22, 0.78), frame.height * chance.between(0.25, 0.75));
        let reach = 1.15;
        let mut rings = Vec::new();
        let mut radius = frame.short() * chance.between(0.06, 0.13);
        let heart = radius;
        while radius < 1.0 {
            let wide = if chance.whether(0.45) { chance.between(0.022, 0.075) } else { chance.between(0.0022, 0.008) };
            let gap = chance.between(0.007, 0.028);
            let away = saturate(radius / 0.85);
            let tone = if night { lerp(0.88, 0.22, away) } else { lerp(0.72, 0.30, away) } + chance.around(0.0, 0.16);
            let color = if chance.whether(0.13) { palette.accent } else { palette.ramp.at(tone) };
            rings.push(Ring {
                from: radius + gap,
                to: radius + gap + wide,
                color,
                strength: lerp(1.0, 0.45, away * away),
            });
            radius += gap + wide;
        }
        let light = palette.light;
        let shade = palette.shade;
        let ground = if night {
            Gradient::even(&[palette.ground.at(0.0), palette.ground.at(0.55)])
        } else if palette.hour == Hour::Dusk {
            Gradient::even(&[palette.ground.at(0.0), palette.ground.at(0.45), palette.ground.at(0.8)])
        } else {
            Gradient::even(&[palette.inks[5], palette.ground.at(0.45)])
        };
        let at = |place: f32| rings.iter().find(|ring| (ring.from..ring.to).contains(&(place * reach)));
        let covering = |ring: &Ring| Lab([ring.color.0[0], ring.color.0[1], ring.color.0[2], 1.0]).times(ring.strength);
        let stripes = Stripes::new(8192, |place| at(place).map_or(Lab::new(0.0, 0.0, 0.0), covering));
        let turn = chance.unit();
        let mut bodies = vec![Body {
            x: center.0,
            y: center.1,
            radius: heart * 0.86,
            color: palette.inks[3].mixed(light, 0.35),
            ringed: false,
        }];
        let count = 4 + chance.below(4);
        let first = chance.unit();
        for number in 0..count {
            #[expect(clippy::cast_precision_loss, reason = "a handful of bodies")]
            let along = number as f32 / count as f32;
            let turns = fraction(first + along * 2.618 + chance.around(0.0, 0.06));
            let away = lerp(heart * 1.9, 0.62, along) + chance.around(0.0, 0.03);
            let color = if number == 1 { palette.accent } else { chance.one_of(&palette.inks[1..5]) };
            let radius = chance.between(0.010, 0.026) + 0.035 * chance.unit() * along;
            bodies.push(Body {
                x: center.0 + away * cosine(turns),
                y: center.1 + away * sine(turns),
                radius,
                color,
                ringed: radius > 0.03,
            });
        }
        // The light turns with the distance, so that the rings' shadows make a spiral.
        let twist = chance.between(-1.6, 1.6);
        let turning = (0..=TURNS).map(|step| {
            let distance = f32::from(step) / f32::from(TURNS) * reach;
            let lag = distance * twist;
            let inverse = 1.0 / (1.0 + lag * lag).sqrt();
            (0.30 * bell(distance / 0.16) + 0.14 * bell(distance / 0.5), inverse, lag * inverse)
        });
        let turning = turning.collect();
        let stars = night.then(|| Stars::new(&mut chance));
        Self {
            ground,
            center,
            reach,
            rings: stripes,
            toward: (cosine(turn), sine(turn)),
            turning,
            bodies,
            seen: vec![[0.0; 4]; frame.columns],
            stars,
            light,
            shade,
        }
    }
}

impl Body {
    fn paint(&self, band: &mut Band, center: (f32, f32), light: Lab, shade: Lab) {
        let frame = band.frame;
        let (x, y, radius) = (self.x, self.y, self.radius);
        let glow = radius * 2.6;
        band.stamp([x - glow, y - glow, x + glow, y + glow], |px, py| {
            let (dx, dy) = (px - x, py - y);
            let distance = (dx * dx + dy * dy).sqrt();
            (0.30 * bell(distance / radius * 0.9) * saturate(2.0 - 2.0 * distance / glow), light)
        });
        // Lit from the middle; the body in the middle, from above.
        let (tx, ty) = (center.0 - x, center.1 - y);
        let far = (tx * tx + ty * ty).sqrt();
        let (tx, ty) = if far > 0.001 { (tx / far, ty / far) } else { (-0.5, -0.8) };
        let terminator = if far > 0.001 { 1.0 } else { 0.35 };
        band.stamp([x - radius, y - radius, x + radius, y + radius], |px, py| {
            let (dx, dy) = ((px - x) / radius, (py - y) / radius);
            let square = dx * dx + dy * dy;
            let up = (1.0 - square).max(0.0).sqrt();
            let facing = 0.8 * (dx * tx + dy * ty) + 0.45 * up;
            let color = self
                .color
                .mixed(shade, terminator * 0.80 * (1.0 - ease(-0.35, 0.55, facing)))
                .mixed(light, 0.45 * ease(0.35, 1.05, facing));
            (frame.cover((square.sqrt() - 1.0) * radius), color)
        });
        if self.ringed {
            let reach = radius * 2.1;
            band.stamp([x - reach, y - reach, x + reach, y + reach], |px, py| {
                let (dx, dy) = (px - x, py - y);
                let (u, v) = (dx * 0.94 + dy * 0.34, (dy * 0.94 - dx * 0.34) * 3.6);
                let distance = (u * u + v * v).sqrt();
                let ring = frame.cover((distance - radius * 1.72).abs() * 0.4 - radius * 0.07);
                let behind = if v < 0.0 { frame.cover(radius - (dx * dx + dy * dy).sqrt()) } else { 1.0 };
                (0.85 * ring * behind, light)
            });
        }
    }
}

impl Composition for Orbits {
    fn paint(&mut self, band: &mut Band) {
        let frame = band.frame;
        let (center_x, center_y) = self.center;
        let (toward_x, toward_y) = self.toward;
        let scale = 1.0 / self.reach;
        let width = frame.pixel * scale;
        band.each_row(|y, place, row| {
            let ground = self.ground.at(place / frame.height);
            row.fill(ground);
            if let Some(stars) = &self.stars {
                stars.row(&frame, y, 0.9, self.light, row);
            }
            // First what runs in vectors: each pixel's distance, and its direction against the light's.
            let dy = place - center_y;
            for (x, seen) in self.seen.iter_mut().enumerate() {
                let dx = frame.place(x) - center_x;
                let distance = (dx * dx + dy * dy).sqrt();
                let inverse = 1.0 / (distance + 1e-4);
                let (side, across) = (dx * toward_x + dy * toward_y, dx * toward_y - dy * toward_x);
                *seen = [distance, side * inverse, across * inverse, 0.0];
            }
            for (color, &[distance, side, across, _]) in row.iter_mut().zip(&self.seen) {
                let place = (distance * scale).min(0.99);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a short table")]
                let (halo, turned_x, turned_y) = self.turning[(place * f32::from(TURNS)) as i32 as usize];
                let facing = side * turned_x + across * turned_y;
                let lit = ease(-1.0, 1.0, facing);
                let ring = self.rings.around(place, width);
                let (cover, show) = (ring.0[3], 0.42 + 0.58 * lit);
                let (lighter, darker) = (0.22 * lit, 0.55 * (1.0 - lit));
                let ring = ring
                    .times(1.0 - lighter - darker)
                    .plus(self.light.times(lighter * cover))
                    .plus(self.shade.times(darker * cover));
                *color = color.mixed(self.light, halo).times(1.0 - show * cover).plus(ring.times(show));
            }
        });
        for body in &self.bodies {
            body.paint(band, self.center, self.light, self.shade);
        }
    }
}
