//! How a run of a job ended, as launchd tells it, and what the usual codes stand for.

use std::fmt;

/// The end of a job's last run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// `(never exited)`: it never ran, or its first run goes on.
    Never,
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// launchd said something else.
    Unknown(String),
}

impl Ended {
    /// The value of `last exit code`: `0`, `78: EX_CONFIG` or `(never exited)`.
    #[must_use]
    pub fn of_field(text: &str) -> Self {
        if text == "(never exited)" {
            return Self::Never;
        }
        let number = text.split(':').next().unwrap_or_default().trim();
        number.parse().map_or_else(|_| Self::Unknown(text.to_owned()), Self::Code)
    }

    /// The value of `last terminating signal`: `Killed: 9`.
    #[must_use]
    pub fn of_signal(text: &str) -> Self {
        let number = text.rsplit(':').next().unwrap_or_default().trim();
        number.parse().map_or_else(|_| Self::Unknown(text.to_owned()), Self::Signal)
    }

    /// The status in a list of services: `-`, a code, or a signal below zero.
    #[must_use]
    pub fn of_column(text: &str) -> Self {
        match (text, text.parse::<i32>()) {
            ("-", _) => Self::Never,
            (_, Ok(code)) if code >= 0 => Self::Code(code),
            (_, Ok(signal)) => Self::Signal(signal.saturating_neg()),
            _ => Self::Unknown(text.to_owned()),
        }
    }

    /// What the code means where launchd, and not the program, gave it; `None` for any other.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        let Self::Code(code) = self else { return None };
        // sysexits(3), execve(2), and what nix-darwin#1597, #1792 and #1709 report.
        match code {
            13 => Some("its user may not enter the folder that it works in or writes its output to"),
            78 => Some(
                "launchd cannot start it as its definition says (EX_CONFIG), or cannot write its output file",
            ),
            111 => Some("its program is missing or is none"),
            126 => Some("its program may not be executed"),
            127 => Some("its program, or one that it starts, is not there"),
            _ => None,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => out.write_str("never exited"),
            Self::Code(code) => write!(out, "exit {code}"),
            Self::Signal(signal) => write!(out, "signal {signal}"),
            Self::Unknown(text) => write!(out, "ended with {}", oneshot::text::quoted(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_in_three_spellings() {
        assert_eq!(Ended::of_field("0"), Ended::Code(0));
        assert_eq!(Ended::of_field("78: EX_CONFIG"), Ended::Code(78));
        assert_eq!(Ended::of_field("(never exited)"), Ended::Never);
        assert_eq!(Ended::of_field("soon"), Ended::Unknown("soon".to_owned()));
        assert_eq!(Ended::of_column("-"), Ended::Never);
        assert_eq!(Ended::of_column("-9"), Ended::Signal(9));
        assert_eq!(Ended::of_column("-2147483648"), Ended::Signal(i32::MAX));
        assert_eq!(Ended::of_column("(pe)"), Ended::Unknown("(pe)".to_owned()));
    }
}
