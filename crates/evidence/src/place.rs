//! Where the files stand.

use std::path::PathBuf;

use oneshot::Root;

/// Below the runtime directory.
const FOLDER: &str = "mendutils/evidence";

/// The folder of all evidence of one manager's units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// That of units of the system manager.
    #[must_use]
    pub fn system() -> Self {
        Self(PathBuf::from("/run").join(FOLDER))
    }

    /// That of units of a user's manager, by the user's runtime directory.
    pub fn user(runtime_directory: impl Into<PathBuf>) -> Self {
        Self(runtime_directory.into().join(FOLDER))
    }

    /// Of one unit. A unit name holds no slash (systemd.unit(5)); one that does is no unit's.
    pub(crate) fn of_unit(&self, root: &Root, unit: &str) -> Option<PathBuf> {
        let is_name = !unit.is_empty() && !unit.contains('/') && unit != "." && unit != "..";
        is_name.then(|| root.join(&self.0).join(unit))
    }
}
