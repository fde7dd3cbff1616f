//! What the program is asked to repair.

use std::path::PathBuf;

use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Write, arguments};
use systemd::unit::Name;
use user_session::Target;

/// Put the links of units back as the generation ships them, and have the manager read its files once
#[derive(Debug, Parser)]
#[command(name = Arguments::PROGRAM, version, about)]
pub struct Arguments {
    /// Only these units; by default all that a generation ships
    #[arg(value_name = "UNIT")]
    pub units: Vec<Name>,

    /// Units of the user's own manager, by default the caller's; the default unless root calls
    #[arg(long, value_name = "USER", num_args = 0..=1, require_equals = true, conflicts_with = "system")]
    pub user: Option<Option<Target>>,

    /// Units of the system manager; the default for root
    #[arg(long)]
    pub system: bool,

    /// Only put links back; with --reload both, which is the default
    #[arg(long)]
    pub restore: bool,

    /// Only have the manager read its files again where it needs to, once
    #[arg(long)]
    pub reload: bool,

    /// Keep what stood in the place of a link in DIR, and not beside it
    #[arg(long, value_name = "DIR", value_parser = arguments::absolute)]
    pub backup_dir: Option<PathBuf>,

    /// Also remove this foreign drop-in, and keep a copy
    #[arg(long, value_name = "PATH", value_parser = arguments::absolute)]
    pub remove_foreign: Vec<PathBuf>,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl Arguments {
    const PROGRAM: &'static str = "fix-unit-provenance";
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = Self::PROGRAM;
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }
}
