//! What the program is asked to look at.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use oneshot::Common;
use oneshot::arguments::absolute;
use oneshot::report::Answer;
use provenance::owner::Kind;
use systemd::unit::Name;
use user_session::Target;

use crate::allow::Pattern;

/// Check where units come from: what the generation ships, what lies on the unit path, what the manager has loaded
#[derive(Debug, Parser)]
#[command(name = Arguments::PROGRAM, version, about)]
pub struct Arguments {
    /// Units that a generation must ship and that must be as it ships them; by default all that it ships
    #[arg(value_name = "UNIT", conflicts_with = "all")]
    pub units: Vec<Name>,

    /// Units of the user's own manager, by default the caller's; the default unless root calls
    #[arg(long, value_name = "USER", num_args = 0..=1, require_equals = true, conflicts_with = "system")]
    pub user: Option<Option<Target>>,

    /// Units of the system manager; the default for root
    #[arg(long)]
    pub system: bool,

    /// Also units that no generation ships
    #[arg(long)]
    pub all: bool,

    /// Only units that OWNER ships
    #[arg(long, value_name = "OWNER", default_value = "auto")]
    pub owner: Owner,

    /// Take DIR as the current generation of Home Manager; an activation sets the pointers to it last
    #[arg(long, value_name = "DIR", value_parser = absolute, conflicts_with = "system")]
    pub generation: Option<PathBuf>,

    /// Look at the files alone, ask no manager
    #[arg(long)]
    pub offline: bool,

    /// A drop-in that is wanted though no generation ships it: a path, or a file name, with * and ?
    #[arg(long, value_name = "PATTERN")]
    pub allow_drop_in: Vec<Pattern>,

    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

/// Who ships units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Owner {
    /// Whoever there is
    Auto,
    /// Home Manager
    HomeManager,
    /// NixOS
    Nixos,
}

impl Owner {
    /// The one that was named.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Auto => None,
            Self::HomeManager => Some(Kind::HomeManager),
            Self::Nixos => Some(Kind::NixOs),
        }
    }
}

impl Arguments {
    const PROGRAM: &'static str = "check-unit-provenance";
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = Self::PROGRAM;
    const ANSWER: Answer = Answer::Findings;

    fn common(&self) -> &Common {
        &self.common
    }
}
