//! Whose units: those of the system manager, or those of a user's own manager.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use oneshot::{Deadline, command};

/// How long one question to a manager may take. A manager that is busy with a reload answers after it; one that does
/// not answer within this time is as good as gone.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The words of polkit and of systemd itself for EACCES and EPERM.
const DENIED: [&str; 4] =
    ["Access denied", "Interactive authentication required", "Permission denied", "Operation not permitted"];

/// Whether a program of systemd says that it was not allowed to.
#[must_use]
pub fn is_denied(words: &str) -> bool {
    DENIED.iter().any(|denied| words.contains(denied))
}

/// A service manager to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// PID 1.
    System,
    /// `user@UID.service`; asked through `systemd/private` in the runtime directory, so it needs no bus.
    User {
        /// Whose manager; root asks as this user.
        uid: u32,
        /// The user's primary group.
        gid: u32,
        /// `/run/user/UID`.
        runtime_directory: PathBuf,
    },
}

impl Scope {
    /// The manager of the user with this uid and primary gid, at the place that logind gives it.
    #[must_use]
    pub fn user(uid: u32, gid: u32) -> Self {
        Self::User { uid, gid, runtime_directory: PathBuf::from(format!("/run/user/{uid}")) }
    }

    /// `systemctl` for this manager, without the verb.
    pub fn systemctl(&self) -> Result<command::Command> {
        let command = command::Command::new(command::find("systemctl")?)
            .deadline(Deadline::after(PATIENCE))
            .env("SYSTEMD_COLORS", "0")
            .arg("--no-pager");
        Ok(match self {
            Self::System => command.arg("--system"),
            Self::User { uid, gid, runtime_directory } => {
                let command = command.arg("--user").env("XDG_RUNTIME_DIR", runtime_directory);
                if nix::unistd::geteuid().as_raw() == *uid { command } else { command.owner(*uid, *gid) }
            }
        })
    }
}
