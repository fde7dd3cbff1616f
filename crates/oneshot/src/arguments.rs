//! The options that all programs share, so that they are written and worded once.

use std::path::{Component, PathBuf};
use std::time::Duration;

use crate::{Deadline, Root};

/// Options of every program.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Say more
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Say only what is wrong
    #[arg(short, long)]
    pub quiet: bool,

    /// Print one JSON object on standard output (schema "mendutils/1")
    #[arg(long)]
    pub json: bool,

    /// Work on a tree below DIR as if it were the root file system (for tests)
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    pub root: PathBuf,
}

impl Default for Common {
    fn default() -> Self {
        Self { verbose: 0, quiet: false, json: false, root: PathBuf::from("/") }
    }
}

impl Common {
    /// The tree to work on.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(&self.root)
    }
}

/// Options of every program that writes.
#[derive(clap::Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// Print what would be done and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Reads a whole path without `..`, for clap's `value_parser`.
pub fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let climbs = path.components().any(|part| part == Component::ParentDir);
    if path.is_absolute() && !climbs {
        Ok(path)
    } else {
        Err("it must be a whole path without ..".to_owned())
    }
}

/// How long a program waits where nothing else is said.
const SECONDS: u32 = 10;

/// Options of every program that waits.
#[derive(clap::Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Give up waiting after SECS seconds
    #[arg(long, value_name = "SECS", default_value_t = SECONDS)]
    pub timeout: u32,
}

impl Default for Wait {
    fn default() -> Self {
        Self { timeout: SECONDS }
    }
}

impl Wait {
    /// The moment at which waiting ends.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline::after(Duration::from_secs(u64::from(self.timeout)))
    }
}
