//! What a prompt suggests: colours, the hour of the day, and kinds of composition, from the words in it.

use super::random::{self, Chance};

/// A kind of composition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    /// Mountain ridges behind each other, a sun or moon, sometimes a lake.
    Ridges,
    /// Folded bands of satin.
    Silk,
    /// The rings of a cut stone.
    Agate,
    /// Thick lines that follow a current.
    Currents,
    /// Waves behind each other.
    Waves,
    /// Rings around a middle, and bodies on them.
    Orbits,
    /// Coloured glass around a light.
    Facets,
    /// Square tiles with simple figures.
    Tiles,
    /// Polar light over a dark shore.
    Aurora,
    /// Trunks in fog.
    Grove,
    /// Lights out of focus.
    Lanterns,
}

impl Family {
    const ALL: [Self; 11] = [Ridges, Silk, Agate, Currents, Waves, Orbits, Facets, Tiles, Aurora, Grove, Lanterns];
}

/// The hour, which is how light and dark are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hour {
    Day,
    Dusk,
    Night,
}

/// Hues, in degrees, for the shadows, the middle, the lights and what stands out; and how much colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scheme {
    pub(super) deep: f32,
    pub(super) main: f32,
    pub(super) light: f32,
    pub(super) accent: f32,
    pub(super) chroma: f32,
}

const fn scheme(deep: f32, main: f32, light: f32, accent: f32, chroma: f32) -> Scheme {
    Scheme { deep, main, light, accent, chroma }
}

/// What a word says.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// A colour by its hue, with how much of it.
    Hue(f32, f32),
    Scheme(Scheme),
    Hour(Hour),
    Kinds(&'static [Family]),
}

use Family::{Agate, Aurora, Currents, Facets, Grove, Lanterns, Orbits, Ridges, Silk, Tiles, Waves};
use Hour::{Day, Dusk, Night};
use Says::{Hour as At, Hue, Kinds, Scheme as Colors};

const DUSK: Scheme = scheme(285.0, 345.0, 65.0, 30.0, 1.0);
const LAGOON: Scheme = scheme(250.0, 205.0, 100.0, 40.0, 1.0);
const FOREST: Scheme = scheme(175.0, 148.0, 108.0, 60.0, 0.85);
const DESERT: Scheme = scheme(18.0, 45.0, 82.0, 205.0, 1.0);
const IRIS: Scheme = scheme(283.0, 305.0, 15.0, 88.0, 0.95);
const SEA: Scheme = scheme(262.0, 238.0, 200.0, 60.0, 1.0);
const ROSE: Scheme = scheme(345.0, 12.0, 65.0, 165.0, 0.95);
const AUTUMN: Scheme = scheme(15.0, 50.0, 88.0, 245.0, 1.05);
const MINT: Scheme = scheme(225.0, 178.0, 125.0, 25.0, 0.8);
const BLOSSOM: Scheme = scheme(325.0, 358.0, 40.0, 145.0, 0.8);
const ROYAL: Scheme = scheme(275.0, 266.0, 85.0, 78.0, 1.0);
const JADE: Scheme = scheme(195.0, 168.0, 98.0, 32.0, 0.9);
const SNOW: Scheme = scheme(262.0, 240.0, 225.0, 40.0, 0.45);
const INK: Scheme = scheme(255.0, 230.0, 92.0, 28.0, 0.16);
const FIRE: Scheme = scheme(5.0, 32.0, 78.0, 90.0, 1.2);
const COSMOS: Scheme = scheme(280.0, 300.0, 350.0, 75.0, 1.0);
const NEON: Scheme = scheme(285.0, 320.0, 200.0, 345.0, 1.25);
const GOLD: Scheme = scheme(45.0, 72.0, 92.0, 265.0, 1.0);

/// The schemes of prompts that say nothing about colour.
const SCHEMES: [Scheme; 13] = [DUSK, LAGOON, FOREST, DESERT, IRIS, SEA, ROSE, AUTUMN, MINT, BLOSSOM, ROYAL, JADE, GOLD];

