//! `/proc`, `/sys`, `/dev` and the other kernel file systems of a machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use anyhow::{Context as _, Result};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

const SAFE: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// Name, major, minor (Linux `Documentation/admin-guide/devices.txt`). Made anew: binding the host's and changing
/// its mode would change the host.
const NODES: [(&str, u64, u64); 8] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
    ("fuse", 10, 229),
    ("net/tun", 10, 200),
];

const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Mounts a new file system, making the mount point when it is missing.
pub(crate) fn mount_new(path: &str, kind: &str, source: &str, flags: MsFlags, options: &str) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("making {path}"))?;
    let options = Some(options).filter(|options| !options.is_empty());
    mount(Some(source), path, Some(kind), flags, options)
        .with_context(|| format!("mounting {kind} on {path}"))
}

/// Mounts what every machine has, but for `/run`.
pub(crate) fn mount_all() -> Result<()> {
    mount_new("/proc", "proc", "proc", SAFE, "")?;
    // Read-only: it is the host's hardware, and systemd then leaves udev alone.
    mount_new("/sys", "sysfs", "sysfs", SAFE | MsFlags::MS_RDONLY, "")?;
    mount_new("/sys/fs/cgroup", "cgroup2", "cgroup2", SAFE, "")?;
    mount_new("/dev", "tmpfs", "tmpfs", MsFlags::MS_NOSUID, "mode=755")?;
    mount_new(
        "/dev/pts",
        "devpts",
        "devpts",
        SAFE.difference(MsFlags::MS_NODEV),
        "newinstance,ptmxmode=0666,mode=620,gid=5",
    )?;
    mount_new("/dev/shm", "tmpfs", "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=1777")?;
    mount_new("/tmp", "tmpfs", "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=1777")?;
    for (name, major, minor) in NODES {
        make_node(name, major, minor)?;
    }
    for (name, target) in LINKS {
        symlink(target, Path::new("/dev").join(name)).with_context(|| format!("linking /dev/{name}"))?;
    }
    Ok(())
}

fn make_node(name: &str, major: u64, minor: u64) -> Result<()> {
    let path = Path::new("/dev").join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    }
    mknod(&path, SFlag::S_IFCHR, Mode::empty(), makedev(major, minor))
        .with_context(|| format!("making {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666))
        .with_context(|| format!("setting the mode of {}", path.display()))
}

/// `/run` of a machine that is no WSL.
pub(crate) fn mount_run() -> Result<()> {
    mount_new("/run", "tmpfs", "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=755")
}

/// A folder that an overlay can lie on.
pub(crate) fn mount_memory(path: &Path) -> Result<()> {
    mount_new(&path.to_string_lossy(), "tmpfs", "tmpfs", MsFlags::MS_NODEV, "mode=755")
}

/// Makes every mount shared, as systemd and WSL have them. pivot_root(2) needed them private.
pub(crate) fn share_all() -> Result<()> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SHARED, None::<&str>)
        .context("making the mounts shared")
}

/// A bind of a folder.
pub(crate) fn bind(from: &str, to: &str) -> Result<()> {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .with_context(|| format!("binding {from} on {to}"))
}
