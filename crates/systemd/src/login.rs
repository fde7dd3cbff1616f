//! What systemd-logind says of a user.

use anyhow::{Result, bail};
use oneshot::{Deadline, command};
use serde::Serialize;

use crate::scope::PATIENCE;
use crate::show;

/// The daemon's unit.
pub const UNIT: &str = "systemd-logind.service";

/// A user whom logind knows: one with a session, or one who lingers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// `offline`, `lingering`, `online`, `active`, `opening` or `closing` (sd_uid_get_state(3)).
    pub state: String,
    /// Whether the user's manager is kept without a session. This says what logind does now, which a file that came
    /// after its start does not change.
    pub linger: bool,
    /// Session names.
    pub sessions: Vec<String>,
}

impl User {
    /// Whether the user's manager should be there.
    #[must_use]
    pub fn is_present(&self) -> bool {
        matches!(self.state.as_str(), "lingering" | "online" | "active")
    }
}

/// What logind knows of a uid; `None` when it knows nothing, which also means that the user does not linger.
pub fn user(uid: u32) -> Result<Option<User>> {
    let command = loginctl()?
        .args(["show-user", "-p", "State", "-p", "Linger", "-p", "Sessions", "--"])
        .arg(uid.to_string());
    let outcome = command.run()?;
    if outcome.status.success() {
        return Ok(Some(parse(&String::from_utf8_lossy(&outcome.stdout))));
    }
    let words = outcome.words();
    // BUS_ERROR_NO_SUCH_USER in src/login/logind-dbus.c, the same words from 233 to 262.
    if words.contains("is not logged in or lingering") {
        return Ok(None);
    }
    bail!("{command} ended with {}: {words}", outcome.status)
}

/// `loginctl` without a verb. It needs the system bus.
pub fn loginctl() -> Result<command::Command> {
    Ok(command::Command::new(command::find("loginctl")?)
        .deadline(Deadline::after(PATIENCE))
        .env("SYSTEMD_COLORS", "0")
        .arg("--no-pager")
        // Without it loginctl may start an agent that asks for a password on the terminal.
        .arg("--no-ask-password"))
}

/// The user of an output of `loginctl show-user`.
fn parse(text: &str) -> User {
    let block = show::blocks(text).into_iter().next().unwrap_or_default();
    User {
        state: block.owned("State"),
        linger: block.flag("Linger").unwrap_or_default(),
        sessions: block.owned("Sessions").split_ascii_whitespace().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lingering_user_is_read_on_each_release() {
        for text in [
            include_str!("fixtures/user-bookworm.txt"),
            include_str!("fixtures/user-trixie.txt"),
            include_str!("fixtures/user-forky.txt"),
        ] {
            let user = parse(text);
            assert!(user.linger && user.is_present(), "{user:?}");
            assert_eq!(user.state, "lingering");
        }
    }

    #[test]
    fn a_closing_user_is_not_present() {
        let user = parse("State=closing\nLinger=no\nSessions=\n");
        assert!(!user.is_present() && !user.linger && user.sessions.is_empty());
    }
}
