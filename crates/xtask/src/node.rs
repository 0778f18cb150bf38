//! `cargo xtask test node` and `cargo xtask bench node`: the npm packages as their users get them, tested and measured.

use std::env::consts::{ARCH, OS};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::node_tools::{Tools, npm};
use crate::steps::{Steps, cargo_target, only, root};

/// Whoever installs it waits for it: both packages together.
const LARGEST_PACKAGES: u64 = 6_000_000;
const BINDING: &str = "bindings/node/Cargo.toml";
/// The types of the native part, as napi writes them.
const BINDING_TYPES: &str = "node/src/binding.d.ts";
const TESTS: &str = "node/tests";
const READMES: [&str; 2] = ["README.md", "node/README.md"];
/// What programs of both kinds of modules are built with. The declarations of the package are checked with them.
const COMPILER_OPTIONS: &str = r#""strict": true, "noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true,
    "noImplicitOverride": true, "noUnusedLocals": true, "noUnusedParameters": true, "skipLibCheck": false,
    "target": "es2022", "lib": ["es2023", "esnext.disposable"], "module": "node16", "types": ["node"]"#;

/// Builds and packs the packages, installs them in a fresh folder, and runs there all that has to hold.
///
/// # Errors
/// When there is no Node that will do, or the first step that does not succeed.
pub(crate) fn test(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let tools = Tools::cached(steps, "node/tools")?;
    let packages = packages(steps, &tools)?;
    steps.run("attw", tools.command("attw").args(["--no-emoji", "--no-color"]).arg(&packages.main))?;
    steps.run("publint", tools.command("publint").arg("--strict").arg(&packages.main))?;
    let installed = install(steps, &tools, &packages)?;
    for kind in ["esm", "cjs"] {
        let folder = installed.join(kind);
        steps.run(&format!("tsc: {kind}"), tools.command("tsc").arg("--project").arg(&folder))?;
        let files = tests_in(&folder)?;
        let mut test = Command::new("node");
        test.args(["--test", "--test-reporter=spec"]).args(files).current_dir(&folder);
        steps.run(&format!("node --test: {kind}"), of_tests(&mut test))?;
    }
    others(steps, &installed)
}

/// Runs the tests of what users see in other versions of Node, and in other runtimes, as far as there are any for this
/// system.
fn others(steps: &mut Steps, installed: &Path) -> Result<(), Box<dyn Error>> {
    if (OS, ARCH) != ("linux", "x86_64") {
        eprintln!("other runtimes are installed on Linux on x86_64 only");
        return Ok(());
    }
    let runtimes = Tools::cached(steps, "node/runtimes")?;
    let folder = installed.join("esm");
    for name in ["node18", "node22"] {
        let mut test = Command::new(runtimes.file(&format!("{name}/bin/node")));
        test.arg("--test").args(tests_in(&folder)?).current_dir(&folder);
        steps.run(&format!("{name} --test"), of_tests(&mut test))?;
    }
    for (name, program, arguments) in
        [("bun", "@oven/bun-linux-x64/bin/bun", vec![]), ("deno", "@deno/linux-x64-glibc/deno", vec!["run", "-A"])]
    {
        let mut test = Command::new(runtimes.file(program));
        test.args(arguments).arg("everywhere.js").current_dir(&folder);
        steps.run(name, of_tests(&mut test))?;
    }
    Ok(())
}

/// The files of tests in a folder and those in it.
fn tests_in(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(tests_in(&path)?);
        } else if path.to_string_lossy().ends_with(".test.js") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Without what a developer may have set.
fn of_tests(command: &mut Command) -> &mut Command {
    command.env_remove("SPARK_T2I_API_KEY").env_remove("SPARK_T2I_BASE_URL").env_remove("NODE_OPTIONS");
    command.env("SPARK_T2I_FIXTURES", root().join("tests/fixtures")).stdin(Stdio::null())
}

/// Builds the same packages and measures them.
///
/// # Errors
/// When they cannot be built, or a benchmark does not succeed; a missed target is none.
pub(crate) fn bench(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut steps = Steps::default();
    let tools = Tools::cached(&mut steps, "node/tools")?;
    let packages = packages(&mut steps, &tools)?;
    let installed = install(&mut steps, &tools, &packages)?;
    let benchmarks = installed.join("benchmarks");
    fs::create_dir(&benchmarks)?;
    copy(&root().join("node/benchmarks"), &benchmarks)?;
    let mut bench = Command::new("node");
    steps.run("benchmarks", bench.arg(benchmarks.join("bench.mjs")).args(arguments).current_dir(&installed))
}

/// Builds and packs the packages, for whoever publishes them.
///
/// # Errors
/// As [`test()`].
pub(crate) fn package(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    if !arguments.is_empty() {
        return Err("package node takes no arguments".into());
    }
    let mut steps = Steps::default();
    let tools = Tools::cached(&mut steps, "node/tools")?;
    let packages = packages(&mut steps, &tools)?;
    println!("{}\n{}", packages.main.display(), packages.platform.display());
    Ok(())
}

