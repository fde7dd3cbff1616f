//! Opening what stands there.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use anyhow::{Context, Result};
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};
use oneshot::Root;

use super::{Kind, PARENT, Place, Spot, Status};

/// Opens nothing but the place itself, and follows no link.
const PLACE: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// What stands at a name.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Missing,
    /// Something that is no directory.
    Other(Kind),
    /// A directory, held open.
    Directory(Directory),
}

/// A directory and the descriptor that holds it.
#[derive(Debug)]
pub struct Directory {
    /// An `O_PATH` descriptor: good for fstat, openat and as `/proc/self/fd/N`.
    pub fd: OwnedFd,
    /// What fstat(2) said when it was opened.
    pub status: Status,
}

/// Opens `/run/user`.
pub fn open_parent(root: &Root) -> Result<Found> {
    let path = root.join(PARENT);
    let opened = open(&path, PLACE, Mode::empty());
    found(opened, || nix::sys::stat::lstat(&path)).with_context(|| format!("opening {}", path.display()))
}

/// Opens `name` in a directory that is held open.
pub fn open_in(parent: &Directory, name: &str) -> Result<Found> {
    let opened = openat(parent.fd.as_fd(), name, PLACE, Mode::empty());
    found(opened, || fstatat(parent.fd.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW))
        .with_context(|| format!("opening {PARENT}/{name}"))
}

/// The status of an open directory as it is now.
pub fn status(fd: impl AsFd) -> nix::Result<Status> {
    super::sys::statx(fd.as_fd())
}

/// Where an open directory is; `None` before Linux 6.8.
pub fn spot_of(fd: impl AsFd) -> nix::Result<Option<Spot>> {
    super::sys::spot_of(fd.as_fd())
}

/// Where an absolute path leads, through links; `None` before Linux 6.8.
pub fn spot_at(path: &CStr) -> nix::Result<Option<Spot>> {
    super::sys::spot_at(path)
}

impl Found {
    /// The same without the descriptor.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Missing => Place::Missing,
            Self::Other(kind) => Place::Other(*kind),
            Self::Directory(directory) => Place::Directory(directory.status),
        }
    }
}

fn found(opened: nix::Result<OwnedFd>, look: impl Fn() -> nix::Result<FileStat>) -> nix::Result<Found> {
    match opened {
        Ok(fd) => Ok(Found::Directory(Directory { status: status(&fd)?, fd })),
        Err(nix::Error::ENOENT) => Ok(Found::Missing),
        Err(nix::Error::ENOTDIR | nix::Error::ELOOP) => match look() {
            Ok(stat) => Ok(Found::Other(kind(stat.st_mode))),
            Err(nix::Error::ENOENT) => Ok(Found::Missing),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

fn kind(mode: nix::libc::mode_t) -> Kind {
    match SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFLNK => Kind::Symlink,
        SFlag::S_IFREG => Kind::File,
        _ => Kind::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_link_is_seen_as_a_link_even_to_a_directory() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let parent = tree.path().join("run/user");
        fs::create_dir_all(parent.join("1000"))?;
        fs::set_permissions(parent.join("1000"), fs::Permissions::from_mode(0o1777))?;
        symlink("1000", parent.join("1001"))?;
        symlink("nowhere", parent.join("1002"))?;
        fs::write(parent.join("1003"), "")?;
        let root = Root::new(tree.path());
        let Found::Directory(parent) = open_parent(&root)? else { panic!("no parent") };
        let Found::Directory(good) = open_in(&parent, "1000")? else { panic!("no directory") };
        assert_eq!(good.status.mode, 0o1777);
        assert!(matches!(open_in(&parent, "1001")?, Found::Other(Kind::Symlink)));
        assert!(matches!(open_in(&parent, "1002")?, Found::Other(Kind::Symlink)));
        assert!(matches!(open_in(&parent, "1003")?, Found::Other(Kind::File)));
        assert!(matches!(open_in(&parent, "1004")?, Found::Missing));
        Ok(())
    }
}
