//! Which folders are mount points: the kernel says so of each (statx(2), `STATX_ATTR_MOUNT_ROOT`), no table is needed.

use std::path::Path;

use anyhow::{Context as _, Result};
use oneshot::{Exit, Root, refuse};

use super::sys;

/// Whether a path without links, or a folder above it, is a mount point; the root is none.
pub(crate) fn is_on_own_mount(root: &Root, path: &Path) -> Result<bool> {
    for place in path.ancestors().filter(|place| *place != Path::new("/")) {
        let place = root.join(place);
        match sys::is_mount_root(&place) {
            Ok(Some(true)) => return Ok(true),
            Ok(Some(false)) => {}
            Ok(None) | Err(nix::Error::ENOSYS) => {
                return Err(refuse(
                    Exit::Unavailable,
                    "this kernel does not tell mount points (Linux 5.8 does)",
                ));
            }
            // Gone since the look: the next one sees it.
            Err(nix::Error::ENOENT | nix::Error::ENOTDIR) => return Ok(false),
            Err(error) => return Err(error).with_context(|| format!("looking at {}", place.display())),
        }
    }
    Ok(false)
}
