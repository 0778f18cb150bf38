//! The kinds of composition.

mod aurora;
mod currents;
mod facets;
mod grove;
mod lanterns;
mod orbits;
mod ridges;
mod sky;
mod strata;
mod tiles;
mod waves;

use super::canvas::{Band, Frame};
use super::mood::Family;
use super::palette::Palette;
use super::random::Chance;

/// A picture being painted, band after band from the top.
pub(super) trait Composition {
    /// Paints every pixel of the band.
    fn paint(&mut self, band: &mut Band);
}

/// Arranges a picture of this kind.
pub(super) fn begin(family: Family, frame: Frame, palette: &Palette, chance: &Chance) -> Box<dyn Composition> {
    match family {
        Family::Ridges => Box::new(ridges::Ridges::new(frame, palette, chance)),
        Family::Silk => Box::new(strata::Strata::silk(frame, palette, chance)),
        Family::Agate => Box::new(strata::Strata::agate(frame, palette, chance)),
        Family::Currents => Box::new(currents::Currents::new(frame, palette, chance)),
        Family::Waves => Box::new(waves::Waves::new(frame, palette, chance)),
        Family::Orbits => Box::new(orbits::Orbits::new(frame, palette, chance)),
        Family::Facets => Box::new(facets::Facets::new(frame, palette, chance)),
        Family::Tiles => Box::new(tiles::Tiles::new(frame, palette, chance)),
        Family::Aurora => Box::new(aurora::Aurora::new(frame, palette, chance)),
        Family::Grove => Box::new(grove::Grove::new(frame, palette, chance)),
        Family::Lanterns => Box::new(lanterns::Lanterns::new(frame, palette, chance)),
    }
}
