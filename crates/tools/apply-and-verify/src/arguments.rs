//! The command line.

use std::path::PathBuf;

use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Report, Write};

/// Bring a compose project up, and prove that every service of it is
#[derive(Parser, Debug)]
#[command(name = "apply-and-verify", version, about)]
pub struct Arguments {
    /// The name of the project
    #[arg(long, value_name = "NAME", value_parser = project)]
    pub project: String,

    /// A compose file; several are merged in their order
    #[arg(long, value_name = "FILE", required = true)]
    pub file: Vec<PathBuf>,

    /// A file with variables for the compose files
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,

    /// Switch a profile on
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,

    /// The unit that auto-update is to restart [default: the one that this runs in]
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,

    /// Give the services SECS seconds to become good, from the end of the apply step on
    #[arg(long, value_name = "SECS", default_value_t = 120)]
    pub timeout: u32,

    /// Give the compose provider SECS seconds
    #[arg(long, value_name = "SECS", default_value_t = 300)]
    pub apply_timeout: u32,

    /// Ask that each container has been up for SECS seconds, counted from its own start
    #[arg(long, value_name = "SECS", default_value_t = 2)]
    pub stable: u32,

    /// A service whose failure is only warned of
    #[arg(long, value_name = "SERVICE")]
    pub optional: Vec<String>,

    /// A service that does its work and ends with 0
    #[arg(long, value_name = "SERVICE")]
    pub oneshot: Vec<String>,

    /// Apply, and verify nothing
    #[arg(long, conflicts_with_all = ["rollback", "stable", "timeout"])]
    pub no_wait: bool,

    /// Go back to the state that was last verified when the new one fails
    #[arg(long)]
    pub rollback: bool,

    /// Pull the images first, and re-create what runs an older one
    #[arg(long)]
    pub pull: bool,

    /// The compose provider, a name or a path [default: as for podman compose]
    #[arg(long, value_name = "PROGRAM")]
    pub provider: Option<PathBuf>,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "apply-and-verify";
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }

    fn ended(&self, report: &Report, error: Option<&anyhow::Error>) -> anyhow::Result<()> {
        // A dry run proves nothing of the unit that it runs in.
        if self.write.dry_run { Ok(()) } else { evidence::leave(&self.common.root(), report, error) }
    }
}

impl Arguments {
    /// How long to wait for what.
    #[cfg(target_os = "linux")]
    pub(crate) fn limits(&self) -> stack::up::Limits {
        let seconds = |count| std::time::Duration::from_secs(u64::from(count));
        stack::up::Limits {
            apply: seconds(self.apply_timeout),
            verify: seconds(self.timeout),
            stable: seconds(self.stable),
        }
    }
}

/// Lower-case letters, digits, `-` and `_`, a letter or digit first (compose-spec, "Name top-level element"). It becomes
/// part of file names.
fn project(name: &str) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let is_first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.starts_with(is_first) && name.len() <= 128 && name.chars().all(is_part) {
        Ok(name.to_owned())
    } else {
        Err("a project's name has lower-case letters, digits, \"-\" and \"_\", and begins with a letter or digit".to_owned())
    }
}
