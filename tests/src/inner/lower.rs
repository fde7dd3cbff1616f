//! The root file system of a machine: a lower layer that nobody writes to, and a tmpfs above it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root};

use super::etc;
use crate::spec::Lower;

/// Where the tmpfs is mounted until the pivot, in the machine's own mount namespace. Every host has the folder, and
/// nothing beneath it is needed any more.
const WORK: &str = "/sys";

/// Links at the top of a root with a merged `/usr`.
const MERGED: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// Mounts the root file system, with folders of the host in it, and makes it `/`. Ends with every mount private.
pub(crate) fn enter(lower: &Lower, binds: &[(PathBuf, PathBuf)]) -> Result<()> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
        .context("making the mounts private")?;
    mount(Some("lab"), WORK, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
        .with_context(|| format!("mounting a tmpfs on {WORK}"))?;
    let root = match lower {
        Lower::Root(path) => overlay(path, "root")?,
        Lower::HostUsr => host_root()?,
    };
    for (host, path) in binds {
        let path = root.join(path.strip_prefix("/").unwrap_or(path));
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        mount(Some(host), &path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .with_context(|| format!("binding {}", host.display()))?;
    }
    chdir(&root).with_context(|| format!("entering {}", root.display()))?;
    pivot_root(".", ".").with_context(|| format!("pivoting to {}", root.display()))?;
    umount2(".", MntFlags::MNT_DETACH).context("detaching the host's file systems")?;
    chdir("/").context("entering the new root")
}

/// `NAME` in the work folder becomes `lower`, writable.
fn overlay(lower: &Path, name: &str) -> Result<PathBuf> {
    let merged = Path::new(WORK).join(name);
    let (upper, work) =
        (Path::new(WORK).join(format!("{name}.upper")), Path::new(WORK).join(format!("{name}.work")));
    for path in [&merged, &upper, &work] {
        fs::create_dir(path).with_context(|| format!("making {}", path.display()))?;
    }
    overlay_on(lower, &merged, &upper, &work)?;
    Ok(merged)
}

fn overlay_on(lower: &Path, merged: &Path, upper: &Path, work: &Path) -> Result<()> {
    // Commas separate options and colons separate layers.
    let lower = lower.display().to_string().replace('\\', "\\\\").replace(',', "\\,").replace(':', "\\:");
    let options = format!("lowerdir={lower},upperdir={},workdir={}", upper.display(), work.display());
    mount(Some("lab"), merged, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .with_context(|| format!("mounting an overlay with {options}"))
}

/// A root of our own around the host's `/usr`.
fn host_root() -> Result<PathBuf> {
    let root = Path::new(WORK).join("root");
    let make = |path: &Path| fs::create_dir_all(path).with_context(|| format!("making {}", path.display()));
    make(&root)?;
    mount(Some("lab"), &root, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
        .with_context(|| format!("mounting a tmpfs on {}", root.display()))?;
    for path in [
        "etc", "usr", "var/lib", "var/log", "var/tmp", "root", "home", "mnt", "run", "tmp", "proc", "sys",
        "dev",
    ] {
        make(&root.join(path))?;
    }
    for (path, mode) in [("root", 0o700), ("var/tmp", 0o1777)] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = root.join(path);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("setting the mode of {}", path.display()))?;
    }
    for name in MERGED {
        let host = Path::new("/").join(name);
        if let Ok(target) = fs::read_link(&host) {
            symlink(&target, root.join(name)).with_context(|| format!("linking {name}"))?;
        }
    }
    symlink("/run", root.join("var/run")).context("linking var/run")?;
    let (upper, work) = (Path::new(WORK).join("usr.upper"), Path::new(WORK).join("usr.work"));
    make(&upper)?;
    make(&work)?;
    overlay_on(Path::new("/usr"), &root.join("usr"), &upper, &work)?;
    etc::copy_from_host(&root.join("etc"))?;
    Ok(root)
}
