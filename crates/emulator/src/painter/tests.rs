//! What is promised of every picture: the same bytes, the stated size, readable text, and that prompts show.

use std::collections::BTreeSet;

use super::mood::Family;
use super::*;

/// A prompt for each kind of composition.
const PROMPTS: [(&str, Family); 11] = [
    ("mountains at dusk", Family::Ridges),
    ("red silk", Family::Silk),
    ("玛瑙", Family::Agate),
    ("金色的风", Family::Currents),
    ("ocean waves", Family::Waves),
    ("星空", Family::Orbits),
    ("stained glass", Family::Facets),
    ("几何图案", Family::Tiles),
    ("aurora", Family::Aurora),
    ("竹林", Family::Grove),
    ("樱花", Family::Lanterns),
];

fn picture(prompt: &str, seed: u64, width: u32, height: u32) -> Picture<'_> {
    Picture { prompt, seed, width, height, text: &[] }
}

/// What the png crate reads: the pixels, and the text chunks in their order.
fn read(file: &[u8]) -> (Vec<u8>, Vec<(String, String)>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.color_type, frame.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    reader.finish().unwrap();
    let texts = reader.info().utf8_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.get_text().unwrap()));
    (pixels, texts.collect())
}

#[test]
fn the_same_request_is_the_same_picture_on_every_machine() {
    let sums: Vec<_> = PROMPTS
        .iter()
        .map(|(prompt, family)| {
            assert_eq!(Mood::of(prompt).family, *family, "{prompt}");
            random::fnv(&pixels(&picture(prompt, 7, 150, 110)))
        })
        .collect();
    let pinned: [u64; 11] = [
        0x99c7_ef3f_7933_d292,
        0x22e3_641f_c65c_ee53,
        0xb758_cc3b_b090_ab3a,
        0x2413_5afe_7524_f691,
        0xe3b5_0298_8ce6_8593,
        0xfdb2_6b26_9ee6_cade,
        0xfec6_5e35_b25b_adac,
        0x6808_2d30_3c4b_ae8c,
        0x28a2_2a57_3453_4604,
        0x0503_4803_b1dd_a498,
        0xb953_b7cd_36f1_8764,
    ];
    assert_eq!(sums, pinned, "{sums:#x?}");
}

#[test]
fn the_same_request_is_the_same_file_on_every_machine() {
    let request = Picture { text: &[("Task", "t-1")], ..picture("夜晚的山与月亮", u64::MAX, 160, 90) };
    let sum = random::fnv(&paint(&request));
    assert_eq!(sum, 0x3fec_14e2_dc3f_bdca, "{sum:#x}");
}

#[test]
fn every_file_has_the_size_that_was_stated() {
    let sizes =
        [(1, 1), (2, 1), (1, 9), (16, 16), (33, 5), (640, 3), (3, 640), (31, 33), (96, 288), (288, 96), (257, 255)];
    for (width, height) in sizes {
        for (prompt, _) in PROMPTS {
            let file = paint(&picture(prompt, 3, width, height));
            assert_eq!(file.len() as u64, file_size(width, height), "{prompt} {width}×{height}");
            assert_eq!(read(&file).0.len() as u64, u64::from(width * height * 3));
        }
    }
}

#[test]
fn a_picture_of_mere_noise_has_the_stated_size_too() {
    for (width, height) in [(1, 1), (1, 3000), (3000, 1), (64, 64), (300, 500)] {
        let mut chance = Chance::new(1);
        let noise: Vec<_> = (0..width * height * 3).map(|_| chance.bits().to_le_bytes()[0]).collect();
        let prompt = "\u{1f3a8}".repeat(800);
        let file = file::encode(&picture(&prompt, 1, width, height), noise);
        assert_eq!(file.len() as u64, file_size(width, height), "{width}×{height}");
        assert_eq!(read(&file).1.last().unwrap().1, prompt);
    }
}

