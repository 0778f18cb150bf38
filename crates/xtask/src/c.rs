//! The C library: its header, its installation, its tests and its figures.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::generate;
use crate::server::Server;
use crate::steps::{Steps, cargo, cargo_target, root};

pub(crate) const HEADER: &str = "include/spark_t2i.h";
const HEADERS: [&str; 2] = [HEADER, "include/spark_t2i.hpp"];
const BINDING: &str = "bindings/c";
const TESTS: &str = "bindings/c/tests";
const READMES: [&str; 2] = ["README.md", "bindings/c/README.md"];
const EXAMPLES: [&str; 2] = ["bindings/c/examples/generate.c", "bindings/c/examples/generate.cpp"];
/// As in the binding's build.rs.
const SONAME: &str = "libspark_t2i.so.0";
/// What the static library needs of the system: as `rustc --print native-static-libs` says.
const SYSTEM_LIBRARIES: [&str; 7] = ["gcc_s", "util", "rt", "pthread", "m", "dl", "c"];
/// Of the shared library, stripped as it is installed.
const LARGEST_LIBRARY: u64 = 6_000_000;
const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
/// In C and in C++.
const COMPILERS: [(&str, &str); 2] = [("gcc", "g++"), ("clang", "clang++")];
/// For the sanitizers: up to LLVM 16 nobody takes the locks of their allocator for a fork, and a child waits for ever for
/// one that another thread of its parent had.
const SANITIZING: (&str, &str) = ("clang-19", "clang++-19");
/// How many times as slow as by itself valgrind makes a program that waits most of the time.
const SLOWED_BY_VALGRIND: &str = "5";
/// A program that shows that something is there, the package of Debian that brings it, and its arguments.
const TOOLS: [(&str, &str, &[&str]); 8] = [
    ("cmake", "cmake", &["--version"]),
    ("ninja", "ninja-build", &["--version"]),
    ("clang", "clang", &["--version"]),
    ("clang-19", "clang-19", &["--version"]),
    ("dpkg", "libclang-rt-19-dev", &["--status", "libclang-rt-19-dev"]),
    ("valgrind", "valgrind", &["--version"]),
    ("pkg-config", "pkg-config", &["--version"]),
    ("pkg-config", "libjansson-dev", &["--exists", "jansson"]),
];

/// The header that follows from the binding's Rust.
///
/// # Errors
/// When that cannot be read.
pub(crate) fn header() -> Result<String, Box<dyn Error>> {
    let binding = root().join(BINDING);
    let config = cbindgen::Config::from_file(binding.join("cbindgen.toml"))?;
    let mut written = Vec::new();
    cbindgen::generate_with_config(binding, config)?.write(&mut written);
    // Nothing else of it names the version.
    Ok(String::from_utf8(written)?.replace("@VERSION@", env!("CARGO_PKG_VERSION")))
}

/// `cargo xtask install-c --prefix DIR`.
///
/// # Errors
/// When the library cannot be built, or a file not be written.
pub(crate) fn install_from(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let ["--prefix", prefix] = arguments else { return Err("install-c takes --prefix DIR".into()) };
    install(&mut Steps::default(), Path::new(prefix))
}

/// Builds both libraries, and puts them below `prefix` with headers, pkg-config file and `CMake` package.
fn install(steps: &mut Steps, prefix: &Path) -> Result<(), Box<dyn Error>> {
    steps.run(
        "building the C library",
        &mut cargo(&["build", "--profile", "library", "--package", "spark-t2i-c", "--locked"]),
    )?;
    steps.call("installing the C library", || {
        let built = cargo_target().join("library");
        let library = prefix.join("lib");
        for folder in ["lib/pkgconfig", "lib/cmake/SparkT2I", "include"] {
            fs::create_dir_all(prefix.join(folder))?;
        }
        let file = library_file();
        copy(&built.join("libspark_t2i_c.so"), &library.join(&file))?;
        copy(&built.join("libspark_t2i_c.a"), &library.join("libspark_t2i.a"))?;
        link(&file, &library.join(SONAME))?;
        link(SONAME, &library.join("libspark_t2i.so"))?;
        for header in HEADERS {
            let header = root().join(header);
            copy(&header, &prefix.join("include").join(header.file_name().unwrap_or_default()))?;
        }
        for (from, to) in [
            ("spark-t2i.pc", "lib/pkgconfig"),
            ("cmake/SparkT2IConfig.cmake", "lib/cmake/SparkT2I"),
            ("cmake/SparkT2IConfigVersion.cmake", "lib/cmake/SparkT2I"),
        ] {
            let template = root().join(BINDING).join(from);
            let name = template.file_name().unwrap_or_default();
            let filled = fs::read_to_string(&template)?
                .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
                .replace("@FILE@", &file)
                .replace("@SONAME@", SONAME)
                .replace("@SYSTEM_FLAGS@", &SYSTEM_LIBRARIES.map(|name| format!("-l{name}")).join(" "))
                .replace("@SYSTEM_NAMES@", &SYSTEM_LIBRARIES.join(";"));
            fs::write(prefix.join(to).join(name), filled)?;
        }
        eprintln!("installed in {}", prefix.display());
        Ok(())
    })
}

