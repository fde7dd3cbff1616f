//! What a test does with it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::TOOLS;
use crate::state::{FOLDER, Held, Job, State, write};

/// The launchd of a tree.
#[derive(Clone, Debug)]
pub struct Launchd {
    tree: PathBuf,
}

impl Launchd {
    /// Puts it into a tree: all tools, and the state of a Mac that has just booted.
    pub fn install(tree: &Path) -> io::Result<Self> {
        let binary = std::env::current_exe()?;
        for tool in TOOLS {
            let path = tree.join(tool);
            fs::create_dir_all(path.parent().unwrap_or(tree))?;
            symlink(&binary, path)?;
        }
        fs::create_dir_all(tree.join(FOLDER))?;
        write(&tree.join(FOLDER).join("state.json"), &State::new())?;
        let own = Self { tree: tree.to_owned() };
        own.forget()?;
        Ok(own)
    }

    /// The state as it is now.
    pub fn state(&self) -> io::Result<State> {
        Ok(Held::take(&self.tree)?.state)
    }

    /// Changes the state.
    pub fn edit(&self, change: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut held = Held::take(&self.tree)?;
        change(&mut held.state);
        held.keep()
    }

    /// A job of the system's domain; `None` when it is not loaded.
    pub fn job(&self, label: &str) -> io::Result<Option<Job>> {
        Ok(self.state()?.domains.get("system").and_then(|domain| domain.jobs.get(label)).cloned())
    }

    /// Every call since the last [`Launchd::forget`]: the tool and its arguments.
    pub fn calls(&self) -> io::Result<Vec<String>> {
        let text = fs::read_to_string(self.tree.join(FOLDER).join("calls"))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Forgets the calls.
    pub fn forget(&self) -> io::Result<()> {
        fs::write(self.tree.join(FOLDER).join("calls"), "")
    }
}
