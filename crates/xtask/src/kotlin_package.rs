//! `cargo xtask package kotlin`: the jar with the native library in it, and what a Maven repository wants beside it; their tests and
//! their figures.

use std::env::consts::{ARCH, DLL_PREFIX, DLL_SUFFIX, OS};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kotlin::{folder, maven, tools};
use crate::steps::{Steps, cargo, cargo_target, root, said};

/// Whoever depends on it fetches it: with the native library of one system, in bytes.
const LARGEST_JAR: u64 = 5_000_000;
const AAR_SCRIPT: &str = "bindings/kotlin/build-aar.sh";
/// The first example of the README as a program, compiled with the tests.
const PROGRAM: &str = "io.github.sparkt2i.FoxKt";
const BENCHMARK: &str = "io.github.sparkt2i.benchmarks.Waiting";

/// Builds the jars. `--natives DIR` takes the native libraries from there, in a folder for each system as JNA names it, in
/// place of the one that is built for this system.
///
/// # Errors
/// When the arguments are others, or a step does not succeed.
pub(crate) fn package(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut steps = Steps::default();
    let natives = match arguments {
        [] => natives(&mut steps)?,
        ["--natives", folder] => given(Path::new(folder))?,
        _ => return Err("package kotlin takes --natives DIR, or nothing".into()),
    };
    tools(&mut steps)?;
    let mut build = packing(&natives)?;
    steps.run("the jars", build.args(["-Ppackages", "-Dmaven.test.skip=true", "package"]))?;
    for kind in ["", "-sources", "-javadoc"] {
        println!("{}", jar(kind).display());
    }
    // It is in the jar as well; a repository wants it as a file of its own.
    let pom = jar("").with_extension("pom");
    fs::copy(root().join("bindings/kotlin/pom.xml"), &pom)?;
    println!("{}", pom.display());
    Ok(())
}

/// Maven, for the jars with these libraries.
///
/// # Errors
/// When what an earlier build left cannot be removed.
pub(crate) fn packing(natives: &Path) -> Result<Command, Box<dyn Error>> {
    // Maven would leave there what is no more to be in the jar.
    let classes = folder().join("classes");
    if classes.exists() {
        fs::remove_dir_all(classes)?;
    }
    let mut maven = maven();
    maven.arg(format!("-Dnative.folder={}", natives.display()));
    Ok(maven)
}

fn given(natives: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let natives = fs::canonicalize(natives).map_err(|error| format!("{}: {error}", natives.display()))?;
    let systems = fs::read_dir(&natives)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    if systems.is_empty() {
        return Err(format!("{} holds a folder for no system", natives.display()).into());
    }
    for system in systems {
        let files = fs::read_dir(&system).map_err(|error| format!("{}: {error}", system.display()))?;
        let names = files.map(|file| Ok(file?.file_name())).collect::<Result<Vec<_>, std::io::Error>>()?;
        if !matches!(names.as_slice(), [name] if name.to_string_lossy().contains("spark_t2i_uniffi.")) {
            return Err(format!("{} should hold the native library alone: {names:?}", system.display()).into());
        }
    }
    Ok(natives)
}

/// Builds the native library of this system, and puts it where JNA finds it in the jar. It has the emulator, as the wheel and
/// the npm package have: who depends on the jar tests with `testing.Emulator` of the same jar.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn natives(steps: &mut Steps) -> Result<PathBuf, Box<dyn Error>> {
    let mut build = cargo(&["build", "--locked", "--profile", "library", "--package", "spark-t2i-uniffi", "--lib"]);
    steps.run("building the library of the jar", build.args(["--features", "emulator"]))?;
    let natives = fresh(&folder().join("natives"))?;
    let system = natives.join(system());
    fs::create_dir(&system)?;
    let file = format!("{DLL_PREFIX}spark_t2i_uniffi{DLL_SUFFIX}");
    fs::copy(cargo_target().join("library").join(&file), system.join(&file))?;
    Ok(natives)
}

