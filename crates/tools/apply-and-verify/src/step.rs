//! The changes.

use std::fmt;

use stack::stale::{Reason, Stale};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Fetch the images.
    Pull {
        /// Whose.
        project: String,
    },
    /// Remove a container that the provider would leave as it is.
    Remove(Stale),
    /// Have the provider bring the project up.
    Apply {
        /// Which.
        project: String,
        /// By whom.
        provider: String,
        /// Containers that are new, started anew or gone; empty before it is known.
        changed: Vec<String>,
    },
    /// Go back to what was last verified.
    RollBack {
        /// Which.
        project: String,
    },
}

impl Step {
    /// Stable word for the report.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pull { .. } => "pull",
            Self::Remove(_) => "remove-container",
            Self::Apply { .. } => "apply",
            Self::RollBack { .. } => "roll-back",
        }
    }

    /// What is changed.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Remove(stale) => stale.name.clone(),
            Self::Pull { project } | Self::Apply { project, .. } | Self::RollBack { project } => {
                project.clone()
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull { project } => write!(out, "pull the images of project {project}"),
            Self::Remove(stale) => write!(out, "remove container {}, {}", stale.name, reason(&stale.reason)),
            Self::Apply { project, provider, changed } => {
                write!(out, "apply project {project} with {provider}")?;
                if changed.is_empty() { Ok(()) } else { write!(out, ": {}", changed.join(", ")) }
            }
            Self::RollBack { project } => {
                write!(out, "roll project {project} back to what was last verified")
            }
        }
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::StaleHealth { health } => format!("which has been {health} for too long"),
        Reason::OtherUnit { found } if found.is_empty() => "which is labelled with no unit".to_owned(),
        Reason::OtherUnit { found } => format!("which is labelled with another unit, {found}"),
        Reason::OtherImage => "which runs an older image".to_owned(),
        Reason::Surplus => "of which its service has one too many".to_owned(),
        Reason::Orphan => "whose service is in no compose file any more".to_owned(),
        Reason::Ghost => "which podman calls running although a process of it is gone".to_owned(),
    }
}
