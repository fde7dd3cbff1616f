//! Folders by descriptor, no link followed on the way.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::fsync;
use oneshot::{Exit, Root, refuse};

const FLAGS: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_RDONLY).union(OFlag::O_CLOEXEC);

/// So many copies of one name are kept beside each other.
const COPIES: u32 = 1000;

/// A folder from which others are opened. It may itself be reached through links, which are the administrator's.
#[derive(Debug)]
pub(crate) struct Anchor<'a> {
    path: &'a Path,
    folder: OwnedFd,
}

impl<'a> Anchor<'a> {
    /// Opens it with the caller's rights.
    pub(crate) fn open(root: &Root, path: &'a Path) -> Result<Self> {
        let folder = open(&root.join(path), FLAGS, Mode::empty());
        Ok(Self { path, folder: folder.with_context(|| format!("opening {}", path.display()))? })
    }

    /// Opens a folder below it and follows no link; what is missing is made.
    pub(crate) fn below(self, folder: &Path) -> Result<OwnedFd> {
        let below = folder.strip_prefix(self.path).with_context(|| {
            format!("{} is not below {}, and is not written to", folder.display(), self.path.display())
        })?;
        let (mut at, mut path) = (self.folder, self.path.to_owned());
        for part in below.components() {
            let Component::Normal(name) = part else { bail!("{} is no plain path", folder.display()) };
            path.push(name);
            at = next(&at, name).with_context(|| format!("opening {}", path.display()))?;
        }
        Ok(at)
    }
}

fn next(at: &OwnedFd, name: &OsStr) -> Result<OwnedFd> {
    let flags = FLAGS | OFlag::O_NOFOLLOW;
    let opened = match openat(at, name, flags, Mode::empty()) {
        Err(Errno::ENOENT) => {
            match mkdirat(at, name, Mode::from_bits_truncate(0o755)) {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(error) => return Err(error.into()),
            }
            openat(at, name, flags, Mode::empty())
        }
        other => other,
    };
    match opened {
        Ok(folder) => Ok(folder),
        Err(Errno::ELOOP | Errno::ENOTDIR) => {
            Err(refuse(Exit::Failed, "it is a link or no folder; nothing is written through it"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The longest name of a file (`NAME_MAX`, limits.h(0p)).
const LONGEST: usize = 255;

/// Copies a regular file of a folder into another under the first free name of `NAME.backup`, `NAME.backup.1` and so on. A
/// name that is too long for that loses its end.
pub(crate) fn keep(from: &OwnedFd, name: &str, into: &OwnedFd) -> Result<String> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let mut source = File::from(openat(from, name, flags, Mode::empty()).context("opening it")?);
    let about = source.metadata().context("looking at it")?;
    if !about.is_file() {
        bail!("it is no regular file any more");
    }
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).context("reading it")?;
    let mode = Mode::from_bits_truncate(about.mode() & 0o777);
    for number in 0..COPIES {
        let suffix = if number == 0 { ".backup".to_owned() } else { format!(".backup.{number}") };
        let most = LONGEST.saturating_sub(suffix.len());
        let end = (0..=name.len().min(most)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
        let copy = format!("{}{suffix}", name.get(..end).unwrap_or_default());
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        match openat(into, copy.as_str(), flags, mode) {
            Ok(file) => {
                let mut file = File::from(file);
                file.write_all(&bytes).context("writing the copy")?;
                file.sync_all().context("writing the copy to disk")?;
                fsync(into.as_fd()).context("writing its folder to disk")?;
                return Ok(copy);
            }
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(error).with_context(|| format!("creating {copy}")),
        }
    }
    bail!("there are {COPIES} copies already")
}
