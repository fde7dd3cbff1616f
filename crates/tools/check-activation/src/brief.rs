//! What a shell says at its start: the link alone, in two lines.

use std::path::Path;

use activation::{Trouble, ground, link};
use anyhow::Result;
use nix_host::{Platform, profile};
use oneshot::{Resolver, Root};

use crate::decide;

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// A word for it, so that the same is not said twice.
    pub cause: &'static str,
    /// The cause, and the command that mends it.
    pub lines: Vec<String>,
}

/// What mends it, by hand.
const RECOVER: &str = "nix-recover";

/// Looks at the link, and, only where it is not right, at what it stands on. No process is started. `None` where there is
/// nothing to be said.
pub fn look(root: &Root) -> Result<Option<Said>> {
    let resolver = Resolver::new(root);
    let look = link::look(&resolver, Path::new(profile::SYSTEM));
    if look.is_right() {
        return Ok(None);
    }
    // Whoever sources the lines of a shell has a reason to: a Mac whose store is away has no other sign of a system.
    let ground = ground::read(&resolver)?;
    let mut troubles = ground.troubles(look.platform, look.is_managed);
    if ground.has_store() {
        troubles.extend(look.troubles());
    }
    Ok(said(look.platform, &troubles))
}

/// The first trouble explains the others.
#[must_use]
pub fn said(platform: Platform, troubles: &[Trouble]) -> Option<Said> {
    let first = troubles.iter().find(|trouble| decide::is_failure(platform, trouble))?;
    let finding = decide::system::finding(platform, first)?;
    let shape = finding.shape.map(|shape| format!(" [{shape}]")).unwrap_or_default();
    let mut lines = vec![format!("the system of the profile does not run: {}{shape}", finding.text)];
    // Elsewhere there is no such command.
    let cure =
        if platform == Platform::Mac { Some(RECOVER.to_owned()) } else { finding.hint.last().cloned() };
    lines.extend(cure.map(|cure| format!("to mend it: {cure}")));
    Some(Said { cause: finding.shape.unwrap_or(finding.id), lines })
}
