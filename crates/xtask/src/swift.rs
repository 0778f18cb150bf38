//! `cargo xtask test swift`: the Swift package, compiled and tested by the Swift of this machine, or by that of Debian trixie in a
//! root of its own.

use std::env::consts::EXE_SUFFIX;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::{Steps, cargo_target, root, said};
use crate::uniffi;
use crate::virtual_environment::cache;

const MODULE: &str = "bindings/swift";
const OLDEST: (u32, u32) = (5, 9);
const NEEDS: &str = "this part needs Swift 5.9 or newer (with Foundation and XCTest): install it from swift.org, or Xcode. Where \
                     there is none, it installs that of Debian trixie in a root below the user's cache (3 GB), which takes a \
                     Debian with apt-get, being root, and being allowed to mount (in a container: --cap-add SYS_ADMIN). `cargo \
                     xtask test rust` runs without Swift";

/// The release of Debian that has Swift, and what is installed from it.
const SUITE: &str = "trixie";
const PACKAGES: [&str; 4] = ["swiftlang", "libc6-dev", "libstdc++-14-dev", "ca-certificates"];
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// A file that is written last: without it the root is not whole.
const WHOLE: &str = "whole.txt";
/// Mounts of a namespace of its own: whatever happens, nothing stays mounted.
const APART: [&str; 3] = ["unshare", "--mount", "--propagation=private"];
const INSTALL: &str = r#"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
export DEBIAN_FRONTEND=noninteractive
root="$1"; shift
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq install -y --no-install-recommends "$@" >/dev/null
chroot "$root" apt-get clean
"#;
/// The checkout lies in the root where it lies outside, and cannot be written; what is built can.
const ENTER: &str = r#"
root="$1" checkout="$2" target="$3"; shift 3
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root$checkout"
mount --bind "$checkout" "$root$checkout"
mount -o remount,bind,ro "$root$checkout"
test -d "$root$target" || mkdir -p "$root$target"
mount --bind "$target" "$root$target"
exec chroot "$root" "$@"
"#;

/// Builds the library, checks that the committed code is what it generates, and runs all tests.
///
/// # Errors
/// When there is no Swift and none can be installed, or the first step that does not succeed.
pub(crate) fn test(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    let swift = Swift::found(steps)?;
    uniffi::build(steps)?;
    steps.call("generated Swift", || uniffi::verify(uniffi::Language::Swift))?;
    steps.run("Swift: compiling and testing", &mut swift.package("test", "6"))?;
    // A compiler of version 5.9 has no other.
    steps.run("Swift: compiling in language mode 5", &mut swift.package("build", "5"))
}

/// Where Swift is.
enum Swift {
    Here,
    Within(PathBuf),
}

impl Swift {
    fn found(steps: &mut Steps) -> Result<Self, Box<dyn Error>> {
        let here = said(Command::new("swift").arg("--version")).ok().and_then(|about| version(&about));
        if here.is_some_and(|version| version >= OLDEST) {
            return Ok(Self::Here);
        }
        Ok(Self::Within(trixie(steps).map_err(|error| format!("{error}; {NEEDS}"))?))
    }

    fn command(&self, program: &str) -> Command {
        match self {
            Self::Here => Command::new(program),
            Self::Within(folder) => {
                let mut command = apart(ENTER);
                command.arg(folder).arg(root()).arg(cargo_target()).arg(program);
                command.env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", self::folder());
                command
            }
        }
    }

    /// A command of its package manager, for this package and in this language mode. Nothing is written into the checkout.
    fn package(&self, word: &str, mode: &str) -> Command {
        let (debug, folder) = (cargo_target().join("debug"), folder());
        let mut command = self.command("swift");
        command.args([word, "--disable-sandbox", "--package-path"]).arg(root().join(MODULE));
        command.arg("--scratch-path").arg(folder.join(format!("build-{mode}")));
        command.arg("--cache-path").arg(folder.join("cache"));
        for flag in ["-warnings-as-errors", "-strict-concurrency=complete"] {
            command.args(["-Xswiftc", flag]);
        }
        for flag in [OsStr::new("-L"), debug.as_os_str(), OsStr::new("-rpath"), debug.as_os_str()] {
            command.args(["-Xlinker".as_ref(), flag]);
        }
        command.env("SPARK_T2I_TESTS", "1").env("SPARK_T2I_SWIFT_MODE", mode);
        command.env("SPARK_T2I_CHECKOUT", root());
        command.env("SPARK_T2I_COMMAND", debug.join(format!("spark-t2i{EXE_SUFFIX}")));
        command
    }
}

