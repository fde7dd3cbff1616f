//! Files with their names, made in memory before they are written.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// A file's name and what is in it.
pub(crate) type Named = (String, Vec<u8>);

/// Writes them into a folder, which is made.
pub(crate) fn write(folder: &Path, files: &[Named]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}
