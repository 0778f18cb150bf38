//! `cargo xtask simulate`: what polling costs on virtual time, by policy and distribution, as a table and a plot.

mod docs;
mod plot;
mod policy;
// The tests of the core stand on the same world.
#[path = "../../core/tests/polling/world.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
mod world;

use std::error::Error;
use std::path::Path;

use policy::{Case, Line};
use world::Truth;

/// Seconds of lag that a request is worth: the client's default.
const PRICE: f64 = 0.1;
const SEED: u64 = 7;

/// Runs the simulation. Without arguments it prints the table and writes `docs/polling.md` and `docs/polling.svg`; with a
/// file of recorded seconds (one number a line, or a JSON array) it prints what polling would cost there. `--seed N` prints
/// the table of another seed; `--verify` writes nothing and fails if the files are not what would be written.
///
/// # Errors
/// When an argument or the file cannot be read, or the documents differ.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let (mut seed, mut file, mut verify) = (SEED, None, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--verify" => verify = true,
            "--seed" => {
                let number = arguments.next().ok_or("--seed needs a number")?;
                seed = number.parse().map_err(|_| format!("--seed: \"{number}\" is not a number"))?;
            }
            option if option.starts_with('-') => return Err(format!("simulate knows no {option}").into()),
            path if file.is_none() => file = Some(path),
            other => return Err(format!("simulate takes one file, and {other} is another").into()),
        }
    }
    if let Some(path) = file {
        let case = Case::steady(path, Truth::Recorded(recorded(Path::new(path))?));
        print!("{}", docs::plain_table(&[policy::compare(&case, seed)]));
        return Ok(());
    }
    let compared: Vec<(Case, Vec<Line>)> = cases().iter().map(|case| policy::compare(case, seed)).collect();
    print!("{}", docs::plain_table(&compared));
    if seed == SEED {
        docs::write(&docs::page(&compared), &plot::curves(seed), verify)?;
    }
    Ok(())
}

fn cases() -> Vec<Case> {
    let log_normal = |median, sigma| Truth::LogNormal(median, sigma);
    let mut cases = Vec::new();
    for median in [2.0, 12.0, 60.0] {
        for sigma in [0.25, 0.5, 1.0] {
            cases.push(Case::steady(&format!("log-normal, {median} s, σ {sigma}"), log_normal(median, sigma)));
        }
    }
    let modes = Truth::Either(0.6, Box::new(log_normal(6.0, 0.2)), Box::new(log_normal(20.0, 0.2)));
    cases.push(Case::steady("two modes: 60 % near 6 s, 40 % near 20 s", modes));
    let least = Truth::AtLeast(10.0, Box::new(log_normal(3.0, 0.7)));
    cases.push(Case::steady("at least 10 s, and a log-normal of 3 s, σ 0.7 more", least));
    cases.push(Case::shift("a shift from 12 s to 36 s, σ 0.25", log_normal(12.0, 0.25), log_normal(36.0, 0.25)));
    cases.push(Case::shift("a shift from 36 s to 12 s, σ 0.25", log_normal(36.0, 0.25), log_normal(12.0, 0.25)));
    cases
}

/// The seconds in a file: one number a line, or a JSON array.
fn recorded(path: &Path) -> Result<Vec<f64>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let array = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let words: Vec<&str> = match array {
        Some(array) => array.split(',').collect(),
        None => text.lines().collect(),
    };
    let mut seconds = Vec::new();
    for word in words.into_iter().map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse::<f64>() {
            Ok(number) if number > 0.0 && number < 1e6 => seconds.push(number),
            _ => return Err(format!("{}: \"{word}\" is no time that a task takes", path.display()).into()),
        }
    }
    if seconds.is_empty() {
        return Err(format!("{}: there is no number in it", path.display()).into());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_seconds_are_lines_or_an_array() {
        let path = std::env::temp_dir().join(format!("simulate-{}.txt", std::process::id()));
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            recorded(&path).map_err(|error| error.to_string())
        };
        assert_eq!(read("3\n\n1.5\n"), Ok(vec![1.5, 3.0]));
        assert_eq!(read("[3, 1.5]\n"), Ok(vec![1.5, 3.0]));
        for (text, words) in [("x", "\"x\""), ("-1", "\"-1\""), ("NaN", "NaN"), ("", "no number"), ("[]", "no number")]
        {
            assert!(read(text).unwrap_err().contains(words), "{text}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