/// The numbers behind the words "Swift version".
fn version(about: &str) -> Option<(u32, u32)> {
    let (_, behind) = about.split_once("Swift version ")?;
    let mut numbers = behind.split(|character: char| !character.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn folder() -> PathBuf {
    cargo_target().join("swift")
}

/// A script in a mount namespace of its own; its arguments are still to come.
fn apart(script: &str) -> Command {
    let mut command = Command::new(APART[0]);
    command.args(&APART[1..]).args(["sh", "-euc", script, "sh"]);
    command
}

/// The root with Swift, in the user's cache: made once, whole or anew.
fn trixie(steps: &mut Steps) -> Result<PathBuf, Box<dyn Error>> {
    let folder = cache()?.join("spark-t2i").join(format!("swift-{SUITE}-1"));
    allowed()?;
    if folder.join(WHOLE).exists() {
        return Ok(folder);
    }
    let mirror = mirror().ok_or("there is no Swift, and no Debian mirror in apt's sources to install it from")?;
    tools(steps)?;
    if folder.exists() {
        // Half of one, which some interrupted run left. Nothing is mounted there: see `APART`.
        steps.call("removing half a root", || Ok(fs::remove_dir_all(&folder)?))?;
    }
    fs::create_dir_all(&folder)?;
    let mut bootstrap = Command::new(APART[0]);
    bootstrap.args(&APART[1..]).args(["debootstrap", "--variant=minbase"]).arg(format!("--keyring={KEYRING}"));
    bootstrap.arg(SUITE).arg(&folder).arg(mirror).stdout(Stdio::null());
    let hint = |error| format!("{error}: has this machine's mirror of Debian the release {SUITE}?");
    steps.run("a root of Debian trixie, once", &mut bootstrap).map_err(hint)?;
    steps.call("the settings of that root", || settings(&folder))?;
    steps.run("Swift in it, once", apart(INSTALL).arg(&folder).args(PACKAGES))?;
    fs::write(folder.join(WHOLE), PACKAGES.join("\n"))?;
    Ok(folder)
}

/// Whether a root can be entered.
fn allowed() -> Result<(), Box<dyn Error>> {
    let tried = apart("mount -t tmpfs tmpfs /mnt").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if tried.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err("there is no Swift, and this user may not mount".into())
}

/// The mirror that this machine's own packages come from.
fn mirror() -> Option<String> {
    let read = |file: &str| fs::read_to_string(Path::new("/etc/apt").join(file)).unwrap_or_default();
    let (new, old) = (read("sources.list.d/debian.sources"), read("sources.list"));
    let new = new.lines().filter_map(|line| line.strip_prefix("URIs:"));
    // deb [options] URL suite components
    let old = old.lines().filter(|line| line.starts_with("deb ") && line.contains("debian"));
    let mut words = new.chain(old).flat_map(str::split_whitespace);
    words.find(|word| word.contains("://")).map(str::to_owned)
}

fn tools(steps: &mut Steps) -> Result<(), Box<dyn Error>> {
    if said(Command::new("debootstrap").arg("--version")).is_ok() && Path::new(KEYRING).exists() {
        return Ok(());
    }
    steps.run("the list of packages", Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends", "debootstrap", "debian-archive-keyring"]);
    steps.run("debootstrap", install.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// How this machine reaches its mirror holds within, too.
fn settings(folder: &Path) -> Result<(), Box<dyn Error>> {
    for file in ["/etc/resolv.conf", "/etc/hosts"] {
        fs::copy(file, folder.join(&file[1..])).map_err(|error| format!("{file}: {error}"))?;
    }
    for entry in fs::read_dir("/etc/apt/apt.conf.d")? {
        let file = entry?.path();
        fs::copy(&file, folder.join("etc/apt/apt.conf.d").join(file.file_name().unwrap_or_default()))?;
    }
    Ok(())
}
