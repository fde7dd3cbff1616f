//! The options that all programs share, so that they are written and worded once.

use std::fmt;
use std::path::{Component, PathBuf};
use std::str::FromStr;
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

/// Reads an absolute path that climbs nowhere: what another one means would depend on where a service manager happens to
/// start its jobs.
pub fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_plain = path.components().all(|part| part != Component::ParentDir);
    if path.is_absolute() && is_plain {
        Ok(path)
    } else {
        Err("it must be a whole path without ..".to_owned())
    }
}

/// How long somebody waits who may also wait without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many seconds; after 0 of them only one look is taken.
    Seconds(u32),
    /// `infinity`, the word that systemd has for it (systemd.time(7)).
    Infinity,
}

impl Limit {
    /// How long that is, as a part of a sentence.
    #[must_use]
    pub fn at_most(self) -> String {
        match self {
            Self::Seconds(_) => format!("{self} at most"),
            Self::Infinity => "without an end".to_owned(),
        }
    }

    /// The moment at which waiting ends; `None` for never.
    #[must_use]
    pub fn deadline(self) -> Option<Deadline> {
        match self {
            Self::Seconds(seconds) => Some(Deadline::after(Duration::from_secs(u64::from(seconds)))),
            Self::Infinity => None,
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "infinity" {
            return Ok(Self::Infinity);
        }
        text.parse().map(Self::Seconds).map_err(|_| "it is a whole number of seconds, or infinity".to_owned())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(out, "{seconds} s"),
            Self::Infinity => out.write_str("infinity"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_seconds_or_the_word_of_systemd() {
        assert_eq!("300".parse(), Ok(Limit::Seconds(300)));
        assert_eq!("0".parse(), Ok(Limit::Seconds(0)));
        assert_eq!("infinity".parse(), Ok(Limit::Infinity));
        for bad in ["", "-1", "1.5", "5min", "Infinity", "inf", "4294967296"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad}");
        }
        assert!(Limit::Infinity.deadline().is_none());
        assert!(Limit::Seconds(0).deadline().is_some_and(|deadline| deadline.is_over()));
    }
}
