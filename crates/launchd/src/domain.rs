//! Domains: the containers of jobs (launchctl(1), "SUBCOMMANDS").

use std::fmt;
use std::str::FromStr;

/// Where jobs live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Daemons. Anyone may look, only root may change it.
    System,
    /// `user/UID`: a user's background jobs. It is there without a login at the screen, made by any login.
    User(u32),
    /// `gui/UID`: a user's jobs in the graphical session. It is there only after a login at the screen.
    Gui(u32),
    /// `login/ASID`: a graphical session by its number for the audit.
    Login(u32),
}

impl Domain {
    /// A job in it, as launchctl wants it named.
    #[must_use]
    pub fn service(&self, label: &str) -> String {
        format!("{self}/{label}")
    }

    /// Whose it is; `None` for the system's and for one that is named by its session.
    #[must_use]
    pub fn uid(&self) -> Option<u32> {
        match self {
            Self::User(uid) | Self::Gui(uid) => Some(*uid),
            Self::System | Self::Login(_) => None,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => out.write_str("system"),
            Self::User(uid) => write!(out, "user/{uid}"),
            Self::Gui(uid) => write!(out, "gui/{uid}"),
            Self::Login(session) => write!(out, "login/{session}"),
        }
    }
}

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no domain: system, user/UID, gui/UID or login/ASID");
        if text == "system" {
            return Ok(Self::System);
        }
        let (kind, number) = text.split_once('/').ok_or_else(wrong)?;
        // "+5" would be a number to Rust, and not to launchctl.
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let number = number.parse().map_err(|_| wrong())?;
        match kind {
            "user" => Ok(Self::User(number)),
            "gui" => Ok(Self::Gui(number)),
            "login" => Ok(Self::Login(number)),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_as_it_is_written() {
        for text in ["system", "user/501", "gui/0", "login/100015"] {
            assert_eq!(text.parse::<Domain>().map(|domain| domain.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "system/", "gui", "gui/", "gui/+5", "gui/-2", "gui/5/x", "pid/1", "gui/4294967296"] {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
        assert_eq!(Domain::Gui(501).service("org.nixos.x"), "gui/501/org.nixos.x");
    }
}