/// This system, as JNA names it.
fn system() -> String {
    let system = match OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    format!("{system}-{}", ARCH.replace('_', "-"))
}

fn jar(kind: &str) -> PathBuf {
    folder().join(format!("spark-t2i-{}{kind}.jar", env!("CARGO_PKG_VERSION")))
}

/// Looks at the packages that were built, and uses them as their users do.
///
/// # Errors
/// The first step that does not succeed.
pub(crate) fn test(steps: &mut Steps, natives: &Path) -> Result<(), Box<dyn Error>> {
    steps.call("the jars", look)?;
    alone(steps)?;
    // Scripts and ELF files: where the Android library can be built, and so tested.
    if OS == "linux" { aar(steps, natives) } else { Ok(()) }
}

fn look() -> Result<(), Box<dyn Error>> {
    let native = format!("{}/{DLL_PREFIX}spark_t2i_uniffi{DLL_SUFFIX}", system());
    let class = "io/github/sparkt2i/Client";
    for (kind, wanted) in [
        ("", vec![native.clone(), format!("{class}.class"), "META-INF/LICENSE-MIT".to_owned()]),
        ("-sources", vec![format!("{class}.kt"), "io/github/sparkt2i/spark_t2i_uniffi.kt".to_owned()]),
        ("-javadoc", vec!["index.html".to_owned()]),
    ] {
        let listed = said(Command::new("jar").arg("--list").arg("--file").arg(jar(kind)))?;
        let names: Vec<&str> = listed.lines().collect();
        if let Some(missing) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("{missing} is not in {}", jar(kind).display()).into());
        }
        if names.iter().any(|name| name.contains("Test")) || (!kind.is_empty() && names.contains(&native.as_str())) {
            return Err(format!("{} holds what it should not", jar(kind).display()).into());
        }
    }
    let bytes = fs::metadata(jar(""))?.len();
    let told = format!("the jar has {bytes} bytes; {LARGEST_JAR} are allowed");
    eprintln!("{told}");
    if bytes > LARGEST_JAR { Err(told.into()) } else { Ok(()) }
}

/// The jar with what it depends on, and a program, in a fresh folder: no path tells where the native library is.
fn alone(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let user = user(steps, "runtime", PROGRAM)?;
    steps.run("the jar alone", java(&user).args([PROGRAM, "."]))?;
    let image = fs::read(user.join("fox.png"))?;
    if image.starts_with(b"\x89PNG\r\n\x1a\n") { Ok(()) } else { Err("fox.png is no PNG".into()) }
}

/// `cargo xtask bench kotlin`: what waiting costs, with the jar as its users have it.
///
/// # Errors
/// When it cannot be built, or the benchmark does not succeed; a missed target is none.
pub(crate) fn bench(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let tasks = match arguments {
        [] => "1000",
        ["--tasks", tasks] => tasks,
        _ => return Err("bench kotlin takes --tasks N, or nothing".into()),
    };
    let mut steps = Steps::default();
    tools(&mut steps)?;
    let natives = natives(&mut steps)?;
    steps.run("the jar and the benchmark", packing(&natives)?.args(["-DskipTests", "package"]))?;
    let user = user(&mut steps, "test", BENCHMARK)?;
    steps.run("benchmark", java(&user).args([BENCHMARK, tasks]))
}

/// A fresh folder that holds the jar, what it depends on in this scope of Maven, and the package of a program that was compiled
/// with the tests.
fn user(steps: &mut Steps, scope: &str, program: &str) -> Result<PathBuf, Box<dyn Error>> {
    let user = fresh(&folder().join("user"))?;
    let libraries = user.join("libraries");
    let mut fetch = maven();
    fetch.arg("org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies");
    fetch.arg(format!("-DincludeScope={scope}")).arg(format!("-DoutputDirectory={}", libraries.display()));
    steps.run("what the jar depends on", &mut fetch)?;
    fs::copy(jar(""), libraries.join("spark-t2i.jar"))?;
    let path = program.replace('.', "/");
    let (package, _) = path.rsplit_once('/').ok_or("a program without a package")?;
    let classes = user.join("program").join(package);
    fs::create_dir_all(&classes)?;
    for entry in fs::read_dir(folder().join("test-classes").join(package))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), classes.join(entry.file_name()))?;
        }
    }
    Ok(user)
}

