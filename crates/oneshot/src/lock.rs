//! One writer a target at a time: a later run exits 75.
//!
//! The lock file stands in a directory that only root can write. `/run/lock` would not do: it is world-writable on
//! Debian, so any user could hold a lock there and keep root's repair from running.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};

use crate::{Exit, Root, refuse};

/// Where the locks stand; made on first use, gone with the next boot.
pub const DIRECTORY: &str = "/run/mendutils";

/// A held lock; the kernel drops it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its drop")] Flock<File>);

/// Takes the lock called `name`, or refuses with 75 when another run holds it.
pub fn take(root: &Root, name: &str) -> Result<Lock> {
    take_in(root, Path::new(DIRECTORY), name)
}

/// The same in another folder, which must be one that only the caller can write: for a program of a user, a folder below
/// the user's runtime directory.
pub fn take_in(root: &Root, directory: &Path, name: &str) -> Result<Lock> {
    let directory = root.join(directory);
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&directory)
        .with_context(|| format!("making {}", directory.display()))?;
    let path = directory.join(format!("{name}.lock"));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    lock(file, &path)
}

/// The same on a folder itself, for a target that stands where whoever writes to it may make no lock file.
pub fn take_folder(path: &Path) -> Result<Lock> {
    let folder = OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY).open(path);
    lock(folder.with_context(|| format!("opening {}", path.display()))?, path)
}

fn lock(file: File, path: &Path) -> Result<Lock> {
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Lock(lock)),
        Err((_, nix::Error::EWOULDBLOCK)) => Err(refuse(
            Exit::Busy,
            format!("another run holds {}; try again when it has ended", path.display()),
        )),
        Err((_, error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;

    #[test]
    fn the_second_run_is_told_to_come_back() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let first = take(&root, "fix-it.1000")?;
        let error = take(&root, "fix-it.1000").unwrap_err();
        assert_eq!(exit::of(&error), Exit::Busy);
        take(&root, "fix-it.1001")?;
        drop(first);
        take(&root, "fix-it.1000")?;
        let folder = take_folder(tree.path())?;
        assert_eq!(exit::of(&take_folder(tree.path()).unwrap_err()), Exit::Busy);
        drop(folder);
        take_folder(tree.path())?;
        Ok(())
    }
}
