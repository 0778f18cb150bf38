//! How long a picture takes, from the request to the bytes of the file.

use spark_t2i_emulator::painter::{Picture, paint};

fn main() {
    divan::main();
}

/// One prompt for each kind of composition.
const PROMPTS: [&str; 11] = [
    "mountains at dusk",
    "silk",
    "agate",
    "wind",
    "ocean",
    "galaxy",
    "glass",
    "bauhaus",
    "aurora",
    "forest",
    "cherry blossom",
];

#[divan::bench(args = PROMPTS, sample_count = 10, sample_size = 1)]
fn square_2048(prompt: &str) -> Vec<u8> {
    paint(&Picture { prompt, seed: 7, width: 2048, height: 2048, text: &[] })
}

#[divan::bench(args = PROMPTS, sample_count = 10, sample_size = 1)]
fn square_1328(prompt: &str) -> Vec<u8> {
    paint(&Picture { prompt, seed: 7, width: 1328, height: 1328, text: &[] })
}
