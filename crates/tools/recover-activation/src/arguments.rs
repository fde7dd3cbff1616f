//! The command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Write, arguments};

use crate::level::Level;

/// Bring the activated system back after a boot that lost it: the store, the link, the jobs, and what else is needed
#[derive(Parser, Debug)]
#[command(name = "recover-activation", version, about)]
pub struct Arguments {
    /// Explain each step and ask on the terminal before it; what the name nix-recover stands for
    #[arg(long, conflicts_with = "json")]
    pub ask: bool,

    /// Take every question for answered with yes; not for a job
    #[arg(long)]
    pub yes: bool,

    /// Go no further than this: 0 the store, 1 the link, 2 the jobs, 3 a full activation
    #[arg(long, value_name = "MAX", default_value = "3")]
    pub level: Level,

    /// Give up waiting for the store after SECS seconds
    #[arg(long, value_name = "SECS", default_value_t = 300)]
    pub timeout: u32,

    /// Add every line that is said to FILE, with its time; else to the log of the user, or of root
    #[arg(long, value_name = "FILE", value_parser = arguments::absolute)]
    pub log_file: Option<PathBuf>,

    /// Print the rule for sudo that lets USER (or %GROUP) recover without a password, and do nothing else
    #[arg(long, value_name = "USER", value_parser = crate::sudoers::whom, exclusive = true)]
    pub print_sudoers: Option<String>,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

/// The name by which it is called by hand.
const BY_HAND: &str = "nix-recover";

impl Arguments {
    /// Whether somebody at a terminal is to be asked.
    pub(crate) fn asks(&self) -> bool {
        let called = std::env::args_os().next();
        let is_named =
            called.as_deref().and_then(|name| Path::new(name).file_name()) == Some(OsStr::new(BY_HAND));
        !self.yes && (self.ask || (is_named && !self.common.json && !self.write.dry_run))
    }
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "recover-activation";
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }
}
