//! The table on the terminal and the page in `docs/`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use super::policy::{Case, Line};
use crate::steps::root;

const INTRODUCTION: &str = "\
# What polling costs

Made by `cargo xtask simulate`; `cargo xtask simulate --verify` tells whether it still is what that makes.

A task takes an unknown time. Each status request before it is done is one for nothing, and each second from its
completion to the request that notices it is lag. At the default `poll_cost` a request is worth 0.1 s of lag, and the cost
of a schedule is mean lag + 0.1 s × requests a task. The optimum is computed by dynamic programming from the true
distribution, which no client knows. Ours learns it from the completions that it sees itself, each as an interval between
two requests, one task after the other; every figure is the mean of 16 clients that learned from different tasks.

![Mean lag over requests a task, one curve a policy](polling.svg)

Along a curve the price of a request varies (the optimum, ours), or the interval, or the scale of all delays.

- **ours**: this project's engine, after so many completions of its kind of work. The longest gap is 30 s.
- **fixed 3 s**: a request every 3 s; `poll_interval` makes ours such a one.
- **Google's clients**: 5 s, then 1.5 times as long each, up to 45 s: the defaults documented for long-running operations.
- **AWS waiters**: the n-th delay drawn from 2 s to 2 s · 2^(n−1), up to 120 s: the defaults of the Smithy specification.

A `poll_interval` is easily read off the table: half of it is lost as lag, and a task of T seconds takes T / interval
requests, wherever its completion may lie.

";

/// The table as text.
pub(crate) fn plain_table(compared: &[(Case, Vec<Line>)]) -> String {
    let mut text = String::new();
    for (case, lines) in compared {
        // Writing into a text cannot fail.
        _ = writeln!(
            text,
            "{}\n  {:<34} {:>9} {:>9} {:>9} {:>9}",
            case.name, "policy", "requests", "lag", "cost", "optimum"
        );
        for line in lines {
            _ = writeln!(
                text,
                "  {:<34} {:>9.2} {:>7.2} s {:>7.2} s {:>8.2}×",
                line.policy,
                line.cost.requests,
                line.cost.lag,
                line.cost.at(super::PRICE),
                line.over_optimum
            );
        }
    }
    text
}

/// The page in `docs/`.
pub(crate) fn page(compared: &[(Case, Vec<Line>)]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (case, lines) in compared {
        _ = writeln!(page, "## {}\n", capital(&case.name));
        page.push_str("| policy | requests | mean lag | cost | cost / optimum |\n|---|---:|---:|---:|---:|\n");
        for line in lines {
            let bold = if line.policy.starts_with("ours") { "**" } else { "" };
            _ = writeln!(
                page,
                "| {bold}{}{bold} | {:.2} | {:.2} s | {:.2} s | {bold}{:.2}{bold} |",
                line.policy,
                line.cost.requests,
                line.cost.lag,
                line.cost.at(super::PRICE),
                line.over_optimum
            );
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Writes both files, or tells whether they are what would be written.
pub(crate) fn write(page: &str, plot: &str, verify: bool) -> Result<(), Box<dyn Error>> {
    for (name, content) in [("docs/polling.md", page), ("docs/polling.svg", plot)] {
        let path = root().join(name);
        if verify {
            let there = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
            if there.replace("\r\n", "\n") != content {
                return Err(format!("{name} is not what is generated; run: cargo xtask simulate").into());
            }
        } else {
            fs::write(&path, content).map_err(|error| format!("{name}: {error}"))?;
            eprintln!("wrote {name}");
        }
    }
    Ok(())
}
