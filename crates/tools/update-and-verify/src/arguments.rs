//! The command line.

use anyhow::Result;
use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Report, Write};
use systemd::unit::Name;

/// Update containers by podman auto-update, and prove that they work
#[derive(Parser, Debug)]
#[command(name = "update-and-verify", version, about)]
pub struct Arguments {
    /// Be done, podman's pulls and restarts included, after SECS seconds
    #[arg(long, value_name = "SECS", default_value_t = 900)]
    pub timeout: u32,

    /// Ask that each container has been up for SECS seconds, counted from its own start
    #[arg(long, value_name = "SECS", default_value_t = 10)]
    pub stable: u32,

    /// Units that must be among those that were looked at; without a suffix, services
    #[arg(long, value_name = "UNIT", num_args = 1..)]
    pub expect: Vec<Name>,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "update-and-verify";
    const ANSWER: Answer = Answer::Findings;

    fn common(&self) -> &Common {
        &self.common
    }

    fn ended(&self, report: &Report, error: Option<&anyhow::Error>) -> Result<()> {
        // A dry run proves nothing of the unit that it runs in.
        if self.write.dry_run { Ok(()) } else { evidence::leave(&self.common.root(), report, error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_units_follow_one_option_or_several() -> Result<()> {
        for words in
            [["--expect", "web", "db.service", "-q"], ["--expect=web", "--expect", "db.service", "-q"]]
        {
            let arguments = Arguments::try_parse_from(["update-and-verify"].into_iter().chain(words))?;
            let units: Vec<&str> = arguments.expect.iter().map(Name::as_str).collect();
            assert_eq!(units, ["web.service", "db.service"]);
        }
        assert!(Arguments::try_parse_from(["update-and-verify", "--expect", "web*"]).is_err());
        Ok(())
    }
}
