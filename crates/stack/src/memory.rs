//! What was last verified of a project: with it a run knows that there is nothing to do, and a rollback what to go back to.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use podman::Container;
use serde::{Deserialize, Serialize};

/// A state that was good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The effective configuration.
    pub config: String,
    /// The folder where its relative paths begin.
    pub folder: PathBuf,
    /// The provider that made it.
    pub provider: PathBuf,
    /// Files that the configuration only names, as they were.
    pub files: BTreeMap<PathBuf, Print>,
    /// The containers by id.
    pub containers: BTreeMap<String, Made>,
}

/// A container that was good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The image as it was asked for.
    pub image_name: String,
    /// Id of the image.
    pub image: String,
}

/// What changes with every change of a file, without its contents, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print(u64, u64, u64, i64, i64, i64, i64);

impl Print {
    /// Of a file as it is now, behind links; `None` where it is not there.
    pub fn of(path: &Path) -> Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(about) => Ok(Some(Self(
                about.dev(),
                about.ino(),
                about.size(),
                about.mtime(),
                about.mtime_nsec(),
                about.ctime(),
                about.ctime_nsec(),
            ))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("looking at {}", path.display())),
        }
    }
}

impl Verified {
    /// The containers of a state that is good now.
    #[must_use]
    pub fn made(containers: &[Container]) -> BTreeMap<String, Made> {
        containers
            .iter()
            .map(|one| {
                (one.id.clone(), Made { image_name: one.image_name.clone(), image: one.image.clone() })
            })
            .collect()
    }
}

/// The file of a project.
#[derive(Clone, Debug)]
pub struct Memory {
    path: PathBuf,
}

impl Memory {
    /// In the folder where the states of projects are kept. A project's name has no slash
    /// (compose-spec, "Name top-level element").
    #[must_use]
    pub fn new(folder: &Path, project: &str) -> Self {
        Self { path: folder.join(format!("{project}.json")) }
    }

    /// What was last verified. What cannot be read as such is as good as nothing: the next good run writes it anew.
    pub fn read(&self) -> Result<Option<Verified>> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", self.path.display())),
        }
    }

    /// Keeps a state, for the owner's eyes only: variables that were put in may be secret.
    pub fn write(&self, verified: &Verified) -> Result<()> {
        oneshot::keep::replace(&self.path, &serde_json::to_vec(verified)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_verified_is_read_back_and_is_for_the_owner_alone() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let memory = Memory::new(&tree.path().join("a/b"), "home");
        assert_eq!(memory.read()?, None);
        let file = tree.path().join("x.env");
        fs::write(&file, "A=1")?;
        let print = Print::of(&file)?.context("no print")?;
        let verified = Verified {
            config: "services: {}".to_owned(),
            files: BTreeMap::from([(file.clone(), print.clone())]),
            ..Verified::default()
        };
        memory.write(&verified)?;
        assert_eq!(memory.read()?, Some(verified));
        assert_eq!(fs::metadata(&memory.path)?.mode() & 0o777, 0o600);
        fs::write(&file, "A=22")?;
        assert_ne!(Print::of(&file)?, Some(print));
        fs::write(&memory.path, "{")?;
        assert_eq!(memory.read()?, None);
        Ok(())
    }
}
