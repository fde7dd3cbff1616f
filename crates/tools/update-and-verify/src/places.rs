//! Where something is kept: the lock for as long as the machine runs, the rollbacks for longer.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use oneshot::lock::{self, Lock};
use oneshot::{Root, keep};

use crate::rollbacks::Rollback;

/// In the state folder.
const FILE: &str = "rollbacks.json";

/// The two folders.
#[derive(Debug)]
pub(crate) struct Places {
    runtime: PathBuf,
    state: PathBuf,
}

impl Places {
    /// Those of the caller. `$STATE_DIRECTORY` is what a unit with `StateDirectory=` gives (systemd.exec(5)).
    pub(crate) fn of_caller(root: &Root) -> Result<Self> {
        let own = keep::variable("STATE_DIRECTORY").map(|own| root.join(own));
        let state = own.or_else(|_| keep::state(root))?;
        Ok(Self { runtime: keep::runtime(root)?, state })
    }

    /// Lets one run at a time update.
    pub(crate) fn lock(&self) -> Result<Lock> {
        lock::take_in(&Root::default(), &self.runtime, "update-and-verify")
    }

    /// The rollbacks of earlier runs. What cannot be read as such is as good as nothing.
    pub(crate) fn read(&self) -> Result<Vec<Rollback>> {
        let path = self.state.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Keeps these.
    pub(crate) fn write(&self, rollbacks: &[Rollback]) -> Result<()> {
        keep::replace(&self.state.join(FILE), &serde_json::to_vec(rollbacks)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Exit;

    #[test]
    fn what_was_kept_is_read_back_and_half_a_file_is_nothing() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let places = Places { runtime: tree.path().to_owned(), state: tree.path().join("a/b") };
        assert!(places.read()?.is_empty());
        let one = Rollback {
            container: "app".into(),
            unit: "app.service".into(),
            image_name: "localhost/app:latest".into(),
            image: "aa".into(),
            since: 7,
        };
        places.write(std::slice::from_ref(&one))?;
        assert_eq!(places.read()?, [one]);
        fs::write(tree.path().join("a/b").join(FILE), "[{")?;
        assert!(places.read()?.is_empty());
        let (_held, second) = (places.lock()?, places.lock());
        assert_eq!(second.err().map(|error| oneshot::exit::of(&error)), Some(Exit::Busy));
        Ok(())
    }
}
