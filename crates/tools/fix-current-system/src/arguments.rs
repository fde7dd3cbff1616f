//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use nix_host::{gc_root, profile, store};
use oneshot::report::Answer;
use oneshot::{Common, Limit, Write, arguments};

/// Link /run/current-system to the system of the profile, once the store is there
#[derive(Parser, Debug)]
#[command(name = "fix-current-system", version, about)]
pub struct Arguments {
    /// What has to be there first; on a mount of its own, where the host declares one
    #[arg(long, value_name = "PATH", default_value = store::STORE, value_parser = arguments::absolute)]
    pub wait_for: PathBuf,

    /// Give up waiting after SECS seconds; "infinity" never
    #[arg(long, value_name = "SECS", default_value = "300")]
    pub timeout: Limit,

    /// The profile of the system
    #[arg(long, value_name = "PATH", default_value = profile::SYSTEM, value_parser = arguments::absolute)]
    pub profile: PathBuf,

    /// The link that keeps the system from being collected
    #[arg(long, value_name = "PATH", default_value = gc_root::CURRENT, value_parser = arguments::absolute)]
    pub gc_root: PathBuf,

    /// Also replace a link that leads to another system than the profile, and works
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "never",
        default_missing_value = "always",
        num_args = 0..=1,
        require_equals = true
    )]
    pub stale: Stale,

    /// Add every line that is said to FILE, with its time; when it is full it becomes FILE.old
    #[arg(long, value_name = "FILE", value_parser = arguments::absolute)]
    pub log_file: Option<PathBuf>,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

/// Whether a link that works is replaced, where it leads to another system than the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stale {
    /// It is told of, and left as it is
    Never,
    /// Where it was made before this boot; one that is younger is an activation's, and left as it is
    FormerBoot,
    /// Whoever made it
    Always,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "fix-current-system";
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }
}
