//! A log that does not grow for ever: lines are only ever added, and when it is full it becomes `NAME.old` and a new one
//! begins. For programs that run where nobody keeps what they say.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, Flock, FlockArg, OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, fstatat};

use crate::clock;
use crate::stream::{self, Level};
use crate::text::printable;

/// A log with more bytes than this is put away before the next run adds to it. A run adds a few lines.
pub const MOST: u64 = 256 * 1024;

/// The one log that is kept.
const OLD: &str = ".old";

/// Nothing but a file of the caller's own is written to, whoever else may write to the folder; a FIFO in its place must not
/// hold us either.
const FLAGS: OFlag = OFlag::O_WRONLY
    .union(OFlag::O_APPEND)
    .union(OFlag::O_CREAT)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_CLOEXEC);

/// An open log.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens a log and makes it, and its folder, where it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_of(path, MOST).with_context(|| format!("opening the log {}", path.display()))
    }

    fn open_of(path: &Path, most: u64) -> Result<Self> {
        let Some((folder, name)) = path.parent().zip(path.file_name()) else { bail!("it is no file name") };
        DirBuilder::new().recursive(true).mode(0o755).create(folder).context("making its folder")?;
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let folder = open(folder, flags, Mode::empty()).context("opening its folder")?;
        let mut file = own_file(&folder, name)?;
        if file.metadata()?.len() > most && put_away(&folder, name, &file)? {
            file = own_file(&folder, name)?;
        }
        Ok(Self { path: path.to_owned(), file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line: the moment, the level, the text.
    pub(crate) fn write(&self, level: Level, text: &str) -> io::Result<()> {
        let line = format!("{} {level} {}", clock::timestamp(clock::now()), printable(text));
        stream::write_line(&self.file, &line)
    }
}

fn own_file(folder: &OwnedFd, name: &OsStr) -> Result<File> {
    let file = match openat(folder, name, FLAGS, Mode::from_bits_truncate(0o644)) {
        Ok(file) => File::from(file),
        Err(Errno::ELOOP) => bail!("it is a symbolic link, which is not followed"),
        Err(error) => return Err(error.into()),
    };
    let about = file.metadata()?;
    // A second name for it could be a file that somebody else wants to be written to.
    if !about.is_file() || about.nlink() != 1 || about.uid() != nix::unistd::geteuid().as_raw() {
        bail!("it is no regular file of this user with only this name");
    }
    Ok(file)
}

/// Renames a full log; false where another run is about to, or has done it.
fn put_away(folder: &OwnedFd, name: &OsStr, file: &File) -> Result<bool> {
    // Not waited for: anybody who may read a file may hold this.
    let Ok(lock) = Flock::lock(file.try_clone()?, FlockArg::LockExclusiveNonblock) else { return Ok(false) };
    let (own, there) = (lock.metadata()?, fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW));
    let is_same = there.is_ok_and(|there| u128::from(own.ino()) == u128::from(there.st_ino));
    if is_same {
        let mut old = name.to_owned();
        old.push(OLD);
        renameat(folder.as_fd(), name, folder.as_fd(), old.as_os_str()).context("putting it away")?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn lines_are_added_with_their_moment_and_level() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let path = tree.path().join("log/a.log");
        for text in ["one", "two\n2026-01-01T00:00:00Z error forged"] {
            Log::open(&path)?.write(Level::Notice, text)?;
        }
        let text = fs::read_to_string(&path)?;
        let lines: Vec<_> = text.lines().collect();
        let [one, two] = lines.as_slice() else { bail!("{text}") };
        assert!(one.ends_with("Z notice one") && one.starts_with("20"), "{one}");
        assert!(two.contains("two\\u{a}2026"), "{two}");
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o133, 0);
        Ok(())
    }

    #[test]
    fn a_full_log_is_put_away_once() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let (path, old) = (tree.path().join("a.log"), tree.path().join("a.log.old"));
        for round in 0..20 {
            Log::open_of(&path, 100)?.write(Level::Info, &format!("round {round:02}"))?;
            assert!(fs::metadata(&path)?.len() < 200);
        }
        assert!(fs::read_to_string(&old)?.contains("round") && fs::metadata(&old)?.len() < 200);
        assert_eq!(fs::read_dir(tree.path())?.count(), 2);
        Ok(())
    }

    #[test]
    fn what_is_no_file_of_its_own_is_not_written_to() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let at = |name: &str| tree.path().join(name);
        fs::write(at("victim"), "")?;
        symlink("victim", at("link"))?;
        symlink("nowhere", at("dangling"))?;
        fs::hard_link(at("victim"), at("second"))?;
        nix::unistd::mkfifo(&at("fifo"), Mode::S_IRWXU)?;
        fs::create_dir(at("folder"))?;
        for name in ["link", "dangling", "second", "fifo", "folder"] {
            assert!(Log::open(&at(name)).is_err(), "{name}");
        }
        assert_eq!(fs::read(at("victim"))?, b"");
        assert!(!at("nowhere").exists());
        Ok(())
    }
}