/// Java in such a folder, without what a developer may have set.
fn java(user: &Path) -> Command {
    let mut java = Command::new("java");
    let separator = if cfg!(windows) { ';' } else { ':' };
    java.arg("-cp").arg(format!("program{separator}libraries/*")).current_dir(user);
    for name in ["SPARK_T2I_API_KEY", "SPARK_T2I_BASE_URL", "CLASSPATH", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"] {
        java.env_remove(name);
    }
    java
}

/// Assembles the Android library from the library of this system, which stands for that of one ABI.
fn aar(steps: &mut Steps, natives: &Path) -> Result<(), Box<dyn Error>> {
    let abi = match ARCH {
        "x86_64" => "x86_64",
        "aarch64" => "arm64-v8a",
        _ => return Ok(()),
    };
    let given = fresh(&folder().join("android-test"))?;
    let libraries = given.join("libraries");
    fs::create_dir_all(libraries.join(abi))?;
    let library = libraries.join(abi).join("libspark_t2i_uniffi.so");
    fs::copy(natives.join(system()).join("libspark_t2i_uniffi.so"), &library)?;
    let out = given.join("out");
    let assemble = |abis: &str| {
        let mut script = Command::new("sh");
        script.arg(AAR_SCRIPT).arg("assemble").arg(&libraries).arg(jar("")).arg(&out).env("ABIS", abis);
        script
    };
    steps.run("assembling the Android library", &mut assemble(abi))?;
    let aar = out.join(format!("spark-t2i-android-{}.aar", env!("CARGO_PKG_VERSION")));
    steps.call("the Android library", || {
        let listed = said(Command::new("jar").arg("--list").arg("--file").arg(&aar))?;
        let mut names: Vec<&str> = listed.lines().filter(|name| !name.ends_with('/')).collect();
        names.sort_unstable();
        let native = format!("jni/{abi}/libspark_t2i_uniffi.so");
        let wanted = [
            "AndroidManifest.xml",
            "META-INF/com/android/build/gradle/aar-metadata.properties",
            "R.txt",
            "classes.jar",
            &native,
            "proguard.txt",
        ];
        if names != wanted {
            return Err(format!("in the Android library are {names:?}").into());
        }
        let inner = fresh(&given.join("unpacked"))?;
        said(Command::new("jar").arg("--extract").arg("--file").arg(&aar).current_dir(&inner))?;
        let listed = said(Command::new("jar").args(["--list", "--file", "classes.jar"]).current_dir(&inner))?;
        if !listed.lines().any(|name| name == "io/github/sparkt2i/Client.class") || listed.contains("uniffi.so") {
            return Err(format!("in its classes.jar are {listed}").into());
        }
        Ok(())
    })?;
    steps.call("what must not become an Android library", || {
        let mut small = Command::new("cc");
        small.args(["-shared", "-Wl,-z,max-page-size=4096", "-x", "c", "/dev/null", "-o"]).arg(&library);
        let refused = |what: &str, command: &mut Command, because: &str| -> Result<(), Box<dyn Error>> {
            let output = command.current_dir(root()).output()?;
            let told = String::from_utf8_lossy(&output.stderr);
            let right = !output.status.success() && told.contains(because);
            if right { Ok(()) } else { Err(format!("{what} was not refused as it should be: {told}").into()) }
        };
        refused("a missing ABI", &mut assemble("x86"), "x86/libspark_t2i_uniffi.so is not there")?;
        said(&mut small)?;
        refused("a library of small pages", &mut assemble(abi), "is not aligned to pages of 16 KB")?;
        let other = if abi == "x86_64" { "arm64-v8a" } else { "x86_64" };
        fs::rename(libraries.join(abi), libraries.join(other))?;
        refused("a library of another processor", &mut assemble(other), "is not for")
    })
}

fn fresh(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}
