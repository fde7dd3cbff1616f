//! The two folders where something is kept: for as long as the user's session lasts, and for longer.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oneshot::lock::{self, Lock};
use oneshot::{Root, keep};

/// The folders.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    runtime: PathBuf,
    state: PathBuf,
}

impl Places {
    /// Those of the caller.
    pub(crate) fn of(root: &Root) -> Result<Self> {
        Ok(Self { runtime: keep::runtime(root)?, state: keep::state(root)?.join("stacks") })
    }

    /// Where the last verified state of each project is.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// Lets one run at a time work on a project.
    pub(crate) fn lock(&self, project: &str) -> Result<Lock> {
        lock::take_in(&Root::default(), &self.runtime, &format!("apply-and-verify.{project}"))
    }

    /// A folder for files that the provider is given.
    pub(crate) fn files(&self) -> Result<PathBuf> {
        let folder = self.runtime.join("compose");
        for (folder, mode) in [(&self.runtime, 0o755), (&folder, 0o700)] {
            let made = DirBuilder::new().recursive(true).mode(mode).create(folder);
            made.with_context(|| format!("making {}", folder.display()))?;
        }
        Ok(folder)
    }

    /// Puts a file there, for the owner's eyes only, as it may hold secrets.
    pub(crate) fn put(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.files()?.join(name);
        keep::replace(&file, text.as_bytes())?;
        Ok(file)
    }

    /// The same for a run that does not hold the lock and leaves nothing behind.
    pub(crate) fn lend(&self, name: &str, text: &str) -> Result<Lent> {
        Ok(Lent(self.put(&format!("{}.{name}", std::process::id()), text)?))
    }
}

/// A file that is gone with the run.
#[derive(Debug)]
pub(crate) struct Lent(PathBuf);

impl Lent {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The runtime directory goes in the end, and this with it.
        let _ = std::fs::remove_file(&self.0);
    }
}