/// Words, and what they say. An English word is met whole or with an `s`; a Chinese one anywhere.
const WORDS: &[(&[&str], &[Says])] = &[
    (&["red", "crimson", "scarlet", "红", "赤", "朱"], &[Hue(27.0, 1.15)]),
    (&["orange", "橙", "橘"], &[Hue(52.0, 1.1)]),
    (&["gold", "golden", "amber", "金", "琥珀"], &[Hue(80.0, 1.0)]),
    (&["yellow", "lemon", "黄"], &[Hue(98.0, 1.05)]),
    (&["green", "emerald", "绿", "翠"], &[Hue(148.0, 1.0)]),
    (&["jade", "玉"], &[Colors(JADE)]),
    (&["teal", "turquoise", "cyan", "青", "碧"], &[Hue(195.0, 0.95)]),
    (&["blue", "azure", "cobalt", "蓝"], &[Hue(256.0, 1.1)]),
    (&["indigo", "navy", "靛"], &[Hue(273.0, 1.0)]),
    (&["purple", "violet", "lavender", "紫"], &[Hue(303.0, 1.0)]),
    (&["pink", "magenta", "粉"], &[Hue(355.0, 0.95)]),
    (&["brown", "coffee", "chocolate", "棕", "褐", "咖啡"], &[Hue(55.0, 0.55)]),
    (&["grey", "gray", "silver", "灰", "银"], &[Hue(250.0, 0.15)]),
    (&["black", "黑"], &[At(Night)]),
    (&["white", "白"], &[At(Day)]),
    (&["night", "midnight", "夜", "晚"], &[At(Night)]),
    (&["moon", "moonlight", "月"], &[At(Night), Kinds(&[Ridges])]),
    (
        &["star", "starry", "galaxy", "space", "cosmos", "universe", "planet", "nebula", "星", "宇宙", "太空", "银河"],
        &[At(Night), Colors(COSMOS), Kinds(&[Orbits])],
    ),
    (&["aurora", "northern light", "arctic", "polar", "极光"], &[At(Night), Colors(JADE), Kinds(&[Aurora])]),
    (
        &["sunset", "dusk", "twilight", "evening", "日落", "夕阳", "黄昏", "晚霞"],
        &[At(Dusk), Colors(DUSK), Kinds(&[Ridges, Waves])],
    ),
    (&["sunrise", "dawn", "morning", "日出", "清晨", "黎明", "朝"], &[At(Day), Colors(DUSK), Kinds(&[Ridges, Waves])]),
    (&["noon", "sunny", "sunlight", "阳光", "晴"], &[At(Day)]),
    (
        &["sea", "ocean", "wave", "beach", "surf", "ship", "whale", "海", "浪", "洋", "船", "鲸"],
        &[Colors(SEA), Kinds(&[Waves])],
    ),
    (&["lake", "湖"], &[Colors(LAGOON), Kinds(&[Ridges])]),
    (
        &["river", "water", "stream", "rain", "fish", "河", "江", "水", "溪", "雨", "鱼"],
        &[Colors(LAGOON), Kinds(&[Currents, Silk])],
    ),
    (
        &["mountain", "hill", "valley", "peak", "alps", "landscape", "山", "山水", "岭", "峰", "谷", "风景"],
        &[Kinds(&[Ridges])],
    ),
    (
        &["snow", "ice", "winter", "frost", "glacier", "雪", "冰", "冬"],
        &[Colors(SNOW), At(Day), Kinds(&[Ridges, Grove])],
    ),
    (&["forest", "wood", "tree", "jungle", "bamboo", "森", "林", "树", "竹"], &[Colors(FOREST), Kinds(&[Grove])]),
    (&["desert", "dune", "sand", "canyon", "沙", "漠"], &[Colors(DESERT), Kinds(&[Silk, Ridges])]),
    (&["autumn", "fall", "maple", "秋", "枫"], &[Colors(AUTUMN), At(Day), Kinds(&[Grove, Facets])]),
    (&["spring", "blossom", "cherry", "sakura", "春", "樱", "桃"], &[Colors(BLOSSOM), At(Day), Kinds(&[Lanterns])]),
    (
        &["rose", "flower", "petal", "garden", "花", "玫瑰", "荷", "莲"],
        &[Colors(ROSE), Kinds(&[Lanterns, Agate, Silk])],
    ),
    (
        &["fire", "flame", "lava", "volcano", "dragon", "phoenix", "火", "焰", "龙", "凤"],
        &[Colors(FIRE), Kinds(&[Currents, Silk])],
    ),
    (&["ink", "calligraphy", "sketch", "monochrome", "水墨", "墨", "书法"], &[Colors(INK), At(Day), Kinds(&[Ridges])]),
    (&["neon", "cyberpunk", "霓虹", "赛博"], &[Colors(NEON), At(Night), Kinds(&[Lanterns, Orbits])]),
    (&["city", "street", "lantern", "firework", "城", "街", "灯", "烟花"], &[Kinds(&[Lanterns, Tiles])]),
    (
        &[
            "house",
            "architecture",
            "building",
            "pattern",
            "geometric",
            "poster",
            "bauhaus",
            "建筑",
            "房",
            "几何",
            "图案",
        ],
        &[Kinds(&[Tiles])],
    ),
    (&["robot", "machine", "car", "logo", "icon", "机器", "车"], &[Kinds(&[Tiles, Orbits])]),
    (
        &[
            "glass",
            "window",
            "cathedral",
            "church",
            "mosaic",
            "bird",
            "butterfly",
            "玻璃",
            "窗",
            "教堂",
            "马赛克",
            "鸟",
            "蝶",
        ],
        &[Kinds(&[Facets])],
    ),
    (&["silk", "dress", "fabric", "cloth", "丝", "绸", "裙", "布"], &[Kinds(&[Silk])]),
    (&["wind", "hair", "music", "dance", "风", "音乐", "舞"], &[Kinds(&[Currents])]),
    (&["stone", "marble", "crystal", "agate", "gem", "石", "玛瑙", "水晶"], &[Kinds(&[Agate])]),
];

