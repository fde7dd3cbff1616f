//! The system manager itself.

use anyhow::Result;
use oneshot::Root;

use crate::{Scope, show};

/// Exists from early boot on exactly where systemd is PID 1 (sd_booted(3)).
pub const BOOTED: &str = "/run/systemd/system";

/// What PID 1 says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The running one's own version, such as `252.39-1~deb12u2`; it may differ from the installed `systemctl`.
    pub version: String,
    /// `initializing`, `starting`, `running`, `degraded`, `maintenance` or `stopping`.
    pub state: String,
    /// How many units are in the failed state.
    pub failed_units: u32,
    /// What it takes itself to run in, such as `wsl`; empty on bare metal.
    pub virtualization: String,
}

/// Whether systemd is PID 1.
pub fn is_running(root: &Root) -> Result<bool> {
    root.has(BOOTED)
}

/// Asks PID 1 about itself.
pub fn show() -> Result<Manager> {
    let text = Scope::System
        .systemctl()?
        .args(["show", "-p", "Version,SystemState,NFailedUnits,Virtualization"])
        .output()?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Manager {
    let block = show::blocks(text).into_iter().next().unwrap_or_default();
    Manager {
        version: block.owned("Version"),
        state: block.owned("SystemState"),
        failed_units: block.number("NFailedUnits").unwrap_or_default(),
        virtualization: block.owned("Virtualization"),
    }
}

impl Manager {
    /// The major version: 252 of `252.39-1~deb12u2`, 256 of `256~rc1`.
    #[must_use]
    pub fn release(&self) -> Option<u32> {
        let end = self.version.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.version.len());
        self.version.get(..end)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_the_leading_number() {
        for (text, release) in [
            (include_str!("fixtures/manager-bookworm.txt"), Some(252)),
            (include_str!("fixtures/manager-trixie.txt"), Some(257)),
            (include_str!("fixtures/manager-forky.txt"), Some(262)),
            ("Version=256~rc1\n", Some(256)),
            ("Version=\n", None),
        ] {
            assert_eq!(parse(text).release(), release);
        }
    }

    #[test]
    fn a_degraded_system_counts_its_failures() {
        let manager = parse(include_str!("fixtures/manager-trixie.txt"));
        assert_eq!((manager.state.as_str(), manager.failed_units), ("degraded", 1));
    }
}
