//! Where something is kept: the lock for as long as the machine runs, the rollbacks for longer.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use anyhow::{Context, Result};
use oneshot::lock::{self, Lock};
use oneshot::{Exit, Root, refuse};

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
    pub(crate) fn of_caller() -> Result<Self> {
        let own = variable("STATE_DIRECTORY").ok();
        if nix::unistd::geteuid().is_root() {
            let state = own.unwrap_or_else(|| PathBuf::from("/var/lib/mendutils"));
            return Ok(Self { runtime: PathBuf::from(lock::DIRECTORY), state });
        }
        let runtime = variable("XDG_RUNTIME_DIR")?.join("mendutils");
        let state = match own {
            Some(own) => own,
            None => match variable("XDG_STATE_HOME") {
                Ok(home) => home.join("mendutils"),
                Err(_) => variable("HOME")?.join(".local/state/mendutils"),
            },
        };
        Ok(Self { runtime, state })
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
        let path = self.state.join(FILE);
        self.try_write(rollbacks).with_context(|| format!("writing {}", path.display()))
    }

    fn try_write(&self, rollbacks: &[Rollback]) -> Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.state)?;
        let new = self.state.join(".rollbacks.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(rollbacks)?)?;
        file.sync_all()?;
        fs::rename(&new, self.state.join(FILE))?;
        fs::File::open(&self.state)?.sync_all()?;
        Ok(())
    }
}

fn variable(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    path.ok_or_else(|| refuse(Exit::Unavailable, format!("{name} is not set to an absolute path")))
}

#[cfg(test)]
mod tests {
    use super::*;

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
