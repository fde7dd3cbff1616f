//! Where a standard stream leads, and how a line looks there.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use anstyle::{AnsiColor, Style};

use crate::Status;
use crate::text::printable;

/// The journal's severity, from syslog(3); sd-daemon(3) gives the `<N>` prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Level {
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

/// What stands behind a file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Terminal { colour: bool },
    Journal,
    Plain,
}

impl Kind {
    pub(crate) fn of(stream: &(impl AsFd + IsTerminal)) -> Self {
        if stream.is_terminal() {
            let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            return Self::Terminal { colour: !no_colour && !dumb };
        }
        if leads_to_journal(stream) { Self::Journal } else { Self::Plain }
    }

    /// `text` in `style` where the stream shows colour; control characters from outside never pass.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Terminal { colour: true } => format!("{style}{}{style:#}", printable(text)),
            _ => printable(text),
        }
    }

    /// What stands before a line of the given level.
    pub(crate) fn prefix(self, level: Level, program: &str) -> String {
        match self {
            Self::Journal => format!("<{}>", level as u8),
            _ if program.is_empty() => String::new(),
            _ => format!("{program}: "),
        }
    }
}

/// systemd.exec(5), `$JOURNAL_STREAM`: device and inode of the socket to the journal, in decimal.
fn leads_to_journal(stream: &impl AsFd) -> bool {
    let Some(value) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let Ok(stat) = nix::sys::stat::fstat(stream) else { return false };
    value.to_str() == Some(format!("{}:{}", stat.st_dev, stat.st_ino).as_str())
}

/// The colour of a word that tells a status.
pub(crate) fn colour(status: Status) -> Style {
    let colour = match status {
        Status::Ok => AnsiColor::Green,
        Status::Warn => AnsiColor::Yellow,
        Status::Fail => AnsiColor::Red,
        Status::Skip => AnsiColor::BrightBlack,
    };
    colour.on_default()
}

/// Writes a line in one system call, so that lines of two programs do not mix.
pub(crate) fn write_line(mut to: impl Write, line: &str) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(line.len() + 1);
    bytes.extend_from_slice(line.as_bytes());
    bytes.push(b'\n');
    to.write_all(&bytes)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_on_a_terminal_that_wants_it() {
        let style = colour(Status::Fail);
        assert_eq!(Kind::Plain.paint(style, "fail"), "fail");
        assert_eq!(Kind::Terminal { colour: false }.paint(style, "fail"), "fail");
        assert!(Kind::Terminal { colour: true }.paint(style, "fail").contains("\u{1b}["));
    }

    #[test]
    fn the_journal_gets_a_level_and_no_name() {
        assert_eq!(Kind::Journal.prefix(Level::Notice, "fix-it"), "<5>");
        assert_eq!(Kind::Plain.prefix(Level::Notice, "fix-it"), "fix-it: ");
    }
}
