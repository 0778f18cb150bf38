use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use spark_t2i_core::{Size, TaskId, printable, wire};

use crate::config;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn printable_text_obeys_no_terminal(text in prop_oneof![any::<String>(), "[\\x00-\\x1f\\x7f-\\x9f\u{200e}\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}a]{0,40}"], most in 0_usize..60) {
        let shown = printable(&text, most);
        let misleading = |character: char| matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        prop_assert!(!shown.chars().any(|character| character.is_control() || misleading(character)), "{:?}", shown);
        let longest_escape = r"\u{10ffff}".len();
        prop_assert!(shown.chars().count() <= most * longest_escape + 1);
        prop_assert_eq!(shown.ends_with('…') && !text.ends_with('…'), text.chars().count() > most && !text.ends_with('…'));
        // What is harmless already stays as it is: nothing is escaped twice on its way through the errors.
        prop_assert_eq!(printable(&shown, usize::MAX), shown);
    }

    #[test]
    fn an_id_never_leaves_its_place_in_a_path(text in prop_oneof!["[!-~]{1,12}", "[./%2eE\\\\?#;:@]{1,8}", any::<String>()]) {
        if let Ok(id) = text.parse::<TaskId>() {
            prop_assert_eq!(id.as_str(), text.as_str());
            let url = url::Url::parse(&format!("https://cloud.example:444{}", wire::task_path(&id))).unwrap();
            prop_assert_eq!(url.host_str(), Some("cloud.example"));
            prop_assert_eq!((url.port(), url.query(), url.fragment(), url.username()), (Some(444), None, None, ""));
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(&segments[..4], &["model", "v1", "generation", "task"]);
            prop_assert_eq!(segments.len(), 5);
            prop_assert_eq!(percent_decode_str(segments[4]).decode_utf8().unwrap(), text);
        }
    }

    #[test]
    fn sizes_are_read_as_they_are_written(width in any::<u32>(), height in any::<u32>()) {
        let size = Size { width, height };
        prop_assert_eq!(size.to_string().parse(), Ok(size));
        prop_assert_eq!(format!(" {width} X {height} ").parse(), Ok(size));
    }

    #[test]
    fn no_text_makes_the_size_panic(text in prop_oneof![any::<String>(), "[-+0-9x×:k ]{0,12}"]) {
        if let Err(error) = text.parse::<Size>() {
            prop_assert!(!error.to_string().replace('\n', "").chars().any(char::is_control));
        }
    }
}
