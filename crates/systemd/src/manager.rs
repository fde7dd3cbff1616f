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
}

/// Whether systemd is PID 1.
pub fn is_running(root: &Root) -> Result<bool> {
    root.has(BOOTED)
}

/// Asks PID 1 about itself.
pub fn show() -> Result<Manager> {
    let text = Scope::System.systemctl()?.args(["show", "-p", "Version,SystemState"]).output()?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Manager {
    let block = show::blocks(text).into_iter().next().unwrap_or_default();
    Manager { version: block.owned("Version"), state: block.owned("SystemState") }
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
    fn a_degraded_system_says_so() {
        let manager = parse(include_str!("fixtures/manager-trixie.txt"));
        assert_eq!(manager.state, "degraded");
    }
}
