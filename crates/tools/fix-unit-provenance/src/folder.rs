//! Folders by descriptor, no link followed on the way.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, readlinkat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, fsync, symlinkat, unlinkat};
use oneshot::{Exit, Root, plain, refuse};

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

/// What stood under a name, to be kept.
#[derive(Debug)]
pub(crate) enum Kept {
    /// A regular file's bytes and mode.
    File(Vec<u8>, Mode),
    /// A link's text.
    Link(OsString),
}

impl Kept {
    /// Reads what is called `name` in a folder: a regular file, or a link, which is not followed.
    pub(crate) fn read(from: &OwnedFd, name: &str) -> Result<Self> {
        match readlinkat(from, name) {
            Ok(text) => return Ok(Self::Link(text)),
            // It is no link.
            Err(Errno::EINVAL) => {}
            Err(error) => return Err(error).context("looking at it"),
        }
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = File::from(openat(from, name, flags, Mode::empty()).context("opening it")?);
        let source = plain::regular(opened).context("looking at it")?;
        let mode = Mode::from_bits_truncate(source.metadata().context("looking at it")?.mode() & 0o777);
        Ok(Self::File(plain::bytes(source).context("reading it")?, mode))
    }

    /// Writes it into a folder under the first free name of `NAME.backup`, `NAME.backup.1` and so on. A name that is
    /// too long for that loses its end.
    pub(crate) fn write(&self, name: &str, into: &OwnedFd) -> Result<String> {
        for number in 0..COPIES {
            let suffix = if number == 0 { ".backup".to_owned() } else { format!(".backup.{number}") };
            let most = LONGEST.saturating_sub(suffix.len());
            let end =
                (0..=name.len().min(most)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
            let copy = format!("{}{suffix}", name.get(..end).unwrap_or_default());
            match self.create(&copy, into) {
                Err(error) if error.downcast_ref() == Some(&Errno::EEXIST) => {}
                Err(error) => return Err(error.context(format!("creating {copy}"))),
                Ok(()) => {
                    fsync(into.as_fd()).context("writing its folder to disk")?;
                    return Ok(copy);
                }
            }
        }
        bail!("there are {COPIES} copies already")
    }

    fn create(&self, copy: &str, into: &OwnedFd) -> Result<()> {
        match self {
            Self::Link(text) => Ok(symlinkat(text.as_os_str(), into, copy)?),
            Self::File(bytes, mode) => {
                let flags =
                    OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                let mut file = File::from(openat(into, copy, flags, *mode)?);
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                if written.is_err() {
                    // The error that is told is the first one.
                    let _ = unlinkat(into, copy, UnlinkatFlags::NoRemoveDir);
                }
                Ok(written?)
            }
        }
    }
}
