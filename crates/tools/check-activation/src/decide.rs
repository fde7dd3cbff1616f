//! From facts and troubles to findings. Reads nothing: no file, no environment, no clock, no uid.

use std::path::{Path, PathBuf};

use activation::{Facts, Trouble};
use nix_host::Platform;
use oneshot::{Finding, Status};

pub mod jobs;
pub mod system;

/// All that is decided from.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What was found.
    pub facts: &'a Facts,
    /// What is wrong with it.
    pub troubles: &'a [Trouble],
    /// Last lines of logs of this boot.
    pub logs: &'a [(PathBuf, String)],
    /// Why launchd told nothing; `None` where it did, or there is none.
    pub silent: Option<&'a Silent>,
}

/// Why launchd told nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silent {
    /// It was not asked.
    Unasked(String),
    /// It did not answer in time.
    Hangs(String),
}

impl Seen<'_> {
    /// The last line of a log, where it is of this boot.
    fn log(&self, path: &Path) -> Option<String> {
        let (_, line) = self.logs.iter().find(|(at, _)| at == path)?;
        Some(format!("{} says of this boot: {line}", path.display()))
    }
}

/// Every finding, in the order in which one explains the next. The ids are stable; docs/programs/check-activation.md lists
/// them.
#[must_use]
pub fn findings(seen: &Seen<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = system::findings(seen);
    found.extend(jobs::findings(seen));
    found.extend(system::shell(seen));
    found
}

/// Whether a trouble of the host itself makes it fail the check. On NixOS a system that does not run yet may be wanted:
/// `nixos-rebuild boot` makes it so.
#[must_use]
pub fn is_failure(platform: Platform, trouble: &Trouble) -> bool {
    system::finding(platform, trouble).is_some_and(|finding| finding.status == Status::Fail)
}

/// Names the shape of a trouble.
fn shaped(finding: Finding, trouble: &Trouble) -> Finding {
    match trouble.shape() {
        Some(shape) => finding.shape(shape.name()),
        None => finding,
    }
}

#[cfg(test)]
mod tests;
