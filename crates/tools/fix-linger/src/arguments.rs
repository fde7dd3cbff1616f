//! The command line.

use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Wait, Write};
use user_session::Target;

/// Keep a user's service manager running without a session, and make sure that it does
#[derive(Parser, Debug)]
#[command(name = "fix-linger", version, about)]
pub struct Arguments {
    /// Whom: a user name or a uid
    #[arg(value_name = "USER", required = true)]
    pub users: Vec<Target>,

    /// Enable it even where the NixOS configuration undoes it at the next boot or switch
    #[arg(long)]
    pub until_next_switch: bool,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// `--timeout`.
    #[command(flatten)]
    pub wait: Wait,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "fix-linger";
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }
}
