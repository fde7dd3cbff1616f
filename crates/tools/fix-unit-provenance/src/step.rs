//! The repairs.

use std::fmt;
use std::path::PathBuf;

use provenance::owner::Kind;

/// One change to the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Put a link of a generation in its place.
    Restore {
        /// The place.
        path: PathBuf,
        /// What it leads to.
        source: PathBuf,
        /// Whose it is: with whose rights it is put there.
        owner: Kind,
        /// Whether a file stands there of which a copy is kept.
        keeps: bool,
    },
    /// Remove a drop-in that no generation ships, after a copy was made.
    Remove {
        /// The drop-in.
        path: PathBuf,
    },
    /// Have the manager read all its files.
    Reload,
}

impl Step {
    /// Stable word for the kind of change.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Restore { .. } => "restore-link",
            Self::Remove { .. } => "remove-drop-in",
            Self::Reload => "reload",
        }
    }

    /// What is changed.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Restore { path, .. } | Self::Remove { path } => path.display().to_string(),
            Self::Reload => "manager".to_owned(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restore { path, source, keeps, .. } => {
                let kept = if *keeps { ", and keep a copy of the file there" } else { "" };
                write!(out, "link {} to {}{kept}", path.display(), source.display())
            }
            Self::Remove { path } => write!(out, "remove {}, and keep a copy", path.display()),
            Self::Reload => out.write_str("have the manager read its files (daemon-reload)"),
        }
    }
}
