//! The exit codes, the same in every program (docs/conventions.md).

use std::fmt;
use std::process::ExitCode;

/// How a run ended. The numbers from 69 up are those of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// In order, done, or nothing to do.
    Ok = 0,
    /// Not in order, or the work failed.
    Failed = 1,
    /// Wrong usage; clap exits with it.
    Usage = 2,
    /// It was reported done but it is not, or it was rolled back.
    Contradicted = 3,
    /// The deadline passed and it is still undecided.
    Undecided = 4,
    /// `EX_UNAVAILABLE`: a needed service, program or platform is missing.
    Unavailable = 69,
    /// `EX_TEMPFAIL`: busy or not yet there, a later run may succeed.
    Busy = 75,
    /// `EX_NOPERM`: no permission.
    NoPermission = 77,
    /// `EX_CONFIG`: wrong configuration, a later run will not help.
    Config = 78,
}

impl Exit {
    /// Every code with what a manual page says about it.
    pub const ALL: [(Exit, &'static str); 9] = [
        (Exit::Ok, "In order, done, or nothing to do."),
        (Exit::Failed, "Not in order, or the work failed."),
        (Exit::Usage, "Wrong usage."),
        (Exit::Contradicted, "It was reported done, but it is not, or it was rolled back."),
        (Exit::Undecided, "The deadline passed and it is still undecided."),
        (Exit::Unavailable, "A needed service, program or platform is missing."),
        (Exit::Busy, "Busy or not yet there; a later run may succeed."),
        (Exit::NoPermission, "No permission."),
        (Exit::Config, "Wrong configuration; a later run will not help."),
    ];

    /// The number that the parent process sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Of two results for two targets the one to exit with: the first that is not [`Exit::Ok`], but a plain failure
    /// wins over "a later run may succeed", because a later run would not mend all.
    #[must_use]
    pub fn worse(self, other: Exit) -> Exit {
        match (self, other) {
            (Exit::Ok, other) => other,
            (Exit::Busy | Exit::Undecided, other) if other != Exit::Ok => other,
            (first, _) => first,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// An error with its own exit code; any other error exits with [`Exit::Failed`].
#[derive(Debug)]
pub struct Refusal {
    /// What `main` exits with.
    pub exit: Exit,
    text: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// An error that ends the program with `exit`.
pub fn refuse(exit: Exit, text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Refusal { exit, text: text.into() })
}

/// The exit code that an error asks for: that of a [`Refusal`] anywhere in the chain, 77 for a denied permission.
#[must_use]
pub fn of(error: &anyhow::Error) -> Exit {
    for cause in error.chain() {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return refusal.exit;
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::PermissionDenied
        {
            return Exit::NoPermission;
        }
        if let Some(nix::Error::EACCES | nix::Error::EPERM) = cause.downcast_ref::<nix::Error>() {
            return Exit::NoPermission;
        }
    }
    Exit::Failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_refusal_keeps_its_code_under_context() {
        let error =
            Err::<(), _>(refuse(Exit::Config, "no such user")).context("reading the arguments").unwrap_err();
        assert_eq!(of(&error), Exit::Config);
        assert_eq!(format!("{error:#}"), "reading the arguments: no such user");
    }

    #[test]
    fn a_denied_permission_is_77_and_anything_else_1() {
        assert_eq!(of(&anyhow::Error::new(nix::Error::EPERM)), Exit::NoPermission);
        assert_eq!(of(&anyhow::anyhow!("else")), Exit::Failed);
    }

    #[test]
    fn a_failure_wins_over_busy_and_anything_over_ok() {
        assert_eq!(Exit::Ok.worse(Exit::Busy), Exit::Busy);
        assert_eq!(Exit::Busy.worse(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Failed.worse(Exit::Busy), Exit::Failed);
        assert_eq!(Exit::Busy.worse(Exit::Ok), Exit::Busy);
    }
}
