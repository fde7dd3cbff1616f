//! Who sits at the screen.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result};
use oneshot::Root;

/// Belongs to whoever is logged in at the screen, and to root while nobody is.
pub const CONSOLE: &str = "/dev/console";

/// The uid of who is logged in at the screen; `None` while nobody is, or root itself.
pub fn user(root: &Root) -> Result<Option<u32>> {
    match fs::metadata(root.join(CONSOLE)) {
        Ok(about) => Ok(Some(about.uid()).filter(|uid| *uid != 0)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("looking at {CONSOLE}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_the_console_sits_there_unless_it_is_root() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        assert_eq!(user(&root)?, None);
        fs::create_dir(tree.path().join("dev"))?;
        fs::write(tree.path().join("dev/console"), "")?;
        let own = nix::unistd::geteuid().as_raw();
        assert_eq!(user(&root)?, Some(own).filter(|uid| *uid != 0));
        if own == 0 {
            std::os::unix::fs::chown(tree.path().join("dev/console"), Some(501), None)?;
            assert_eq!(user(&root)?, Some(501));
        }
        Ok(())
    }
}
