//! Root file systems of Debian releases: built once by mmdebstrap, cached, and never written to.

use std::env;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};

use crate::host;

/// What is installed into a root. Other sets of packages get other roots: add a constant like this one.
#[derive(Debug)]
pub struct Profile {
    /// Follows the suite in the name of the cached root; empty for the plain one.
    suffix: &'static str,
    packages: &'static [&'static [&'static str]],
    /// Packages of the suites that have them as they are needed.
    only: &'static [(&'static str, &'static [&'static str])],
}

/// A systemd with logind and user managers.
pub const PLAIN: Profile = Profile { suffix: "", packages: &[SYSTEMD], only: &[] };

/// The same with rootless podman. A root of its own: podman's generators run at every start of a manager, and what the
/// plain machines prove, they prove without them.
pub const PODMAN: Profile = Profile {
    suffix: "-podman",
    packages: &[SYSTEMD, CONTAINERS],
    only: &[("trixie", SERVERS), ("forky", SERVERS)],
};

const SYSTEMD: &[&str] = &[
    "systemd",
    "systemd-sysv",
    "dbus",
    "dbus-user-session",
    "libpam-systemd",
    "libnss-systemd",
    "procps",
    "util-linux",
    "iproute2",
    "login",
];

/// What podman needs without root, a provider of compose, and a busybox to make images of.
const CONTAINERS: &[&str] = &[
    "podman",
    "podman-compose",
    "crun",
    "conmon",
    "netavark",
    "aardvark-dns",
    "passt",
    "slirp4netns",
    "catatonit",
    "uidmap",
    "busybox-static",
    "iptables",
    "nftables",
    "golang-github-containers-common",
];

/// The other provider, which bookworm has as version 1 only, and a registry. Neither needs docker.
const SERVERS: &[&str] = &["docker-compose", "docker-registry"];

/// Archives of releases that are still being made are older than they say.
const APT_OPTION: &str = "--aptopt=Acquire::Check-Valid-Until \"false\"";

impl Profile {
    /// The names of the packages as mmdebstrap takes them.
    fn recipe(&self, suite: &str) -> String {
        let only = self.only.iter().filter(|(name, _)| *name == suite).flat_map(|(_, packages)| *packages);
        self.packages.concat().iter().chain(only).copied().collect::<Vec<_>>().join(",")
    }
}

/// Where the roots are: `MENDUTILS_LAB_CACHE`, or `lab/roots` in cargo's target folder.
pub fn cache() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("MENDUTILS_LAB_CACHE") {
        return Ok(folder.into());
    }
    let profile = host::target_folder()?;
    Ok(profile.parent().unwrap_or(&profile).join("lab/roots"))
}

/// The root of a suite if it is built and its recipe is today's.
pub fn cached(profile: &Profile, suite: &str) -> Result<Option<PathBuf>> {
    find(profile, suite, &cache()?)
}

/// The root of a suite, built when it is missing. A second process waits for the first.
pub fn ensure(profile: &Profile, suite: &str) -> Result<PathBuf> {
    let cache = cache()?;
    if let Some(root) = find(profile, suite, &cache)? {
        return Ok(root);
    }
    fs::create_dir_all(&cache).with_context(|| format!("making {}", cache.display()))?;
    let path = cache.join(format!("{suite}{}.lock", profile.suffix));
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    let Ok(_lock) = Flock::lock(file, FlockArg::LockExclusive) else { bail!("locking {}", path.display()) };
    match find(profile, suite, &cache)? {
        Some(root) => Ok(root),
        None => build(profile, suite, &cache),
    }
}

/// Several roots, the missing ones built at the same time: most of the work is waiting for the mirror and the disk.
pub fn ensure_all(roots: &[(&Profile, &str)]) -> Result<Vec<PathBuf>> {
    host::install(&[host::ROOTS])?;
    thread::scope(|scope| {
        let threads: Vec<_> =
            roots.iter().map(|(profile, suite)| scope.spawn(|| ensure(profile, suite))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("building a root: the thread panicked")))
            .collect()
    })
}

fn find(profile: &Profile, suite: &str, cache: &Path) -> Result<Option<PathBuf>> {
    let name = format!("{suite}{}", profile.suffix);
    let path = cache.join(format!("{name}.recipe"));
    match fs::read_to_string(&path) {
        Ok(recipe) if recipe == profile.recipe(suite) => Ok(Some(cache.join(name))),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

/// Builds beside it and renames; the recipe, written last, says that it is whole. Runs under the lock.
fn build(profile: &Profile, suite: &str, cache: &Path) -> Result<PathBuf> {
    if let [_, ..] = host::lacks().as_slice() {
        bail!("building the root of {suite}: needs {}", host::lacks().join(", "));
    }
    host::install(&[host::ROOTS])?;
    let root = cache.join(format!("{suite}{}", profile.suffix));
    let [new, recipe, log] = ["new", "recipe", "log"].map(|end| root.with_added_extension(end));
    remove(&recipe)?;
    remove(&new)?;
    remove(&root)?;
    host::say(&format!("building {}", root.display()))?;
    let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
    let packages = profile.recipe(suite);
    let status = Command::new("/usr/bin/mmdebstrap")
        .args(["--mode=root", "--variant=minbase", APT_OPTION, &format!("--include={packages}"), suite])
        .arg(&new)
        .arg(host::mirror())
        .stdout(output.try_clone().context("duplicating a descriptor")?)
        .stderr(output)
        .status()
        .context("running mmdebstrap")?;
    if !status.success() {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        bail!(
            "building {}: mmdebstrap {status}\n{}",
            root.display(),
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
    }
    fs::rename(&new, &root).with_context(|| format!("renaming {}", new.display()))?;
    fs::write(&recipe, packages).with_context(|| format!("writing {}", recipe.display()))?;
    Ok(root)
}

fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}
