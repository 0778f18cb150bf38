//! `cargo xtask test kotlin`: the Kotlin module, compiled by the Kotlin compiler of Maven Central and tested on a JVM.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::kotlin_package;
use crate::steps::{Steps, cargo, cargo_target, root};
use crate::uniffi;

const MODULE: &str = "bindings/kotlin";
/// The library for phones, stripped, in bytes.
const LARGEST_LIBRARY: u64 = 4_000_000;
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
    uniffi::build(steps)?;
    steps.call("generated Kotlin", || uniffi::verify(uniffi::Language::Kotlin))?;
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