/// What a prompt suggests.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mood {
    pub(super) scheme: Scheme,
    pub(super) hour: Hour,
    pub(super) family: Family,
}

impl Mood {
    /// From the prompt alone: another seed is another picture in the same mood.
    pub(super) fn of(prompt: &str) -> Self {
        let mut chance = Chance::new(random::of_text(prompt));
        let said = said_in(prompt);

        let drawn = chance.one_of(&SCHEMES);
        let hues: Vec<_> =
            said.iter().filter_map(|&says| if let Hue(hue, much) = says { Some((hue, much)) } else { None }).collect();
        let named = said.iter().find_map(|&says| if let Colors(scheme) = says { Some(scheme) } else { None });
        let scheme = match (hues.as_slice(), named) {
            ([], named) => named.unwrap_or(drawn),
            (&[(hue, much)], None) => around(hue, much, hue + chance.one_of(&[180.0, 150.0, 210.0])),
            // One colour in a scene with colours of its own is what stands out there.
            (&[(hue, much)], Some(named)) => Scheme {
                accent: hue,
                light: toward(named.light, hue, 0.35),
                chroma: named.chroma.max(0.6 * much),
                ..named
            },
            (&[(hue, much), (second, more), ..], _) => {
                let around = around(hue, (much + more) * 0.5, second);
                Scheme { light: toward(around.light, second, 0.5), ..around }
            }
        };

        let drawn = chance.one_of(&[Day, Day, Dusk, Night, Day, Dusk]);
        let hour = said.iter().find_map(|&says| if let At(hour) = says { Some(hour) } else { None }).unwrap_or(drawn);

        let drawn = chance.one_of(&Family::ALL);
        let kinds: Vec<_> = said
            .iter()
            .filter_map(|&says| if let Kinds(kinds) = says { Some(kinds) } else { None })
            .flatten()
            .copied()
            .collect();
        // What most words speak for; among equals, as the prompt's own chance has it.
        let votes = |family: Family| kinds.iter().filter(|&&other| other == family).count();
        let most = kinds.iter().map(|&family| votes(family)).max().unwrap_or(0);
        let first: Vec<_> = Family::ALL.into_iter().filter(|&family| votes(family) == most).collect();
        let family = if most == 0 { drawn } else { chance.one_of(&first) };
        Self { scheme, hour, family }
    }
}

/// A scheme around one hue: shadows toward violet blue, lights toward yellow, as in daylight.
fn around(hue: f32, chroma: f32, accent: f32) -> Scheme {
    Scheme { deep: toward(hue, 280.0, 0.3), main: hue, light: toward(hue, 90.0, 0.3), accent, chroma }
}

/// From one hue toward another the short way round, but by no more than 45 degrees.
pub(super) fn toward(hue: f32, other: f32, share: f32) -> f32 {
    let turn = (other - hue) / 360.0;
    let turn = (super::arithmetic::fraction(turn + 0.5) - 0.5) * 360.0;
    hue + (turn * share).clamp(-45.0, 45.0)
}

/// What the words of a prompt say, in the order of the prompt.
fn said_in(prompt: &str) -> Vec<Says> {
    let prompt = prompt.to_lowercase();
    let mut found = Vec::new();
    for (words, says) in WORDS {
        for word in *words {
            for (place, _) in prompt.match_indices(word) {
                if !word.is_ascii() || stands_alone(&prompt, place, word) {
                    found.push((place, word.len(), says));
                }
            }
        }
    }
    // Of words within each other (水 in 水墨) only the longest counts.
    found.sort_by_key(|(place, length, _)| (*place, usize::MAX - length));
    let mut end = 0;
    found.retain(|(place, length, _)| {
        let is_new = *place >= end;
        end = end.max(place + length);
        is_new
    });
    found.into_iter().flat_map(|(_, _, says)| says.iter().copied()).collect()
}

/// Whether the word at a place is a word of its own, or its plural.
fn stands_alone(prompt: &str, place: usize, word: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphabetic();
    let rest = &prompt[place + word.len()..];
    let rest = rest
        .strip_prefix("es")
        .or_else(|| rest.strip_prefix('s'))
        .filter(|rest| !rest.starts_with(is_letter))
        .unwrap_or(rest);
    !prompt[..place].ends_with(is_letter) && !rest.starts_with(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_in_english_and_anywhere_in_chinese() {
        assert_eq!(said_in("A bored wooden icebox").len(), 0);
        assert_eq!(said_in("Red, GOLDEN and blue waves").len(), 5);
        assert_eq!(Mood::of("水墨山水").scheme, INK);
        assert!(matches!(said_in("一片红色的海洋")[0], Hue(..)));
    }

    #[test]
    fn the_hour_and_the_subject_steer_the_mood() {
        assert_eq!(Mood::of("mountains at night").hour, Night);
        assert_eq!(Mood::of("mountains at noon").family, Ridges);
        assert_eq!(Mood::of("夜晚的山").family, Ridges);
        assert_eq!(Mood::of("夜晚的山").hour, Night);
    }
}
