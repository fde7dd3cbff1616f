//! Sockets of a former session: on a disk they outlive the boot, and clients that find them fail instead of waiting.

use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;

use anyhow::{Context, Result};
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use user_session::bus::{self, Answer};
use user_session::directory::Directory;

/// The sockets of systemd, D-Bus and GnuPG; nothing else is ever removed.
const NAMES: [&str; 7] = [
    bus::BUS,
    bus::PRIVATE,
    "systemd/notify",
    "gnupg/S.gpg-agent",
    "gnupg/S.gpg-agent.extra",
    "gnupg/S.gpg-agent.browser",
    "gnupg/S.gpg-agent.ssh",
];

/// A path to `name` in a directory that is held open, for the calls that take no descriptor.
pub(crate) fn path_in(place: &Directory, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", place.fd.as_raw_fd()))
}

/// Sockets at which nobody listens.
pub(crate) fn stale(place: &Directory) -> Vec<&'static str> {
    let is_stale =
        |name: &&'static str| is_socket(place, name) && bus::ask(&path_in(place, name)) == Answer::Refuses;
    NAMES.into_iter().filter(is_stale).collect()
}

fn is_socket(place: &Directory, name: &str) -> bool {
    fstatat(place.fd.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFSOCK.bits())
}

/// Removes one. A name that was swapped meanwhile costs the user that entry of the user's own directory and no more:
/// unlinkat(2) follows no link in its last part, and the folders before it are opened without following any.
pub(crate) fn remove(place: &Directory, name: &str) -> Result<()> {
    let (folder, base) = match name.split_once('/') {
        Some((folder, base)) => (Some(crate::apply::open_folder(place, folder)?), base),
        None => (None, name),
    };
    let folder = folder.as_ref().map_or(place.fd.as_fd(), AsFd::as_fd);
    match unlinkat(folder, base, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(nix::Error::ENOENT) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("removing {name}")),
    }
}
