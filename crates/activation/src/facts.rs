//! All facts of a host.

use crate::files::Files;
use crate::ground::Ground;
use crate::jobs::Jobs;
use crate::link::Look;

/// What [`gather`](crate::gather()) found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The link to the system that runs, and the profile.
    pub look: Look,
    /// What it stands on.
    pub ground: Ground,
    /// What else an activation makes.
    pub files: Files,
    /// The jobs; `None` where there is no launchd.
    pub jobs: Option<Jobs>,
}
