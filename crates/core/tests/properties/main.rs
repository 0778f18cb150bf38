//! What holds for every input, against oracles that are written as plainly as possible. More than the usual number of
//! inputs: `PROPTEST_CASES=100000 cargo test -p spark-t2i-core --test properties --release`.

mod decoding;
mod numbers;
mod polling;
mod text;
mod validation;

use proptest::prelude::ProptestConfig;

/// The number of cases is proptest's own, or `PROPTEST_CASES`. What fails becomes a fixture, not a file of seeds.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}
