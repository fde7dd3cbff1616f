//! Where a program keeps something: for as long as the machine or the session lasts, and for longer.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{Exit, Root, refuse};

/// The suite's name, as the folders have it.
const NAME: &str = "mendutils";

/// Where root keeps what does not outlive a boot (file-hierarchy(7)).
pub(crate) const RUNTIME: &str = "/run/mendutils";

/// Where root keeps what outlives a boot (file-hierarchy(7)).
const STATE: &str = "/var/lib/mendutils";

/// The folder that is gone with the machine's or the user's session. Only its owner can write there.
pub fn runtime(root: &Root) -> Result<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        return Ok(root.join(RUNTIME));
    }
    Ok(root.join(variable("XDG_RUNTIME_DIR")?.join(NAME)))
}

/// The folder that stays (XDG Base Directory Specification, `$XDG_STATE_HOME`).
pub fn state(root: &Root) -> Result<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        return Ok(root.join(STATE));
    }
    let home = match variable("XDG_STATE_HOME") {
        Ok(state) => state,
        Err(_) => variable("HOME")?.join(".local/state"),
    };
    Ok(root.join(home.join(NAME)))
}

/// A variable that holds an absolute path, or a refusal with 69.
pub fn variable(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    path.ok_or_else(|| refuse(Exit::Unavailable, format!("{name} is not set to an absolute path")))
}

/// Puts a file in the place of the one that is there, whole or not at all, for its owner's eyes only; makes its folder.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    try_replace(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn try_replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The error that is told is the first one.
        let _ = fs::remove_file(&new);
    }
    written?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_is_for_its_owner_alone() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let path = tree.path().join("a/b.json");
        replace(&path, b"one")?;
        replace(&path, b"2")?;
        assert_eq!(fs::read(&path)?, b"2");
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(tree.path().join("a"))?.count(), 1);
        fs::create_dir(tree.path().join("c"))?;
        assert!(replace(&tree.path().join("c"), b"x").is_err());
        assert!(!tree.path().join("c.new").exists());
        Ok(())
    }
}
