//! The PNG file around the pixels, of a size that is known beforehand.

use std::cell::Cell;
use std::io::{self, Write};

use png::chunk::ChunkType;
use png::text_metadata::ITXtChunk;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter};

use super::Picture;

/// What painted the picture, in its text chunks.
const SOFTWARE: &str = "spark-t2i emulator: an abstract picture, no diffusion model";

/// Filling up to the promised size: ancillary, private, safe to copy.
const FILLING: ChunkType = ChunkType(*b"fiLl");

/// The bytes around the data of a chunk: its length, name and checksum.
const CHUNK: usize = 12;

/// The room for text chunks; the longest prompt, 800 characters of four bytes, takes less than half of it.
const ROOM: usize = 7680;

/// The size in bytes of every file that [`paint`](super::paint) makes at these dimensions.
///
/// It is known without painting, because the service states it long before anybody downloads: one byte a pixel, about
/// what the service's own files have, then 400 bytes for each pixel of the side of a square of this area, because lines
/// are relatively finer in a large picture, 4 bytes a row, and 8 KB. A file that is naturally smaller, as nearly all
/// are, is filled up.
pub fn file_size(width: u32, height: u32) -> u64 {
    let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let area = width * height;
    8192 + area + 400 * area.isqrt() + 4 * height
}

/// The file of these pixels.
pub(super) fn encode(picture: &Picture<'_>, mut pixels: Vec<u8>) -> Vec<u8> {
    let size =
        usize::try_from(file_size(picture.width, picture.height)).expect("the pixels, which are more, are in memory");
    let texts = texts(picture);
    // Normally the first round is the last. Should a picture not fit, it is made coarser until it does, in the end of
    // one colour, which always fits.
    for bits in [0, 1, 2, 3, 5, 8] {
        if bits > 0 {
            let kept = u8::MAX.checked_shl(bits).unwrap_or(0);
            for byte in &mut pixels {
                *byte &= kept;
            }
        }
        let file = write(picture, &texts, &pixels, size)
            .expect("dimensions, pixels and text chunks are in order, and memory is no disk");
        if let Some(file) = file {
            return file;
        }
    }
    unreachable!("a picture of one colour compresses to less than the file's size")
}

/// The file, if it is not longer than `size`; then it is filled up.
fn write(
    picture: &Picture<'_>,
    texts: &[ITXtChunk],
    pixels: &[u8],
    size: usize,
) -> Result<Option<Vec<u8>>, EncodingError> {
    let mut bytes = Vec::with_capacity(size);
    let written = Cell::new(0);
    let mut encoder = Encoder::new(Counted { bytes: &mut bytes, written: &written }, picture.width, picture.height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder.set_deflate_compression(DeflateCompression::FdeflateUltraFast);
    encoder.set_filter(FILTER);
    let mut writer = encoder.write_header()?;
    for text in texts {
        writer.write_text_chunk(text)?;
    }
    writer.write_image_data(pixels)?;
    // What is missing, but for this chunk's own frame and the end.
    let Some(missing) = size.checked_sub(written.get() + 2 * CHUNK) else {
        return Ok(None);
    };
    writer.write_chunk(FILLING, &vec![0; missing])?;
    writer.finish()?;
    Ok(Some(bytes))
}

/// Choosing a filter for each row saves a fifth of the file at a fiftieth of the time.
const FILTER: Filter = Filter::Adaptive;

/// Bytes in memory, and how many they are, for one who cannot see them while they are written.
struct Counted<'a> {
    bytes: &'a mut Vec<u8>,
    written: &'a Cell<usize>,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        self.written.set(self.bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text chunks, as many as there is room for.
fn texts(picture: &Picture<'_>) -> Vec<ITXtChunk> {
    let (seed, width, height) = (picture.seed.to_string(), picture.width.to_string(), picture.height.to_string());
    let own =
        [("Software", SOFTWARE), ("seed", &seed), ("width", &width), ("height", &height), ("prompt", picture.prompt)];
    let mut room = ROOM;
    let mut chunks = Vec::new();
    for &(keyword, text) in own.iter().chain(picture.text) {
        // A keyword is Latin-1 by the format, and not empty.
        let is_keyword =
            (1..=79).contains(&keyword.chars().count()) && keyword.chars().all(|letter| u8::try_from(letter).is_ok());
        let length = CHUNK + keyword.len() + 5 + text.len();
        if is_keyword && length <= room {
            room -= length;
            chunks.push(ITXtChunk::new(keyword, text));
        }
    }
    chunks
}
