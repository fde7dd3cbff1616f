//! The changes that launchctl can make, in its words. A program runs them.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use oneshot::Deadline;
use oneshot::command::Command;

use crate::{Domain, Tool, Tools};

/// One call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Load a definition.
    Bootstrap {
        /// Where.
        domain: Domain,
        /// The definition, as the host sees it.
        path: PathBuf,
    },
    /// Unload a job; its process is ended. That takes a while, and launchctl does not wait for it.
    Bootout {
        /// Where.
        domain: Domain,
        /// Which.
        label: String,
    },
    /// Take away the override that disables a job.
    Enable {
        /// Where.
        domain: Domain,
        /// Which.
        label: String,
    },
    /// Start a loaded job now.
    Kickstart {
        /// Where.
        domain: Domain,
        /// Which.
        label: String,
        /// Whether a process of it is ended first.
        kills: bool,
    },
}

impl Change {
    /// The arguments of launchctl.
    #[must_use]
    pub fn arguments(&self) -> Vec<OsString> {
        match self {
            Self::Bootstrap { domain, path } => {
                vec!["bootstrap".into(), domain.to_string().into(), path.clone().into()]
            }
            Self::Bootout { domain, label } => vec!["bootout".into(), domain.service(label).into()],
            Self::Enable { domain, label } => vec!["enable".into(), domain.service(label).into()],
            Self::Kickstart { domain, label, kills: false } => {
                vec!["kickstart".into(), domain.service(label).into()]
            }
            Self::Kickstart { domain, label, kills: true } => {
                vec!["kickstart".into(), "-k".into(), domain.service(label).into()]
            }
        }
    }
}

impl Change {
    /// The call, for whoever makes it.
    pub fn command(&self, tools: &Tools, deadline: &Deadline) -> Result<Command> {
        Ok(tools.command(Tool::Launchctl, deadline)?.args(self.arguments()))
    }
}

impl fmt::Display for Change {
    /// The command line.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("launchctl")?;
        self.arguments().iter().try_for_each(|word| write!(out, " {}", word.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_manual() {
        let (domain, label) = (Domain::Gui(501), "a".to_owned());
        let path = "/Library/LaunchAgents/a.plist".into();
        for (change, words) in [
            (Change::Bootstrap { domain, path }, "launchctl bootstrap gui/501 /Library/LaunchAgents/a.plist"),
            (Change::Bootout { domain, label: label.clone() }, "launchctl bootout gui/501/a"),
            (Change::Enable { domain, label: label.clone() }, "launchctl enable gui/501/a"),
            (
                Change::Kickstart { domain, label: label.clone(), kills: false },
                "launchctl kickstart gui/501/a",
            ),
            (Change::Kickstart { domain, label, kills: true }, "launchctl kickstart -k gui/501/a"),
        ] {
            assert_eq!(change.to_string(), words);
        }
    }
}