/// The two that are built here.
struct Packages {
    main: PathBuf,
    /// The native part for this system.
    platform: PathBuf,
}

fn packages(steps: &mut Steps, tools: &Tools) -> Result<Packages, Box<dyn Error>> {
    let manifest = manifest()?;
    steps.call("one version", || one_version(&manifest))?;
    let native = native(steps, tools)?;
    let staged = fresh("package")?;
    for name in ["package.json", "README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(root().join("node").join(name), staged.join(name)).map_err(|error| format!("node/{name}: {error}"))?;
    }
    // For resolvers that know no `exports`.
    copy(&root().join("node/testing"), &fresh_in(&staged, "testing")?)?;
    let mut compile = tools.command("tsc");
    compile.args(["--project", "node", "--typeRoots"]).arg(tools.file("@types"));
    let compiled = staged.join("dist");
    steps.run("tsc: the package", compile.arg("--outDir").arg(&compiled))?;
    bundle(steps, tools, &compiled)?;
    let platform = fresh("platform")?;
    stage_platform(&manifest, &native, &platform)?;
    let tarballs = fresh("tarballs")?;
    let packages = Packages { main: pack(steps, &staged, &tarballs)?, platform: pack(steps, &platform, &tarballs)? };
    steps.call("size", || {
        let bytes = [&packages.main, &packages.platform].map(|file| fs::metadata(file).map(|about| about.len()));
        let [main, platform] = bytes;
        let (main, platform) = (main?, platform?);
        let said = format!(
            "{:.2} MB and, with the native part, {:.2} MB; {:.2} are allowed in all",
            megabytes(main),
            megabytes(platform),
            megabytes(LARGEST_PACKAGES)
        );
        eprintln!("{said}");
        if main + platform > LARGEST_PACKAGES { Err(said.into()) } else { Ok(()) }
    })?;
    Ok(packages)
}

/// Puts what was compiled into as few files as there are ways in.
fn bundle(steps: &mut Steps, tools: &Tools, compiled: &Path) -> Result<(), Box<dyn Error>> {
    for (entry, file) in [("bundle.ts", "index.js"), ("cli.ts", "cli.js")] {
        let mut bundle = tools.command("esbuild");
        bundle.arg(entry).args([
            "--bundle",
            "--platform=node",
            "--target=node18",
            "--format=cjs",
            "--log-level=warning",
        ]);
        // Users see the names of classes.
        bundle.arg("--keep-names");
        bundle.arg(concat!("--define:PACKAGE_VERSION=\"", env!("CARGO_PKG_VERSION"), "\""));
        bundle.arg(format!("--outfile={}", compiled.join(file).display()));
        steps.run(&format!("esbuild: {file}"), bundle.current_dir(root().join("node/src")))?;
    }
    // The same objects, whichever way they are imported.
    let testing = "'use strict';\nexports.Emulator = require('./index.js').Emulator;\n";
    fs::write(compiled.join("testing.js"), testing)?;
    steps.call("modules", || modules(compiled))
}

/// Has ES modules take all from one object: where they name what a `CommonJS` file exports, Node first searches the file for
/// its names, which costs 7 MB of memory and some milliseconds.
fn modules(compiled: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(
        compiled.join("library.js"),
        "'use strict';\nconst library = require('./index.js');\nexports.library = library;\n",
    )?;
    for name in ["index", "testing"] {
        let file = compiled.join(format!("{name}.mjs"));
        let compiled = fs::read_to_string(&file)?;
        let from = format!("}} from './{name}.js';");
        let exported = |line: &&str| line.starts_with("export {");
        let names = compiled.lines().find(exported).and_then(|line| line.strip_prefix("export {")?.strip_suffix(&from));
        let names = names.ok_or_else(|| format!("{} does not export names of one file", file.display()))?.trim();
        fs::write(file, format!("import {{ library }} from './library.js';\nexport const {{ {names} }} = library;\n"))?;
    }
    Ok(())
}

/// Builds the native part, in a target folder of its own, and compares its types with those that are committed.
fn native(steps: &mut Steps, tools: &Tools) -> Result<PathBuf, Box<dyn Error>> {
    let output = fresh("native")?;
    let mut build = tools.command("napi");
    build.args([
        "build",
        "--platform",
        "--profile",
        "library",
        "--no-js",
        "--dts",
        "binding.d.ts",
        "--manifest-path",
        BINDING,
    ]);
    build.args(["--package-json-path", "node/package.json", "--target-dir"]).arg(folder());
    build.arg("--output-dir").arg(&output).args(["--", "--locked"]);
    steps.run("building the native part", &mut build)?;
    steps.call("types of the native part", || {
        let types = output.join("binding.d.ts");
        if fs::read(&types)? == fs::read(root().join(BINDING_TYPES)).unwrap_or_default() {
            return Ok(());
        }
        Err(format!("{BINDING_TYPES} is not what the code says: copy {} over it", types.display()).into())
    })?;
    only(&output, "node")
}