#[test]
fn the_request_is_read_back_from_the_text_chunks() {
    let prompt = "\u{1f40b}".repeat(800);
    let request = Picture {
        text: &[("Task", "任务 1"), ("", "no keyword"), ("非", "not Latin-1"), ("Model", "m")],
        ..picture(&prompt, 42, 64, 32)
    };
    let file = paint(&request);
    assert_eq!(file.len() as u64, file_size(64, 32));
    let (_, texts) = read(&file);
    let texts: Vec<_> = texts.iter().map(|(keyword, text)| (keyword.as_str(), text.as_str())).collect();
    assert_eq!(texts[0].0, "Software");
    assert!(texts[0].1.contains("no diffusion model"));
    assert_eq!(
        texts[1..],
        [
            ("seed", "42"),
            ("width", "64"),
            ("height", "32"),
            ("prompt", prompt.as_str()),
            ("Task", "任务 1"),
            ("Model", "m")
        ]
    );
}

#[test]
fn text_without_room_is_left_out() {
    let (long, short) = ("x".repeat(9000), "y".repeat(40));
    let file = paint(&Picture { text: &[("Long", &long), ("Short", &short)], ..picture("cat", 1, 1, 1) });
    assert_eq!(file.len() as u64, file_size(1, 1));
    let keywords: Vec<_> = read(&file).1.into_iter().map(|(keyword, _)| keyword).collect();
    assert_eq!(keywords, ["Software", "seed", "width", "height", "prompt", "Short"]);
}

#[test]
fn a_size_of_nothing_counts_as_one_pixel() {
    assert_eq!(paint(&picture("cat", 1, 0, 0)), paint(&picture("cat", 1, 1, 1)));
    assert_eq!(file_size(0, 5), file_size(1, 5));
}

/// The picture as 24 × 24 means.
fn thumbnail(prompt: &str, seed: u64) -> Vec<f64> {
    let side = 96;
    let pixels = pixels(&picture(prompt, seed, 96, 96));
    let mut means = vec![0.0; 24 * 24 * 3];
    for (index, byte) in pixels.iter().enumerate() {
        let (pixel, channel) = (index / 3, index % 3);
        means[(pixel / side / 4 * 24 + pixel % side / 4) * 3 + channel] += f64::from(*byte) / 16.0;
    }
    means
}

fn difference(one: &[f64], other: &[f64]) -> f64 {
    let sum: f64 = one.iter().zip(other).map(|(one, other)| (one - other).abs()).sum();
    sum / 1728.0
}

#[test]
fn different_prompts_and_seeds_are_visibly_different() {
    let prompts = [
        "a cat",
        "a dog",
        "a red cat",
        "一只猫",
        "一只狗",
        "mountains",
        "blue mountains",
        "海",
        "夜晚的海",
        "forest",
        "雪",
        "金色的森林",
    ];
    let thumbnails: Vec<_> = prompts.iter().map(|prompt| thumbnail(prompt, 1)).collect();
    for (index, one) in thumbnails.iter().enumerate() {
        for (other, prompt) in thumbnails.iter().zip(prompts).skip(index + 1) {
            let difference = difference(one, other);
            assert!(difference > 12.0, "{} / {prompt}: {difference}", prompts[index]);
        }
        let difference = difference(one, &thumbnail(prompts[index], 2));
        assert!(difference > 4.0, "{}, another seed: {difference}", prompts[index]);
    }
}

#[test]
fn prompts_without_a_known_word_are_of_every_kind() {
    let kinds: BTreeSet<_> =
        (0..200).map(|number| format!("{:?}", Mood::of(&format!("prompt {number}")).family)).collect();
    assert_eq!(kinds.len(), PROMPTS.len());
}

#[test]
fn any_text_is_a_prompt() {
    for prompt in ["", " ", "\0", "\u{1f468}\u{200d}\u{1f469}", "ｆｕｌｌ　ｗｉｄｔｈ", "ß İ ẞ", "ss", "es"]
    {
        assert_eq!(paint(&picture(prompt, 0, 20, 20)).len() as u64, file_size(20, 20));
    }
}
