//! In place of the mounts where there are no namespaces.

use std::path::Path;

use anyhow::{Result, bail};

/// It needs Linux.
pub(super) fn alone() -> Result<()> {
    bail!("making a mount namespace: needs Linux")
}

/// It needs Linux.
pub(super) fn bind(_folder: &Path, _at: &Path) -> Result<()> {
    alone()
}

/// It needs Linux.
pub(super) fn take_off(_at: &Path) -> Result<()> {
    alone()
}
