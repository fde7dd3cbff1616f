//! What the program is asked to look at.

use std::path::PathBuf;

use clap::Parser;
use oneshot::Common;
use oneshot::report::Answer;
use user_session::Target;

/// Check a user's session: runtime directory, service manager, bus, linger, and what breaks them
#[derive(Debug, Parser)]
#[command(name = Arguments::PROGRAM, version, about)]
pub struct Arguments {
    /// Whose session, by name or uid; by default the caller's own, under sudo that of the user who called it
    #[arg(value_name = "USER")]
    pub user: Option<Target>,

    /// Look again until all is in order, for at most SECS seconds
    #[arg(long, value_name = "SECS")]
    pub wait: Option<u32>,

    /// Would switching to SYSTEM unmount the live directory? By default the system profile of NixOS, where there is one
    #[arg(long, value_name = "SYSTEM")]
    pub next: Option<PathBuf>,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl Arguments {
    const PROGRAM: &'static str = "check-user-session";
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = Self::PROGRAM;
    const ANSWER: Answer = Answer::Findings;

    fn common(&self) -> &Common {
        &self.common
    }
}
