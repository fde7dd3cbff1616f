//! From facts to findings. Reads nothing: no file, no environment, no clock, no uid.

use oneshot::Finding;

use crate::facts::Facts;

mod causes;
mod directory;
mod host;
mod journal;
mod linger;
mod session;
mod units;
mod wslg;

/// Id of the finding on `/run/user`, before which a terminal gets the drawing of the mounts.
pub const PARENT: &str = "run-user-parent";

/// Every finding, from the host inwards. The ids are stable; docs/programs/check-user-session.md lists them.
#[must_use]
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = host::findings(facts);
    found.extend(directory::findings(facts));
    found.extend(causes::findings(facts));
    found.extend(units::findings(facts));
    found.extend(journal::findings(facts));
    found.extend(session::findings(facts));
    found.extend(linger::findings(facts));
    found.extend(wslg::findings(facts));
    found.into_iter().map(|finding| finding.about(&facts.account.name)).collect()
}

/// The command that mends the directory.
fn mend(facts: &Facts) -> String {
    format!("fix-runtime-dir {}", facts.account.uid)
}

/// The command that also starts a manager that failed or never ran.
fn mend_and_start(facts: &Facts) -> String {
    format!("fix-runtime-dir --start-manager {}", facts.account.uid)
}

#[cfg(test)]
mod tests;
