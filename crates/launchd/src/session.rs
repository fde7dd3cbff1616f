//! `launchctl managername`: in which type of session the caller runs.

use anyhow::{Result, bail};

/// A type of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// A login at the screen.
    Aqua,
    /// A user's jobs without one, and a login over SSH.
    Background,
    /// The system's jobs.
    System,
    /// The screen on which nobody is logged in yet.
    LoginWindow,
}

impl Session {
    /// Reads the name; an error for any other.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(match text.trim() {
            "Aqua" => Self::Aqua,
            "Background" => Self::Background,
            "System" => Self::System,
            "LoginWindow" => Self::LoginWindow,
            other => bail!("{} is no type of session", oneshot::text::quoted(other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_or_an_error() {
        assert_eq!(Session::parse("Aqua\n").ok(), Some(Session::Aqua));
        assert!(Session::parse("").is_err() && Session::parse("aqua").is_err());
    }
}
