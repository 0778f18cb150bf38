use spark_t2i_core::Size;

/// What kind of file an image is, by its own signature: names and headers of a server are not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// AVIF.
    Avif,
}

impl ImageFormat {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Png, Self::Jpeg, Self::WebP, Self::Gif, Self::Avif];

    /// The usual extension of a file's name: `png`, `jpg`, `webp`, `gif` or `avif`.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Avif => "avif",
        }
    }
}

/// Looks at a file as it streams by: its length, its first and its last bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inspector {
    head: Vec<u8>,
    tail: Vec<u8>,
    length: u64,
}

const HEAD: usize = 32;
const TAIL: usize = 16;
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const PNG_END: &[u8] = b"\0\0\0\0IEND\xaeB`\x82";

impl Inspector {
    pub(crate) fn see(&mut self, bytes: &[u8]) {
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        self.length += bytes.len() as u64;
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The format of the whole file, and its pixels where its head tells them.
    ///
    /// # Errors
    /// Why this is not a whole image.
    pub(crate) fn verdict(&self) -> Result<(ImageFormat, Option<Size>), String> {
        let head = self.head.as_slice();
        let (format, whole) = if head.starts_with(PNG_SIGNATURE) {
            (ImageFormat::Png, self.tail.ends_with(PNG_END))
        } else if head.starts_with(b"\xff\xd8\xff") {
            (ImageFormat::Jpeg, self.tail.ends_with(b"\xff\xd9"))
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            let told = head.get(4..8).and_then(|length| length.try_into().ok()).map_or(0, u32::from_le_bytes);
            (ImageFormat::WebP, u64::from(told) + 8 == self.length)
        } else if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
            (ImageFormat::Gif, self.tail.ends_with(b"\x3b"))
        } else if head.get(4..12).is_some_and(|brand| brand == b"ftypavif" || brand == b"ftypavis") {
            // An AVIF file does not say where it ends.
            (ImageFormat::Avif, true)
        } else if self.length == 0 {
            return Err("the file is empty".to_owned());
        } else {
            let shown = spark_t2i_core::printable(&String::from_utf8_lossy(&head[..head.len().min(16)]), 16);
            return Err(format!("the file is no image: it begins with \"{shown}\""));
        };
        if !whole {
            return Err(format!("the {} file is not whole: its end is missing", format.extension()));
        }
        let side = |place: std::ops::Range<usize>| {
            head.get(place).and_then(|side| side.try_into().ok()).map(u32::from_be_bytes)
        };
        let pixels = match (format, side(16..20), side(20..24)) {
            (ImageFormat::Png, Some(width), Some(height)) => Some(Size { width, height }),
            _ => None,
        };
        Ok((format, pixels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(bytes: &[u8]) -> Result<(ImageFormat, Option<Size>), String> {
        let (mut whole, mut bytewise) = (Inspector::default(), Inspector::default());
        whole.see(bytes);
        for byte in bytes {
            bytewise.see(std::slice::from_ref(byte));
        }
        assert_eq!(whole.verdict(), bytewise.verdict());
        whole.verdict()
    }

    #[test]
    fn formats_are_known_by_their_first_and_last_bytes() {
        let mut png = PNG_SIGNATURE.to_vec();
        png.extend(b"\0\0\0\x0dIHDR\0\0\x0a\0\0\0\x05\xa0\x08\x02\0\0\0....");
        png.extend(PNG_END);
        assert_eq!(verdict(&png), Ok((ImageFormat::Png, Some(Size { width: 2560, height: 1440 }))));
        assert!(verdict(&png[..png.len() - 1]).unwrap_err().contains("not whole"));
        png.push(0);
        assert!(verdict(&png).is_err());
        assert_eq!(verdict(b"\xff\xd8\xff\xe0 \xff\xd9").unwrap().0, ImageFormat::Jpeg);
        assert!(verdict(b"\xff\xd8\xff\xe0 ").is_err());
        assert_eq!(verdict(b"RIFF\x06\0\0\0WEBPVP").unwrap().0, ImageFormat::WebP);
        assert!(verdict(b"RIFF\x07\0\0\0WEBPVP").is_err());
        assert_eq!(verdict(b"GIF89a..\x3b").unwrap().0, ImageFormat::Gif);
        assert_eq!(verdict(b"\0\0\0\x20ftypavif....").unwrap().0, ImageFormat::Avif);
        assert!(verdict(b"<!DOCTYPE html>\x1b[2J").unwrap_err().contains("no image"));
        assert!(verdict(b"").unwrap_err().contains("empty"));
    }
}
