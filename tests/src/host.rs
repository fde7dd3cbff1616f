//! What the host has, what it lacks for a lab, and installing that.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use nix::unistd::Uid;

use crate::cgroup;

/// Something that must be there, and the Debian package that brings it.
pub type Need = (&'static str, &'static str);

/// For building roots.
pub const ROOTS: &[Need] = &[
    ("/usr/bin/mmdebstrap", "mmdebstrap"),
    ("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
];

/// For a machine of the host's own `/usr`.
pub const MACHINE: &[Need] = &[
    ("/usr/lib/systemd/systemd", "systemd"),
    ("/usr/lib/systemd/systemd-logind", "systemd"),
    ("/usr/bin/dbus-daemon", "dbus-user-session"),
    ("/bin/login", "login"),
];

/// For tests that look at files with their own programs.
pub const TESTS: &[Need] = &[
    ("/usr/bin/nix-instantiate", "nix-bin"),
    ("/usr/bin/mandoc", "mandoc"),
    ("/usr/bin/zsh", "zsh"),
    ("/usr/bin/fish", "fish"),
    ("/usr/sbin/visudo", "sudo"),
];

/// For measuring.
pub const BENCH: &[Need] = &[("/usr/bin/musl-gcc", "musl-tools"), ("/usr/bin/cc", "gcc")];

/// Why no machine can run here, in the words that follow `needs`; nothing when one can.
pub fn lacks() -> Vec<String> {
    let mut lacks = Vec::new();
    if env::consts::OS != "linux" {
        lacks.push("Linux".to_owned());
    }
    if !Uid::effective().is_root() {
        lacks.push("root".to_owned());
    }
    match cgroup::mount_point() {
        Ok(mount) if nix::unistd::access(&mount, nix::unistd::AccessFlags::W_OK).is_err() => {
            lacks.push(format!("a writable {}", mount.display()));
        }
        Ok(_) => {}
        Err(error) => lacks.push(format!("cgroup2 ({error:#})")),
    }
    lacks
}

/// What the release of the host's own `/usr` lacks.
pub fn lacks_systemd() -> Vec<String> {
    let mut lacks: Vec<String> = MACHINE
        .iter()
        .filter(|(path, _)| !Path::new(path).exists())
        .map(|(path, _)| (*path).to_owned())
        .collect();
    if !Path::new("/bin").is_symlink() {
        lacks.push("a merged /usr".to_owned());
    }
    lacks
}

/// Installs what is missing with apt, and says so; without apt, names it.
pub fn install(needs: &[&[Need]]) -> Result<()> {
    let missing = needs.concat().into_iter().filter(|(path, _)| !Path::new(path).exists());
    let mut packages: Vec<&str> = missing.map(|(_, package)| package).collect();
    if packages.contains(&"systemd") || packages.contains(&"dbus-user-session") {
        packages.push("libpam-systemd");
    }
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() || !Uid::effective().is_root() {
        bail!("preparing the host: install {}, or run this as root on Debian", packages.join(" "));
    }
    say(&format!("installing {}", packages.join(" ")))?;
    apt(&["update", "--quiet"])?;
    apt(&[&["install", "--yes", "--quiet", "--no-install-recommends"], packages.as_slice()].concat())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let output = Command::new("/usr/bin/apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .context("running apt-get")?;
    if !output.status.success() {
        bail!("running apt-get {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The mirror that the host's own apt uses, or Debian's.
pub(crate) fn mirror() -> String {
    let default = "http://deb.debian.org/debian".to_owned();
    let output = Command::new("/usr/bin/apt-get")
        .args(["indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"])
        .output();
    let Ok(output) = output else { return default };
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.lines().find_map(|line| line.strip_prefix("Debian Debian "));
    found.map_or(default, |uri| uri.trim_end_matches('/').to_owned())
}

/// The `lab` program of this build: this one, or the one beside the test that runs.
pub fn lab_program() -> Result<PathBuf> {
    let own = env::current_exe().context("looking for this program")?;
    if own.file_name().is_some_and(|name| name == "lab") {
        return Ok(own);
    }
    let lab = target_folder()?.join("lab");
    if !lab.exists() {
        bail!("looking for {}: build the package lab", lab.display());
    }
    Ok(lab)
}

/// Where cargo puts the programs of the profile that this one was built with: tests and examples lie one folder deeper.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let own = env::current_exe().context("looking for this program")?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let folder = if folder.ends_with("deps") || folder.ends_with("examples") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    Ok(folder.to_owned())
}

/// The source tree.
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// A line for the person who waits. Never mixed into an answer: it goes to standard error.
pub fn say(line: &str) -> Result<()> {
    writeln!(std::io::stderr(), "lab: {line}").context("writing to standard error")
}
