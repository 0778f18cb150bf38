//! Names of files where none was given: after the prompt and the seed, good on every system.

use std::path::{Path, PathBuf};

use spark_t2i::{ImageFormat, Request, TaskId};

const MOST_CHARACTERS: usize = 60;
/// With seed, number and extension this stays under the 255 bytes of a name.
const MOST_BYTES: usize = 180;
const ID_CHARACTERS: usize = 8;

/// The name without its extension: the prompt's words, and the seed; without a seed (or a random one) the first
/// characters of the task's id, where it is known.
pub(crate) fn stem(request: &Request, id: Option<&TaskId>) -> String {
    let slug = slug(&request.prompt);
    let distinction = match request.seed.filter(|seed| *seed > 0) {
        Some(seed) => seed.to_string(),
        None => id.map(|id| letters(id.as_str()).take(ID_CHARACTERS).collect()).unwrap_or_default(),
    };
    let name = [slug, distinction].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if name.is_empty() || is_reserved(&name) { format!("image-{name}").trim_end_matches('-').to_owned() } else { name }
}

/// This stem, or with the first of -2, -3 and so on with which there is no image yet, of whatever format.
pub(crate) fn free(stem: &str) -> PathBuf {
    let numbered = (2_u32..).map(|number| PathBuf::from(format!("{stem}-{number}")));
    std::iter::once(PathBuf::from(stem))
        .chain(numbered)
        .find(|stem| !is_taken(stem))
        .unwrap_or_else(|| PathBuf::from(stem))
}

/// Whether there is an image with this stem.
pub(crate) fn is_taken(stem: &Path) -> bool {
    ImageFormat::ALL.iter().any(|format| with_extension(stem, format.extension()).symlink_metadata().is_ok())
}

pub(crate) fn with_extension(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// The words of a text in lower case, joined by hyphens: letters and digits of every script, and nothing that means
/// something to a shell or a file system.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut characters = 0;
    let mut between_words = false;
    for character in text.chars().flat_map(char::to_lowercase) {
        if is_silent(character) {
            continue;
        }
        if !character.is_alphanumeric() {
            between_words = !slug.is_empty();
            continue;
        }
        let separator = usize::from(std::mem::take(&mut between_words));
        if characters + separator + 1 > MOST_CHARACTERS || slug.len() + separator + character.len_utf8() > MOST_BYTES {
            // Half a word reads badly; but a text without words has nothing else.
            if separator == 0
                && let Some(end) = slug.rfind('-').filter(|end| *end >= slug.len() / 2)
            {
                slug.truncate(end);
            }
            break;
        }
        if separator == 1 {
            slug.push('-');
        }
        slug.push(character);
        characters += separator + 1;
    }
    slug
}

/// Apostrophes, accents that stand apart from their letter, joiners: they part no words.
fn is_silent(character: char) -> bool {
    matches!(character, '\'' | '’' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_alphanumeric)
}

/// Names that are devices on Windows, whatever stands behind a point.
fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "con" | "prn" | "aux" | "nul" | "conin" | "conout")
        || ["com", "lpt"].iter().any(|device| {
            name.strip_prefix(device)
                .is_some_and(|number| matches!(number.chars().collect::<Vec<_>>()[..], [one] if one.is_numeric()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(prompt: &str) -> String {
        stem(&Request::new(prompt).seed(7), None)
    }

    #[test]
    fn names_tell_the_prompt_and_the_seed() {
        assert_eq!(named("a red fox in the snow"), "a-red-fox-in-the-snow-7");
        assert_eq!(named("一只雪中的红狐"), "一只雪中的红狐-7");
        assert_eq!(named("  The fox's \"den\", 2nd ed.\n"), "the-foxs-den-2nd-ed-7");
        assert_eq!(named("Ünïcödé cafe\u{301}"), "ünïcödé-cafe-7");
        let id: TaskId = "d758n65e878c73cmdg20".parse().unwrap();
        assert_eq!(stem(&Request::new("A Fox"), Some(&id)), "a-fox-d758n65e");
        assert_eq!(stem(&Request::new("A Fox").seed(-1), Some(&id)), "a-fox-d758n65e");
        assert_eq!(stem(&Request::new("A Fox"), None), "a-fox");
        let odd: TaskId = "..:*<>|\"~".parse().unwrap();
        assert_eq!(stem(&Request::new("A Fox"), Some(&odd)), "a-fox");
    }

    #[test]
    fn no_name_is_hidden_reserved_or_leaves_the_folder() {
        for (prompt, name) in [
            ("../../etc/passwd", "etc-passwd-7"),
            (".hidden", "hidden-7"),
            ("-rf *", "rf-7"),
            ("C:\\con", "c-con-7"),
            ("👩‍🚀", "7"),
            ("\u{202e}gnp.exe", "gnp-exe-7"),
            ("a\0b\x1b[2Jc", "a-b-2jc-7"),
        ] {
            assert_eq!(named(prompt), name, "{prompt:?}");
        }
        for (prompt, name) in [("CON", "image-con"), ("lpt1", "image-lpt1"), ("com²", "image-com²"), ("👩‍🚀", "image")]
        {
            assert_eq!(stem(&Request::new(prompt), None), name, "{prompt:?}");
        }
        assert_eq!(stem(&Request::new("console"), None), "console");
    }

    #[test]
    fn long_prompts_are_cut_between_words() {
        let long = named(&"wonderful foxes ".repeat(20));
        assert_eq!(long, "wonderful-foxes-wonderful-foxes-wonderful-foxes-wonderful-7");
        assert_eq!(named(&"雪".repeat(100)), format!("{}-7", "雪".repeat(60)));
        assert_eq!(named(&"x".repeat(100)), format!("{}-7", "x".repeat(60)));
        // Four bytes each.
        let name = stem(&Request::new("𠀀".repeat(100)).seed(i64::MAX), None);
        assert!(name.len() + "-999999.avif".len() < 255, "{}", name.len());
    }
}