fn library_file() -> String {
    format!("libspark_t2i.so.{}", env!("CARGO_PKG_VERSION"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    // A library that a program has loaded is replaced, not written into.
    if to.exists() {
        fs::remove_file(to)?;
    }
    fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    Ok(())
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<(), Box<dyn Error>> {
    if at.symlink_metadata().is_ok() {
        fs::remove_file(at)?;
    }
    Ok(std::os::unix::fs::symlink(to, at)?)
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> Result<(), Box<dyn Error>> {
    Err("install-c was written for systems with symbolic links".into())
}

/// Installs into a fresh prefix, builds programs as users do, and runs there all that has to hold.
///
/// # Errors
/// When something is missing that cannot be installed, or the first step that does not succeed.
pub(crate) fn test(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    tools(steps)?;
    steps.call("the header", || generate::run(&["--verify"]))?;
    let folder = folder();
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let prefix = folder.join("prefix");
    install(steps, &prefix)?;
    steps.call("size and symbols", || looks_right(&prefix))?;
    headers(steps, &prefix)?;
    // As the first user's would be, in another place.
    let moved = folder.join("moved");
    fs::rename(&prefix, &moved)?;
    let prefix = moved;

    let scenarios = Server::start(&["--scenarios"])?;
    for (c, cpp) in COMPILERS {
        let built = cmake(steps, &prefix, c, cpp, c, "")?;
        run_all(steps, &prefix, &built, c, &scenarios, |program| Command::new(program))?;
    }
    let built = cmake(
        steps,
        &prefix,
        SANITIZING.0,
        SANITIZING.1,
        "sanitized",
        "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer",
    )?;
    run_all(steps, &prefix, &built, "ASan and UBSan", &scenarios, |program| {
        let mut command = Command::new(program);
        command
            .env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1")
            .env("SPARK_T2I_TEST_CALLS", "1000");
        command
    })?;
    // (What is "possibly" lost is in tables of the process that are never freed, such as the trusted certificates: they are
    // known by pointers into their middle.)
    run_all(steps, &prefix, &folder.join("build-gcc"), "valgrind", &scenarios, |program| {
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--error-exitcode=9", "--fair-sched=yes", "--leak-check=full"])
            .args(["--errors-for-leak-kinds=definite,indirect", "--show-leak-kinds=definite,indirect"])
            .arg(program)
            .env("SPARK_T2I_TEST_CALLS", "300")
            .env("SPARK_T2I_TEST_SLOWED", SLOWED_BY_VALGRIND);
        command
    })?;
    drop(scenarios);
    examples(steps, &prefix)
}

/// What Debian's packages bring, where it is not there.
fn tools(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let there = |(program, _, arguments): &(&str, &str, &[&str])| {
        let found = Command::new(program).args(*arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = TOOLS.iter().filter(|tool| !there(tool)).map(|(_, package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let hint = |error: Box<dyn Error>| format!("{error}; this part needs {names} (as Debian and Ubuntu call them)");
    steps.run("the list of packages", Command::new("apt-get").args(["update", "-qq"])).map_err(hint)?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing);
    steps.run(&names, install.env("DEBIAN_FRONTEND", "noninteractive")).map_err(|error| hint(error).into())
}

/// The size of the shared library, its name, and that it shows nothing but ours.
fn looks_right(prefix: &Path) -> Result<(), Box<dyn Error>> {
    let library = prefix.join("lib").join(library_file());
    eprintln!("{}", size_of(&library)?);
    let shown = said(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(&library))?;
    let names: Vec<&str> = shown.lines().filter_map(|line| line.split(' ').next()).collect();
    if let Some(foreign) = names.iter().find(|name| !name.starts_with("spark_t2i_")) {
        return Err(format!("the library shows {foreign}").into());
    }
    let header = fs::read_to_string(root().join(HEADER))?;
    let missing = names.iter().find(|name| !header.contains(&format!("{name}(")));
    if let Some(name) = missing {
        return Err(format!("{name} is in the library, but not in the header").into());
    }
    let dynamic = said(Command::new("readelf").arg("-d").arg(&library))?;
    if !dynamic.contains(&format!("[{SONAME}]")) {
        return Err(format!("its soname is not {SONAME}").into());
    }
    eprintln!("{} functions, nothing else", names.len());
    Ok(())
}

fn size_of(library: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = fs::metadata(library)?.len();
    let said =
        format!("the shared library has {:.2} MB; {:.2} are allowed", megabytes(bytes), megabytes(LARGEST_LIBRARY));
    if bytes > LARGEST_LIBRARY { Err(said.into()) } else { Ok(said) }
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The headers alone, in every language that they are for.
fn headers(steps: &mut Steps, prefix: &Path) -> Result<(), Box<dyn Error>> {
    let alone = folder().join("alone.c");
    fs::write(&alone, "#include <spark_t2i.h>\nint main(void) { return 0; }\n")?;
    let alone_cpp = folder().join("alone.cpp");
    fs::write(&alone_cpp, "#include <spark_t2i.hpp>\nint main() { return 0; }\n")?;
    for (c, cpp) in COMPILERS {
        for (compiler, language, standard, file) in [
            (c, "c", "c99", &alone),
            (c, "c", "c11", &alone),
            (cpp, "c++", "c++17", &alone),
            (cpp, "c++", "c++17", &alone_cpp),
            (cpp, "c++", "c++20", &alone_cpp),
        ] {
            let mut command = Command::new(compiler);
            // Not `-isystem`, below which nothing is said.
            command.args(STRICT).args(["-fsyntax-only", "-x", language, &format!("-std={standard}")]);
            let what = file.extension().unwrap_or_default().to_string_lossy();
            steps.run(
                &format!("{compiler}: the header in {standard} (.{what})"),
                command.arg("-I").arg(prefix.join("include")).arg(file),
            )?;
        }
    }
    Ok(())
}

/// Builds the tests as a user's project.
fn cmake(
    steps: &mut Steps,
    prefix: &Path,
    c: &str,
    cpp: &str,
    name: &str,
    flags: &str,
) -> Result<PathBuf, Box<dyn Error>> {
    let build = folder().join(format!("build-{name}"));
    let mut configure = Command::new("cmake");
    configure.args(["-G", "Ninja", "-S", TESTS, "-B"]).arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    configure.arg(format!("-DCMAKE_C_COMPILER={c}")).arg(format!("-DCMAKE_CXX_COMPILER={cpp}"));
    configure.arg(format!("-DCMAKE_C_FLAGS={flags}")).arg(format!("-DCMAKE_CXX_FLAGS={flags}"));
    steps.run(&format!("{name}: cmake"), configure.env("CFLAGS", "").env("CXXFLAGS", ""))?;
    steps.run(&format!("{name}: the tests are built"), Command::new("cmake").arg("--build").arg(&build))?;
    Ok(build)
}

/// The environment of a user who has none of our variables set.
fn clean(command: &mut Command) -> &mut Command {
    command.env_remove("SPARK_T2I_API_KEY").env_remove("SPARK_T2I_BASE_URL")
}

fn run_all(
    steps: &mut Steps,
    prefix: &Path,
    built: &Path,
    how: &str,
    scenarios: &Server,
    command: impl Fn(&Path) -> Command,
) -> Result<(), Box<dyn Error>> {
    for program in ["promises", "surface", "surface_no_exceptions"] {
        let mut run = command(&built.join(program));
        steps.run(&format!("{how}: {program}"), clean(&mut run).env("LD_LIBRARY_PATH", prefix.join("lib")))?;
    }
    let mut run = command(&built.join("runner"));
    run.arg("tests/fixtures").arg(format!("http://{}", scenarios.addr));
    steps.run(&format!("{how}: conformance"), clean(&mut run).env("LD_LIBRARY_PATH", prefix.join("lib")))
}

/// The examples, and those of the READMEs, through pkg-config: run against an emulator.
fn examples(steps: &mut Steps, prefix: &Path) -> Result<(), Box<dyn Error>> {
    let folder = folder().join("examples");
    fs::create_dir_all(&folder)?;
    let mut sources: Vec<PathBuf> = EXAMPLES.iter().map(|example| root().join(example)).collect();
    sources.extend(from_readme(&folder)?);
    let flags = |arguments: &[&str]| {
        let mut pkg_config = Command::new("pkg-config");
        pkg_config.args(arguments).arg("spark-t2i").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        said(&mut pkg_config)
    };
    let (shared, hidden) =
        (flags(&["--cflags", "--libs"])?, flags(&["--cflags", "--static", "--libs-only-other", "--libs-only-l"])?);
    let emulator = Server::start(&["--latency", "50ms"])?;
    for source in &sources {
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_c = source.extension() == Some(OsStr::new("c"));
        for (c, cpp) in COMPILERS {
            let (compiler, standard) = if is_c { (c, "-std=c99") } else { (cpp, "-std=c++17") };
            let program = folder.join(format!("{name}-{compiler}"));
            let mut compile = Command::new(compiler);
            compile.arg(standard).args(STRICT).arg(source).arg("-o").arg(&program);
            steps.run(&format!("{compiler}: {name}"), compile.args(shared.split_whitespace()).arg("-pthread"))?;
            // They do not replace each other's files.
            let place = folder.join(format!("{name}-{compiler}-ran"));
            fs::create_dir(&place)?;
            let mut run = Command::new(&program);
            run.current_dir(place).env("LD_LIBRARY_PATH", prefix.join("lib"));
            run.env("SPARK_T2I_API_KEY", "any").env("SPARK_T2I_BASE_URL", format!("http://{}", emulator.addr));
            steps.run(&format!("{name}, of {compiler}"), &mut run)?;
        }
    }
    // Once against the static library.
    let program = folder.join("static");
    let mut compile = Command::new("gcc");
    let system = hidden.split_whitespace().filter(|flag| *flag != "-lspark_t2i");
    compile.args(["-std=c99"]).args(STRICT).arg(&sources[0]).arg("-o").arg(&program);
    compile.arg(prefix.join("lib/libspark_t2i.a")).args(system);
    steps.run("gcc: the static library", &mut compile)?;
    let mut run = Command::new(&program);
    run.current_dir(&folder)
        .env("SPARK_T2I_API_KEY", "any")
        .env("SPARK_T2I_BASE_URL", format!("http://{}", emulator.addr));
    steps.run("the program of the static library", &mut run)
}

/// Every program of the READMEs, as a file.
fn from_readme(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for (of, readme) in READMES.into_iter().enumerate() {
        let text = fs::read_to_string(root().join(readme))?;
        for language in ["c", "cpp"] {
            let fence = format!("```{language}\n");
            let blocks = text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
            let before = files.len();
            for (number, block) in blocks.enumerate() {
                let file = folder.join(format!("readme-{of}-{}.{language}", number + 1));
                fs::write(&file, block)?;
                files.push(file);
            }
            if files.len() == before {
                return Err(format!("{readme} has no examples in {language}").into());
            }
        }
    }
    Ok(files)
}

/// Measures the installed library.
///
/// # Errors
/// When it cannot be built or run; a missed target is none.
pub(crate) fn bench(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    if !arguments.is_empty() {
        return Err("bench c takes no arguments".into());
    }
    let mut steps = Steps::default();
    tools(&mut steps)?;
    let prefix = folder().join("bench-prefix");
    install(&mut steps, &prefix)?;
    let program = folder().join("bench");
    let mut compile = Command::new("gcc");
    compile.args(["-O2", "-std=c11", "-I"]).arg(prefix.join("include")).arg(root().join(TESTS).join("bench.c"));
    compile.arg("-o").arg(&program).arg("-L").arg(prefix.join("lib")).args(["-lspark_t2i", "-pthread"]);
    steps.run("building the benchmark", &mut compile)?;
    let mut run = Command::new(&program);
    steps.run("calls across the border", run.env("LD_LIBRARY_PATH", prefix.join("lib")))?;
    match size_of(&prefix.join("lib").join(library_file())) {
        Ok(said) => println!("{said}"),
        Err(missed) => println!("{missed}"),
    }
    Ok(())
}

/// What a command prints.
fn said(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{program}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

fn folder() -> PathBuf {
    cargo_target().join("c")
}
