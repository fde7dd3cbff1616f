//! What a step makes of the facts if all goes well: for a dry run, which takes none.

use launchd::Change;
use launchd::listing::Listed;
use launchd::outcome::Ended;

use crate::facts::{Installed, Job, Loaded};
use crate::step::Step;

/// The facts after a step.
pub fn after(job: &mut Job, step: &Step) {
    match step {
        Step::Install { .. } => job.installed = Installed::Same,
        Step::Remove { .. } => job.installed = Installed::Missing,
        Step::Launchctl(Change::Enable { .. }) => job.is_disabled = false,
        Step::Launchctl(Change::Bootout { .. }) => {
            (job.loaded, job.is_old) = (Loaded::No, false);
        }
        Step::Launchctl(Change::Bootstrap { .. } | Change::Kickstart { .. }) => {
            job.loaded = Loaded::Listed(Listed { pid: Some(1), ended: Ended::Never });
        }
    }
}
