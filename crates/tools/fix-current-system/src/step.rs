//! The changes.

use std::fmt;
use std::path::PathBuf;

use nix_host::system;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Link the current system.
    Link {
        /// The system of the profile.
        target: PathBuf,
        /// What is wrong with the link, as a clause.
        because: String,
    },
    /// Link the root of the garbage collector to the link.
    Root {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it, as a clause.
        because: String,
    },
}

impl Step {
    /// Stable word for the report.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Link { .. } => "link-system",
            Self::Root { .. } => "link-gc-root",
        }
    }

    /// What is changed.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Link { .. } => system::CURRENT.to_owned(),
            Self::Root { path, .. } => path.display().to_string(),
        }
    }

    /// Whether it makes the same change as another, whatever it is needed for.
    #[must_use]
    pub fn is_again(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Link { target: one, .. }, Self::Link { target: other, .. }) => one == other,
            (Self::Root { path: one, .. }, Self::Root { path: other, .. }) => one == other,
            _ => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link { target, because } => {
                write!(out, "link {} to {}: {because}", system::CURRENT, target.display())
            }
            Self::Root { path, because } => {
                write!(out, "link {} to {}: {because}", path.display(), system::CURRENT)
            }
        }
    }
}
