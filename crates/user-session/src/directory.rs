//! `/run/user` and `/run/user/UID` by descriptor: never by a path that somebody could swap.

use std::fmt;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
pub use linux::{Directory, Found, open_in, open_parent, spot_at, spot_of, status};

/// The parent of all runtime directories (file-hierarchy(7)).
pub const PARENT: &str = "/run/user";

/// The runtime directory of a uid (pam_systemd(8)).
#[must_use]
pub fn path(uid: u32) -> String {
    format!("{PARENT}/{uid}")
}

/// Who owns a directory, and what may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits, with set-id and sticky.
    pub mode: u32,
    /// Superblock, as the mount table names it.
    pub device: (u64, u64),
    /// The mount it was reached through, as the mount table numbers it; `None` before Linux 5.8.
    pub mount: Option<u64>,
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{} {:04o}", self.uid, self.gid, self.mode)
    }
}

/// Where a lookup ended: two that have the same ended in the same directory on the same mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The mount, by the number that no later one gets; not the one of the mount table.
    pub mount: u64,
    /// Superblock.
    pub device: (u64, u64),
    /// Directory in it.
    pub inode: u64,
}

/// What stands at a path, without the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Missing,
    /// No directory.
    Other(Kind),
    /// A directory.
    Directory(Status),
}

/// What a runtime directory must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A symbolic link, wherever it leads.
    Symlink,
    /// A regular file.
    File,
    /// A socket, FIFO or device.
    Special,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Symlink => "a symbolic link",
            Self::File => "a file",
            Self::Special => "a socket, FIFO or device",
        })
    }
}
