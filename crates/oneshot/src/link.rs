//! Putting a symbolic link in its place without a gap.

use std::os::fd::BorrowedFd;

use anyhow::{Context, Result};
use nix::fcntl::renameat;
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

/// Makes the link under the `temporary` name and renames it over what is called `name`, a folder apart.
pub fn replace(folder: BorrowedFd<'_>, name: &str, target: &str, temporary: &str) -> Result<()> {
    // One may be left of a run that was killed.
    match unlinkat(folder, temporary, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(nix::Error::ENOENT) => {}
        Err(error) => return Err(error).context("removing a link that an earlier run left"),
    }
    symlinkat(target, folder, temporary).with_context(|| format!("making the link {name}"))?;
    renameat(folder, temporary, folder, name).with_context(|| format!("putting the link {name} in its place"))
}
