//! Putting a symbolic link in its place without a gap.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::os::fd::BorrowedFd;

use anyhow::{Context, Result};
use nix::fcntl::renameat;
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

/// How often another name is tried where one is taken. Nobody can take a name on purpose, so once is often enough.
const TRIES: usize = 4;

/// Makes the link under the `temporary` name and renames it over what is called `name`, a folder apart. For a folder that
/// nobody but the caller writes to: what has the temporary name is taken for the rest of an earlier run, and removed.
pub fn replace(folder: BorrowedFd<'_>, name: &str, target: &str, temporary: &str) -> Result<()> {
    // One may be left of a run that was killed.
    match unlinkat(folder, temporary, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(nix::Error::ENOENT) => {}
        Err(error) => return Err(error).context("removing a link that an earlier run left"),
    }
    symlinkat(target, folder, temporary).with_context(|| format!("making the link {name}"))?;
    rename(folder, temporary, name)
}

/// The same in a folder that others write to as well. The temporary name begins with `prefix` and ends with what nobody can
/// foresee, and nothing that was there before is removed: a run that is killed in between leaves its link there.
pub fn replace_among_others(folder: BorrowedFd<'_>, name: &str, target: &str, prefix: &str) -> Result<()> {
    let mut tries = 0;
    let temporary = loop {
        let temporary = format!("{prefix}{:016x}", unforeseen());
        match symlinkat(target, folder, temporary.as_str()) {
            Ok(()) => break temporary,
            Err(nix::Error::EEXIST) if tries < TRIES => tries += 1,
            Err(error) => return Err(error).with_context(|| format!("making the link {name}")),
        }
    };
    rename(folder, &temporary, name)
}

fn rename(folder: BorrowedFd<'_>, temporary: &str, name: &str) -> Result<()> {
    let renamed = renameat(folder, temporary, folder, name);
    if renamed.is_err() {
        // The error that is told is the first one.
        let _ = unlinkat(folder, temporary, UnlinkatFlags::NoRemoveDir);
    }
    renamed.with_context(|| format!("putting the link {name} in its place"))
}

/// 64 bits of SipHash under a key that the standard library has of the kernel's random numbers.
fn unforeseen() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::fd::AsFd as _;
    use std::path::Path;

    #[test]
    fn a_link_is_replaced_and_nothing_is_left_beside_it() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let folder = File::open(tree.path())?;
        for target in ["a", "b"] {
            replace_among_others(folder.as_fd(), "link", target, ".new.")?;
            assert_eq!(fs::read_link(tree.path().join("link"))?, Path::new(target));
        }
        replace(folder.as_fd(), "link", "c", ".new")?;
        assert_eq!(fs::read_link(tree.path().join("link"))?, Path::new("c"));
        assert_eq!(fs::read_dir(tree.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_folder_in_the_place_stays_and_nothing_is_left_beside_it() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::create_dir(tree.path().join("link"))?;
        let folder = File::open(tree.path())?;
        assert!(replace_among_others(folder.as_fd(), "link", "a", ".new.").is_err());
        assert!(replace(folder.as_fd(), "link", "a", ".new").is_err());
        assert_eq!(fs::read_dir(tree.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn no_two_names_are_alike() {
        let names: std::collections::BTreeSet<u64> = (0..1000).map(|_| unforeseen()).collect();
        assert_eq!(names.len(), 1000);
    }
}
