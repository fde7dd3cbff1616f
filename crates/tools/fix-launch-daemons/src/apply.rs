//! Taking one step.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Context as _, Result};
use launchd::{Reply, Tool};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fsync, unlinkat};

use crate::gather::Mac;
use crate::step::Step;

/// A copy is written under this name and renamed. launchd passes over it, as it is hidden and does not end in `.plist`.
const TEMPORARY: &str = ".fix-launch-daemons.new";

/// Takes a step; `bytes` are those of the definition. What launchd said, where it was asked.
pub(crate) fn apply(mac: &Mac<'_>, step: &Step, bytes: &[u8]) -> Result<Option<Reply>> {
    match step {
        Step::Install { place, .. } => {
            install(mac, place, bytes).with_context(|| format!("writing {}", place.display()))?;
            Ok(None)
        }
        Step::Remove { place } => {
            remove(mac, place).with_context(|| format!("removing {}", place.display()))?;
            Ok(None)
        }
        Step::Launchctl(change) => {
            let command = mac.launchctl.tools().command(Tool::Launchctl, mac.launchctl.deadline())?;
            Ok(Some(Reply::of(&command.args(change.arguments()).run()?)))
        }
    }
}

/// The folder that a definition stands in, and the name in it. Only root (or the user, in the user's own) writes there.
fn folder<'p>(mac: &Mac<'_>, place: &'p Path) -> Result<(OwnedFd, &'p OsStr)> {
    let folder = mac.root.join(place.parent().unwrap_or(Path::new("/")));
    let name = place.file_name().context("it has no name of a file")?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let opened = match open(&folder, flags, Mode::empty()) {
        Err(Errno::ENOENT) => {
            std::fs::create_dir(&folder)?;
            open(&folder, flags, Mode::empty())
        }
        other => other,
    };
    Ok((opened.with_context(|| format!("opening {}", folder.display()))?, name))
}

/// Puts a copy into its place as a whole, with the owner and the mode that launchd wants.
fn install(mac: &Mac<'_>, place: &Path, bytes: &[u8]) -> Result<()> {
    let (folder, name) = folder(mac, place)?;
    discard(&folder)?;
    let written = write(mac, &folder, bytes)
        .and_then(|()| renameat(&folder, TEMPORARY, &folder, name).context("putting it in its place"));
    if written.is_err() {
        // The error that is told is the first one.
        let _ = discard(&folder);
    }
    written?;
    fsync(&folder).context("writing its folder to disk")
}

fn write(mac: &Mac<'_>, folder: &OwnedFd, bytes: &[u8]) -> Result<()> {
    let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o600);
    let mut file = File::from(openat(folder, TEMPORARY, flags, mode).context("creating it")?);
    file.write_all(bytes).context("filling it")?;
    let (uid, gid) = mac.scope.owner;
    fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))).context("giving it its owner")?;
    fchmod(&file, mode_of_copies()).context("giving it its mode")?;
    file.sync_all().context("writing it to disk")
}

/// 0444, as nix-darwin's own activation leaves them.
fn mode_of_copies() -> Mode {
    Mode::S_IRUSR | Mode::S_IRGRP | Mode::S_IROTH
}

/// Takes away what a run that was killed has left.
fn discard(folder: &OwnedFd) -> Result<()> {
    match unlinkat(folder, TEMPORARY, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(error).context("removing what an earlier run has left"),
    }
}

fn remove(mac: &Mac<'_>, place: &Path) -> Result<()> {
    let (folder, name) = folder(mac, place)?;
    match unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => fsync(&folder).context("writing its folder to disk"),
        Err(error) => Err(error.into()),
    }
}
