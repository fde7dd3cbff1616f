//! The command line.

use std::str::FromStr;

use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Write};
use systemd::unit::Name;
use user_session::Target;

/// Restart units in one transaction and prove that they work
#[derive(Parser, Debug)]
#[command(name = "restart-and-verify", version, about)]
pub struct Arguments {
    /// Which units, by their exact names; without a suffix, a service
    #[arg(value_name = "UNIT", required = true)]
    pub units: Vec<Name>,

    /// Of the caller's own service manager
    #[arg(long = "user", id = "own")]
    pub own: bool,

    /// Of another user's service manager, as root: USER@, a name or a uid
    #[arg(long, value_name = "USER@")]
    pub machine: Option<Whose>,

    /// Leave the job undecided after SECS seconds
    #[arg(long, value_name = "SECS", default_value_t = 90)]
    pub timeout: u32,

    /// Watch for SECS seconds that what runs keeps running
    #[arg(long, value_name = "SECS", default_value_t = 2)]
    pub stable: u32,

    /// Start what is not up and leave alone what is
    #[arg(long)]
    pub start: bool,

    /// Accept failures that the unit itself calls harmless (prefix -, SuccessExitStatus=)
    #[arg(long)]
    pub accept_ignored: bool,

    /// Restart nothing; report the settings that make the unit's exit code untrustworthy
    #[arg(long, conflicts_with_all = ["start", "accept_ignored", "dry_run"])]
    pub lint: bool,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "restart-and-verify";
    const ANSWER: Answer = Answer::Findings;

    fn common(&self) -> &Common {
        &self.common
    }
}

/// `USER@`, or `USER@.host` as systemctl takes it too: this host is the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose(pub Target);

impl FromStr for Whose {
    type Err = String;

    fn from_str(argument: &str) -> Result<Self, String> {
        let user = argument.strip_suffix(".host").unwrap_or(argument).strip_suffix('@');
        match user {
            Some("") => Err("a user's name or uid stands before the @".into()),
            Some(user) => user.parse().map(Self),
            None => Err("USER@ names a user of this host; other machines are not reached".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_this_host_is_named_with_an_at() {
        let tim = Whose(Target::Name("tim".to_owned()));
        assert_eq!("tim@".parse(), Ok(tim.clone()));
        assert_eq!("tim@.host".parse(), Ok(tim));
        assert_eq!("1000@".parse(), Ok(Whose(Target::Uid(1000))));
        for bad in ["", "tim", "@", "@.host", "tim@container", "container"] {
            assert!(bad.parse::<Whose>().is_err(), "{bad}");
        }
    }
}
