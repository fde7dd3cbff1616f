//! The changes.

use std::fmt;
use std::path::PathBuf;

use launchd::Change;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Copy a definition of the configuration to its place.
    Install {
        /// From where.
        source: PathBuf,
        /// To where.
        place: PathBuf,
    },
    /// Take an orphan away.
    Remove {
        /// Its definition.
        place: PathBuf,
    },
    /// One call of launchctl.
    Launchctl(Change),
}

impl Step {
    /// Stable word for the kind of change.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Install { .. } => "install-plist",
            Self::Remove { .. } => "remove-plist",
            Self::Launchctl(Change::Bootstrap { .. }) => "bootstrap",
            Self::Launchctl(Change::Bootout { .. }) => "bootout",
            Self::Launchctl(Change::Enable { .. }) => "enable",
            Self::Launchctl(Change::Kickstart { .. }) => "kickstart",
        }
    }

    /// What is changed.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Install { place, .. } | Self::Remove { place } => place.display().to_string(),
            Self::Launchctl(Change::Bootstrap { path, .. }) => path.display().to_string(),
            Self::Launchctl(
                Change::Bootout { domain, label }
                | Change::Enable { domain, label }
                | Change::Kickstart { domain, label, .. },
            ) => domain.service(label),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.target();
        match self {
            Self::Install { source, .. } => write!(out, "copy {} to {target}", source.display()),
            Self::Remove { .. } => write!(out, "remove {target}, which no configuration wants"),
            Self::Launchctl(Change::Bootstrap { domain, .. }) => write!(out, "load {target} into {domain}"),
            Self::Launchctl(Change::Bootout { .. }) => write!(out, "unload {target}"),
            Self::Launchctl(Change::Enable { .. }) => write!(out, "enable {target}"),
            Self::Launchctl(Change::Kickstart { .. }) => write!(out, "start {target}"),
        }
    }
}