/// The package with the native part for one system, as napi lays it out.
fn stage_platform(manifest: &Value, native: &Path, staged: &Path) -> Result<(), Box<dyn Error>> {
    let file = native.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // "spark-t2i.linux-x64-gnu.node"
    let system = file.split('.').nth(1).ok_or_else(|| format!("{file} does not name its system"))?;
    let name = format!("{}-{system}", manifest["name"].as_str().unwrap_or_default());
    if manifest["optionalDependencies"][&name] != manifest["version"] {
        return Err(format!("node/package.json does not name {name} in this version").into());
    }
    let mut parts = system.split('-');
    let mut package = json!({
        "name": name,
        "version": manifest["version"],
        "description": format!("The native part of spark-t2i for {system}"),
        "license": manifest["license"],
        "repository": manifest["repository"],
        "engines": manifest["engines"],
        "main": file,
        "files": [file, "LICENSE-APACHE", "LICENSE-MIT"],
        "os": [parts.next()],
        "cpu": [parts.next()],
    });
    match parts.next() {
        Some("gnu") => package["libc"] = json!(["glibc"]),
        Some("musl") => package["libc"] = json!(["musl"]),
        _ => {}
    }
    fs::write(staged.join("package.json"), format!("{package:#}\n"))?;
    fs::write(staged.join("README.md"), format!("The native part of `spark-t2i` for {system}: install that.\n"))?;
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(root().join("node").join(name), staged.join(name))?;
    }
    fs::copy(native, staged.join(&file))?;
    Ok(())
}

fn pack(steps: &mut Steps, staged: &Path, tarballs: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let destination = fresh_in(tarballs, &staged.file_name().unwrap_or_default().to_string_lossy())?;
    let mut pack = npm();
    pack.args(["pack", "--silent", "--pack-destination"]).arg(&destination).stdout(Stdio::null());
    steps.run("npm pack", pack.current_dir(staged))?;
    only(&destination, "tgz")
}

/// A fresh folder with the packages in it, and the tests as programs of users: once as modules of ECMAScript, once as those
/// that are required.
fn install(steps: &mut Steps, tools: &Tools, packages: &Packages) -> Result<PathBuf, Box<dyn Error>> {
    let installed = fresh("installed")?;
    fs::write(installed.join("package.json"), "{ \"private\": true }\n")?;
    let mut install = npm();
    // Offline: those for other systems need not be looked for.
    install.args([
        "install",
        "--offline",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--silent",
        "--no-package-lock",
    ]);
    install.arg(&packages.main).arg(&packages.platform);
    steps.run("installing the packages", install.current_dir(&installed))?;
    for (kind, of_type) in [("esm", "module"), ("cjs", "commonjs")] {
        let folder = installed.join(kind);
        fs::create_dir(&folder)?;
        fs::write(folder.join("package.json"), format!("{{ \"type\": \"{of_type}\" }}\n"))?;
        let types = json!(tools.file("@types"));
        let settings =
            format!("{{\n  \"compilerOptions\": {{\n    {COMPILER_OPTIONS},\n    \"typeRoots\": [{types}]\n  }}\n}}\n");
        fs::write(folder.join("tsconfig.json"), settings)?;
        copy(&root().join(TESTS), &folder)?;
    }
    let examples = installed.join("esm/readme");
    fs::create_dir(&examples)?;
    for (of, readme) in READMES.into_iter().enumerate() {
        for (number, example) in examples_of(&fs::read_to_string(root().join(readme))?).iter().enumerate() {
            fs::write(examples.join(format!("example-{of}-{:02}.ts", number + 1)), example)?;
        }
    }
    Ok(installed)
}

/// The blocks of TypeScript in a text of Markdown, as modules.
fn examples_of(text: &str) -> Vec<String> {
    let blocks = text.split("```ts\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| format!("{block}\nexport {{}};\n")).collect()
}

fn manifest() -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_str(&fs::read_to_string(root().join("node/package.json"))?)?)
}

/// The packages have the version of the workspace, which is that of this program.
fn one_version(manifest: &Value) -> Result<(), Box<dyn Error>> {
    let version = json!(env!("CARGO_PKG_VERSION"));
    let others = manifest["optionalDependencies"].as_object().into_iter().flatten();
    for (name, found) in others.chain([(&"version".to_owned(), &manifest["version"])]) {
        if *found != version {
            return Err(format!("node/package.json: {name} is {found}, the workspace is {version}").into());
        }
    }
    Ok(())
}

/// Copies the files of a folder, and of those in it.
fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn folder() -> PathBuf {
    cargo_target().join("node")
}

fn fresh(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    fresh_in(&folder(), name)
}

fn fresh_in(parent: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = parent.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
