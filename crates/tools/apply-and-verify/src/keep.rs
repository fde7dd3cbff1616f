//! The two folders where something is kept: for as long as the user's session lasts, and for longer.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
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
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.with_context(|| format!("making {}", folder.display()))?;
        Ok(folder)
    }

    /// Puts a file there, for the owner's eyes only, as it may hold secrets.
    pub(crate) fn put(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.files()?.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(&file).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }
}
