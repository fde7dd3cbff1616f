//! The words for what a container is waited for, and for what went wrong with it.

use std::fmt;

use oneshot::text::printable;

use super::{Failure, Wait};

impl fmt::Display for Wait {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => out.write_str("waiting to be started"),
            Self::Health(_) => out.write_str("waiting to become healthy"),
            Self::Stable => out.write_str("running, waiting to have been up for long enough"),
            Self::End => out.write_str("at work, waiting for its end"),
            Self::Proof => out.write_str("a process of it is gone, waiting for podman to notice"),
            Self::Passage(state) => write!(out, "is {}", printable(state)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(out, "exited with {code}{}", signal(*code)),
            Self::Ended => out.write_str("exited with 0, although it was to stay"),
            Self::OomKilled => out.write_str("was killed by the kernel for its memory"),
            Self::Unhealthy { streak } => write!(out, "is unhealthy, {streak} checks in a row failed"),
            Self::Restarting { count: 1, .. } => out.write_str("was restarted after it had ended"),
            Self::Restarting { count, .. } => write!(out, "was restarted {count} times after it had ended"),
            Self::Ghost { runs: true } => out.write_str("is not watched any more: its conmon is gone"),
            Self::Ghost { runs: false } => {
                out.write_str("is a ghost: podman calls it running, its process is gone")
            }
            Self::Paused => out.write_str("is paused"),
            Self::NeverStarted => out.write_str("was made and never started"),
            Self::Missing { have: 0, .. } => out.write_str("has no container"),
            Self::Missing { have, want } => write!(out, "has {have} of {want} containers"),
        }
    }
}

/// A shell's way to tell of a signal (signal(7)), and podman's own codes (podman-run(1), "Exit Status").
fn signal(code: i64) -> &'static str {
    match code {
        134 => " (SIGABRT)",
        137 => " (SIGKILL)",
        139 => " (SIGSEGV)",
        143 => " (SIGTERM)",
        125 => " (podman could not run it)",
        126 => " (its command cannot be run)",
        127 => " (its command was not found)",
        _ => "",
    }
}
