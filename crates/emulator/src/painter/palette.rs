//! The colours of one picture, from its mood.

use super::color::{Gradient, Lab};
use super::mood::{Hour, Mood, toward};
use super::random::Chance;

/// The colours of one picture.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    pub(super) hour: Hour,
    /// The sky or ground, from the top (0) to the horizon (1).
    pub(super) ground: Gradient,
    /// From the darkest (0) to the lightest (1), the hue turning from the shadows' to the lights'.
    pub(super) ramp: Gradient,
    /// Flat colours that go together, from dark to light, the one that stands out being the fifth.
    pub(super) inks: [Lab; 6],
    /// The colour of light: sun, moon, foam.
    pub(super) light: Lab,
    pub(super) shade: Lab,
    pub(super) accent: Lab,
    /// What is far away fades into this.
    pub(super) mist: Lab,
}

impl Palette {
    pub(super) fn of(mood: &Mood, mut chance: Chance) -> Self {
        let scheme = mood.scheme;
        let turn = chance.around(0.0, 9.0);
        let color = |light: f32, chroma: f32, hue: f32| Lab::of_hue(light, chroma * scheme.chroma, hue + turn);
        let (deep, main, light, accent) = (scheme.deep, scheme.main, scheme.light, scheme.accent);
        // A night is blue before it is anything else: a dark yellow is no night but mud.
        let (deep, main) =
            if mood.hour == Hour::Night { (toward(deep, 272.0, 0.7), toward(main, 268.0, 0.3)) } else { (deep, main) };
        let low = toward(deep, main, 0.5);
        let high = toward(main, light, 0.5);

        let ground = match mood.hour {
            Hour::Day => Gradient::even(&[
                color(0.74, 0.085, main),
                color(0.83, 0.065, high),
                color(0.90, 0.050, light),
                color(0.945, 0.040, light),
            ]),
            Hour::Dusk => Gradient::even(&[
                color(0.34, 0.095, deep),
                color(0.49, 0.125, low),
                color(0.66, 0.140, main),
                color(0.80, 0.115, high),
                color(0.89, 0.080, light),
            ]),
            Hour::Night => Gradient::even(&[
                color(0.135, 0.035, deep),
                color(0.19, 0.055, deep),
                color(0.28, 0.085, low),
                color(0.42, 0.100, main),
            ]),
        };
        let ramp = Gradient::even(&[
            color(0.19, 0.050, deep),
            color(0.32, 0.095, deep),
            color(0.46, 0.130, low),
            color(0.60, 0.140, main),
            color(0.74, 0.120, high),
            color(0.86, 0.085, light),
            color(0.95, 0.035, light),
        ]);
        let inks = [
            color(0.30, 0.080, deep),
            color(0.47, 0.130, main),
            color(0.64, 0.130, high),
            color(0.81, 0.115, light),
            color(0.66, 0.155, accent),
            color(0.94, 0.025, light),
        ];
        Self {
            hour: mood.hour,
            light: color(0.965, 0.045, light),
            shade: color(0.16, 0.045, deep),
            accent: inks[4],
            mist: ground.at(1.0),
            ground,
            ramp,
            inks,
        }
    }

    pub(super) fn is_night(&self) -> bool {
        self.hour == Hour::Night
    }
}
