//! The README's list of faults, held against the emulator's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use spark_t2i_emulator::Fault;

#[test]
fn the_readme_lists_every_fault_as_it_is() {
    let mut table = "| fault | done | what arrives | requests |\n|---|---|---|---|\n".to_owned();
    for fault in Fault::all() {
        let kinds: Vec<_> = fault.kinds().collect();
        let kinds = if kinds.len() == 4 { "all".to_owned() } else { kinds.join(", ") };
        let done = if fault.is_accepted() { "yes" } else { "no" };
        table.extend(["| `", fault.name(), "` | ", done, " | ", fault.description(), " | ", &kinds, " |\n"]);
    }
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    assert!(readme.contains(&table), "the README's list of faults is an old one; it should be\n\n{table}");
}
