//! `cargo xtask test kotlin`: the Kotlin module, compiled by the Kotlin compiler of Maven Central and tested on a JVM; and the
//! code that the uniffi crate's metadata generate.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::kotlin_package;
use crate::steps::{Steps, cargo, cargo_target, root};

const MODULE: &str = "bindings/kotlin";
/// The library for phones, stripped, in bytes.
const LARGEST_LIBRARY: u64 = 4_000_000;
/// Written by uniffi-bindgen, and committed.
const GENERATED: &str = "bindings/kotlin/src/generated/kotlin/io/github/sparkt2i/spark_t2i_uniffi.kt";
const WITHIN: &str = "io/github/sparkt2i/spark_t2i_uniffi.kt";
/// Programs, and the packages of Debian that bring them.
const TOOLS: [(&str, &str); 2] = [("java", "default-jdk-headless"), (MAVEN, "maven")];
const MAVEN: &str = if cfg!(windows) { "mvn.cmd" } else { "mvn" };

/// Builds the library as the tests need it, checks that the committed code is what it generates, runs all tests, and uses the
/// packages as their users do.
///
/// # Errors
/// When there is no Java or Maven and none can be installed, or the first step that does not succeed.
pub(crate) fn test(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    tools(steps)?;
    build(steps)?;
    steps.call("generated Kotlin", || generate(true))?;
    let natives = kotlin_package::natives(steps)?;
    let debug = cargo_target().join("debug");
    let mut maven = kotlin_package::packing(&natives)?;
    maven.arg(format!("-Dlibrary.folder={}", debug.display()));
    maven.arg(format!("-Dcommand={}", debug.join(format!("spark-t2i{EXE_SUFFIX}")).display()));
    steps.run("Kotlin: compiling, testing and packing", maven.args(["-Ppackages", "package"]))?;
    kotlin_package::test(steps, &natives)
}

/// `cargo xtask bench mobile`: the size of the library for phones, built for this machine.
///
/// # Errors
/// When it cannot be built, or is larger than it may be.
pub(crate) fn bench(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    if !arguments.is_empty() {
        return Err("bench mobile takes no arguments".into());
    }
    let mut build = cargo(&["build", "--locked", "--profile", "mobile", "--package", "spark-t2i-uniffi", "--lib"]);
    Steps::default().run("building the library for phones", &mut build)?;
    let library = cargo_target().join("mobile").join(format!("{DLL_PREFIX}spark_t2i_uniffi{DLL_SUFFIX}"));
    let bytes = fs::metadata(&library)?.len();
    let said = format!("{} has {bytes} bytes; {LARGEST_LIBRARY} are allowed", library.display());
    if bytes > LARGEST_LIBRARY {
        return Err(said.into());
    }
    println!("{said}");
    Ok(())
}

/// `cargo xtask generate bindings`.
///
/// # Errors
/// When the library cannot be built, or the code not be written.
pub(crate) fn generate_from_sources() -> Result<(), Box<dyn Error>> {
    build(&mut Steps::default())?;
    generate(false)
}

/// The library with its metadata and the emulator, the program that reads them, and the command that serves scenarios.
fn build(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    // All of the workspace, as the other tests build it: for two packages of it alone their dependencies would be built anew.
    let build = &mut cargo(&["build", "--workspace", "--all-features", "--locked"]);
    steps.run("building the library for Kotlin and Swift", build)
}

fn generate(verify: bool) -> Result<(), Box<dyn Error>> {
    let debug = cargo_target().join("debug");
    let out = folder().join("generated");
    let mut bindgen = Command::new(debug.join(format!("uniffi-bindgen{EXE_SUFFIX}")));
    bindgen.args(["generate", "--language", "kotlin", "--no-format", "--out-dir"]).arg(&out);
    // It looks for the crate that the library was made of.
    bindgen.arg(debug.join(format!("{DLL_PREFIX}spark_t2i_uniffi{DLL_SUFFIX}"))).current_dir(root());
    if !bindgen.status()?.success() {
        return Err("uniffi-bindgen did not succeed".into());
    }
    let written = without_blank_ends(&fs::read_to_string(out.join(WITHIN))?);
    let committed = root().join(GENERATED);
    if fs::read_to_string(&committed).ok().as_deref() == Some(&written) {
        return Ok(());
    }
    if verify {
        return Err(format!("not what the code says: {GENERATED}; run `cargo xtask generate bindings`").into());
    }
    fs::create_dir_all(committed.parent().unwrap_or(Path::new(".")))?;
    fs::write(&committed, written)?;
    eprintln!("wrote {GENERATED}");
    Ok(())
}

/// What its templates leave at the ends of lines and of the file would be an error of every diff.
fn without_blank_ends(code: &str) -> String {
    let lines: Vec<&str> = code.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

/// Maven in the module's folder: nothing that it builds lies in the checkout.
pub(crate) fn maven() -> Command {
    let mut maven = Command::new(MAVEN);
    maven.args(["--batch-mode", "--no-transfer-progress", "--quiet", "-Dstyle.color=never"]);
    maven.arg(format!("-Dbuild.folder={}", folder().display()));
    maven.current_dir(root().join(MODULE));
    maven
}

pub(crate) fn folder() -> PathBuf {
    cargo_target().join("kotlin")
}

/// Installs a JDK and Maven where there are none.
///
/// # Errors
/// When they are not there and cannot be installed.
pub(crate) fn tools(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let there = |program: &str| {
        let found = Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = TOOLS.iter().filter(|(program, _)| !there(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let hint = |error: Box<dyn Error>| {
        format!("{error}; this part needs a JDK of version 17 or newer and Maven ({names} on Debian)")
    };
    steps.run("the list of packages", Command::new("apt-get").args(["update", "-qq"])).map_err(hint)?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing);
    steps.run(&names, install.env("DEBIAN_FRONTEND", "noninteractive")).map_err(|error| hint(error).into())
}
