//! The library for Kotlin and Swift, and the code that follows from its metadata and is committed.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::steps::{Steps, cargo, cargo_target, root};

/// A language that uniffi-bindgen writes.
#[derive(Clone, Copy)]
pub(crate) enum Language {
    Kotlin,
    Swift,
}

impl Language {
    fn word(self) -> &'static str {
        match self {
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
        }
    }

    /// What is written, below the folder for it, and where it is committed.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Kotlin => &[(
                "io/github/sparkt2i/spark_t2i_uniffi.kt",
                "bindings/kotlin/src/generated/kotlin/io/github/sparkt2i/spark_t2i_uniffi.kt",
            )],
            Self::Swift => &[
                ("Generated.swift", "bindings/swift/Sources/SparkT2I/Generated.swift"),
                ("SparkT2IFFI.h", "bindings/swift/Sources/SparkT2IFFI/SparkT2IFFI.h"),
            ],
        }
    }

    /// What is committed of what was written.
    fn committed(self, written: &str) -> String {
        match self {
            Self::Kotlin => without_blank_ends(written),
            Self::Swift => for_swift(&without_blank_ends(written)),
        }
    }
}

/// The library with its metadata and the emulator, the program that reads them, and the command that serves scenarios.
///
/// # Errors
/// When they cannot be built.
pub(crate) fn build(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    // All of the workspace, as the other tests build it: for two packages of it alone their dependencies would be built anew.
    let build = &mut cargo(&["build", "--workspace", "--all-features", "--locked"]);
    steps.run("building the library for Kotlin and Swift", build)
}

/// `cargo xtask generate bindings`.
///
/// # Errors
/// When the library cannot be built, or the code not be written.
pub(crate) fn generate_from_sources() -> Result<(), Box<dyn Error>> {
    build(&mut Steps::default())?;
    generate(Language::Kotlin, false)?;
    generate(Language::Swift, false)
}

/// Checks that the committed code is what the library that was built generates.
///
/// # Errors
/// When it is not.
pub(crate) fn verify(language: Language) -> Result<(), Box<dyn Error>> {
    generate(language, true)
}

fn generate(language: Language, verify: bool) -> Result<(), Box<dyn Error>> {
    let debug = cargo_target().join("debug");
    let out = cargo_target().join(language.word()).join("generated");
    let mut bindgen = Command::new(debug.join(format!("uniffi-bindgen{EXE_SUFFIX}")));
    bindgen.args(["generate", "--language", language.word(), "--no-format", "--out-dir"]).arg(&out);
    // It looks for the crate that the library was made of.
    bindgen.arg(debug.join(format!("{DLL_PREFIX}spark_t2i_uniffi{DLL_SUFFIX}"))).current_dir(root());
    if !bindgen.status()?.success() {
        return Err("uniffi-bindgen did not succeed".into());
    }
    for (written, path) in language.files() {
        let written = language.committed(&fs::read_to_string(out.join(written))?);
        let committed = root().join(path);
        if fs::read_to_string(&committed).ok().as_deref() == Some(&written) {
            continue;
        }
        if verify {
            return Err(format!("not what the code says: {path}; run `cargo xtask generate bindings`").into());
        }
        fs::create_dir_all(committed.parent().unwrap_or(Path::new(".")))?;
        fs::write(&committed, written)?;
        eprintln!("wrote {path}");
    }
    Ok(())
}

/// What its templates leave at the ends of lines and of the file would be an error of every diff.
fn without_blank_ends(code: &str) -> String {
    let lines: Vec<&str> = code.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

/// The generator makes all of its code public; what is for the layer over it alone is not seen by users in Swift, whose classes
/// are closed, too. And what it writes for Swift 6 alone is so written that 5.9 takes it.
fn for_swift(code: &str) -> String {
    let declaration = |line: &str| {
        if let Some(class) = line.strip_prefix("open class ") {
            return format!("package final class {class}");
        }
        if let Some(function) = line.strip_prefix("open func ") {
            return format!("package func {function}");
        }
        let is_inner = |declaration: &str| {
            let name = declaration.split_once(' ').map_or("", |(_, name)| name);
            declaration.starts_with("func ") || name.starts_with("Native") || name.starts_with("FfiConverter")
        };
        match line.strip_prefix("public ") {
            Some(declaration) if is_inner(declaration) => format!("package {declaration}"),
            _ => line.to_owned(),
        }
    };
    // The generator has rules of its own for capitals, and for an enumeration of errors two lines.
    let code = code.replace("SparkT2iError", "SparkT2IError").replace("public\nenum ", "public enum ");
    let code: String = code.lines().map(|line| declaration(line) + "\n").collect();
    // Each such part is that a type is `Sendable`, which holds in 5.9 as well.
    let mut parts = code.split("#if compiler(>=6)\n");
    let first = parts.next().unwrap_or_default().to_owned();
    let code = parts.fold(first, |before, part| before + &part.replacen("#endif\n", "", 1));
    // `nonisolated(unsafe)` came with 5.10. It is asked for once: computed is as good as stored.
    code.replace("nonisolated(unsafe) static let vtablePtr", "static var vtablePtr")
        .replace("> = {\n        let ptr", "> {\n        let ptr")
        .replace("return UnsafePointer(ptr)\n    }()", "return UnsafePointer(ptr)\n    }")
}
