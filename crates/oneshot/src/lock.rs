//! One writer a target at a time: a later run exits 75.
//!
//! The lock file stands in a directory that only root can write. `/run/lock` would not do: it is world-writable on
//! Debian, so any user could hold a lock there and keep root's repair from running.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg, OFlag, open, openat};
use nix::sys::stat::Mode;

use crate::{Exit, Root, refuse};

#[cfg(not(target_os = "macos"))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

#[cfg(not(target_os = "macos"))]
use linux as own;
#[cfg(target_os = "macos")]
use macos as own;

/// Where the locks stand; made on first use.
pub const DIRECTORY: &str = own::DIRECTORY;

/// Write access for anybody but the owner.
const WRITABLE: u32 = 0o022;

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
    let context = || format!("opening {}", directory.display());
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let folder = File::from(open(&directory, flags, Mode::empty()).with_context(context)?);
    let about = folder.metadata().with_context(context)?;
    let is_own = about.uid() == 0 || about.uid() == nix::unistd::geteuid().as_raw();
    if !is_own || about.mode() & WRITABLE != 0 {
        bail!("{} can be written by others: look who made it, and remove it", directory.display());
    }
    let name = format!("{name}.lock");
    let path = directory.join(&name);
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = openat(&folder, name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)
        .with_context(|| format!("opening {}", path.display()))?;
    let file = File::from(file);
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
        Ok(())
    }

    #[test]
    fn a_folder_that_others_can_write_has_no_locks() -> Result<()> {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let folder = tree.path().join("open");
        std::fs::create_dir(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o775))?;
        symlink("open", tree.path().join("link"))?;
        for name in ["/open", "/link"] {
            assert!(take_in(&root, Path::new(name), "fix-it").is_err(), "{name}");
        }
        assert_eq!(std::fs::read_dir(folder)?.count(), 0);
        Ok(())
    }
}
