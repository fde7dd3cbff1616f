//! Mounts that nobody else sees.

use std::path::Path;

use anyhow::{Context as _, Result};
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};

const NONE: Option<&str> = None;

/// From now on this process has a mount namespace of its own.
pub(super) fn alone() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("making a mount namespace (it needs root)")?;
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NONE, "/", NONE, flags, NONE).context("making the mounts private")
}

/// Shows one folder at another.
pub(super) fn bind(folder: &Path, at: &Path) -> Result<()> {
    mount(Some(folder), at, NONE, MsFlags::MS_BIND, NONE)
        .with_context(|| format!("mounting {}", at.display()))
}

/// Takes it off again.
pub(super) fn take_off(at: &Path) -> Result<()> {
    umount(at).with_context(|| format!("unmounting {}", at.display()))
}
