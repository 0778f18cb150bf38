use std::fmt::Write as _;

/// A foreign text made harmless for a terminal, a log or an error message: control characters, line breaks and marks
/// that reverse or hide what is shown are escaped, and after `most` characters it is cut with `…`.
pub fn printable(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most.saturating_mul(4)));
    for (index, character) in text.chars().enumerate() {
        if index == most {
            shown.push('…');
            break;
        }
        match character {
            '\n' | '\r' | '\t' => shown.extend(character.escape_default()),
            _ if character.is_control() || misleads(character) => {
                write!(shown, "\\u{{{:x}}}", u32::from(character)).expect("writing to a String cannot fail");
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// Direction marks, line and paragraph separators, invisible tags and the byte order mark.
fn misleads(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown_and_never_obeyed() {
        assert_eq!(printable("a\x1b[31mb\u{202e}c\nd\u{9b}", 100), "a\\u{1b}[31mb\\u{202e}c\\nd\\u{9b}");
        assert_eq!(printable("雪中的红狐 👩‍🚀", 100), "雪中的红狐 👩‍🚀");
        assert_eq!(printable(&"x".repeat(1_000_000), 3), "xxx…");
    }
}
