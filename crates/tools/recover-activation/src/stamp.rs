//! Whether a full activation was run by itself since the boot. The stamp is written before the run: one that was killed
//! half-way is not repeated either.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use nix_host::boot;
use oneshot::{Root, keep};

/// The file in the folder of what is kept.
const FILE: &str = "recover-activation.boot";

/// The stamp of this boot.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    path: PathBuf,
    word: String,
}

impl Stamp {
    /// That of the caller.
    pub(crate) fn new(root: &Root) -> Result<Self> {
        Ok(Self { path: keep::state(root)?.join(FILE), word: boot::read(root)?.stamp() })
    }

    /// Whether it is set.
    pub(crate) fn is_set(&self) -> Result<bool> {
        // The folder is below the root already.
        let text = Root::default().read(&self.path)?;
        Ok(text.is_some_and(|text| text.trim() == self.word))
    }

    /// Sets it, whole or not at all.
    pub(crate) fn set(&self) -> Result<()> {
        keep::replace(&self.path, format!("{}\n", self.word).as_bytes())
    }

    /// Takes it back: nothing was run.
    pub(crate) fn clear(&self) -> Result<()> {
        std::fs::remove_file(&self.path).with_context(|| format!("removing {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_of_one_boot_and_nothing_else_is_a_stamp() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let path = tree.path().join("kept/recover-activation.boot");
        let of = |word: &str| Stamp { path: path.clone(), word: word.to_owned() };
        assert!(!of("a").is_set()?);
        of("a").set()?;
        assert!(of("a").is_set()? && !of("b").is_set()?);
        of("a").clear()?;
        assert!(!of("a").is_set()?);
        std::fs::write(&path, "")?;
        assert!(!of("a").is_set()?);
        Ok(())
    }
}
