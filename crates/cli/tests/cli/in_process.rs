//! The command as a function, in a process that has more to do.

use std::ffi::OsString;

fn run(arguments: &[&str]) -> u8 {
    spark_t2i_cli::run(arguments.iter().map(OsString::from))
}

/// The logs of the first must not stand in the way of the second, nor what listens to signals.
#[test]
fn one_command_after_the_other_returns_its_code() {
    for _ in 0..2 {
        assert_eq!(run(&["any name", "--version"]), 0);
        assert_eq!(run(&["any name", "estimate", "a red fox", "--local", "--json", "-vv"]), 0);
        assert_eq!(run(&["any name", "estimate", "a red fox", "--local", "--width", "7", "--json", "--quiet"]), 2);
        assert_eq!(run(&["any name", "estimate", "a red fox", "--no-such-option"]), 2);
    }
    assert_eq!(run(&[]), 2);
}
