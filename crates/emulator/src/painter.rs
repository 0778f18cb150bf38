//! The painter: an abstract picture from a prompt, a seed and a size.
//!
//! It is no diffusion model and pretends to be none. It reads the prompt for colours, an hour and a subject (English and
//! Chinese), draws a palette and a kind of composition from that, and an arrangement from the seed. The same request is
//! the same file, to the byte, on every machine: nothing here asks the system for a sine or for chance.
//!
//! ```
//! use spark_t2i_emulator::painter::{Picture, file_size, paint};
//!
//! let file = paint(&Picture { prompt: "山水之间的月光", seed: 7, width: 96, height: 64, text: &[("Task", "demo")] });
//! assert!(file.starts_with(b"\x89PNG"));
//! assert_eq!(file.len() as u64, file_size(96, 64));
//! ```

mod arithmetic;
mod canvas;
mod color;
mod compositions;
mod file;
mod mood;
mod noise;
mod palette;
mod random;

use canvas::{Band, Frame};
use mood::Mood;
use palette::Palette;
use random::Chance;

pub use file::file_size;

/// What to paint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// The prompt; its words steer colours and composition.
    pub prompt: &'a str,
    /// Another seed is another arrangement in the same mood.
    pub seed: u64,
    /// The width in pixels; 0 counts as 1.
    pub width: u32,
    /// The height in pixels; 0 counts as 1.
    pub height: u32,
    /// Further text chunks of the file, as keyword (Latin-1, 1 to 79 characters) and text. All text together has 7680
    /// bytes, of which the longest prompt takes half; what does not fit is left out.
    pub text: &'a [(&'a str, &'a str)],
}

/// The picture as a whole PNG file, exactly [`file_size`]`(width, height)` bytes long.
///
/// Its text chunks (`iTXt`) hold the prompt, seed, width and height, and say what painted it.
pub fn paint(picture: &Picture<'_>) -> Vec<u8> {
    let picture = Picture { width: picture.width.max(1), height: picture.height.max(1), ..*picture };
    file::encode(&picture, pixels(&picture))
}

/// The pixels, three bytes each, row by row.
fn pixels(picture: &Picture<'_>) -> Vec<u8> {
    let frame = Frame::new(picture.width as usize, picture.height as usize);
    let mood = Mood::of(picture.prompt);
    let chance = Chance::new(random::of_text(picture.prompt) ^ random::mix(picture.seed));
    let palette = Palette::of(&mood, chance.part(1));
    let mut composition = compositions::begin(mood.family, frame, &palette, &chance.part(2));

    let mut bytes = vec![0; frame.columns * frame.rows * 3];
    let mut band = Band::new(frame);
    for (index, bytes) in bytes.chunks_mut(frame.columns * 3 * Band::ROWS).enumerate() {
        band.turn_to(index * Band::ROWS);
        composition.paint(&mut band);
        finish(&mut band, bytes);
    }
    bytes
}

/// Darkens a band a little toward the corners, as a lens does, and writes it as bytes.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the low bits of a count of pixels")]
fn finish(band: &mut Band, bytes: &mut [u8]) {
    let frame = band.frame;
    let (middle, center) = (frame.width * 0.5, frame.height * 0.5);
    let reach = 1.0 / (middle * middle + center * center);
    for (index, bytes) in bytes.chunks_mut(frame.columns * 3).enumerate() {
        let y = band.top + index;
        let dy = frame.place(y) - center;
        let row = band.row(index);
        for (x, color) in row.iter_mut().enumerate() {
            let dx = frame.place(x) - middle;
            let distance = (dx * dx + dy * dy) * reach;
            *color = color.times(1.0 - 0.10 * distance * distance);
        }
        // An even sequence in two dimensions (after the plastic number): as smooth to the eye as blue noise, and a
        // multiplication to make. A little over half a step hides the steps, and a whole one would cost much more file.
        let start = (y as u32).wrapping_mul(2_447_445_414);
        color::encode(row, bytes, |x| {
            let place = start.wrapping_add((x as u32).wrapping_mul(3_242_174_889));
            (place >> 8) as f32 * (0.6 / 16_777_216.0) - 0.3
        });
    }
}

#[cfg(test)]
mod tests;
