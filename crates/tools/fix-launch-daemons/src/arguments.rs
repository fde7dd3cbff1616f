//! The command line.

use std::path::PathBuf;

use clap::Parser;
use launchd::Domain;
use oneshot::report::Answer;
use oneshot::{Common, Write, arguments};

/// Have launchd run the jobs that the system's configuration wants
#[derive(Parser, Debug)]
#[command(name = "fix-launch-daemons", version, about)]
pub struct Arguments {
    /// The system whose jobs are wanted; else the one that the system profile leads to
    #[arg(long, value_name = "PATH", value_parser = arguments::absolute)]
    pub system_config: Option<PathBuf>,

    /// Take the definitions in DIR in place of those of a system
    #[arg(long, value_name = "DIR", value_parser = arguments::absolute, conflicts_with = "system_config")]
    pub directory: Option<PathBuf>,

    /// The agents of all users, in /Library/LaunchAgents, in place of the daemons
    #[arg(long, conflicts_with = "user_agents")]
    pub agents: bool,

    /// The caller's own agents, in ~/Library/LaunchAgents, in place of the daemons
    #[arg(long)]
    pub user_agents: bool,

    /// Where agents are loaded: gui/UID, user/UID or login/ASID; else the session at the screen
    #[arg(long, value_name = "DOMAIN", value_parser = domain_of_agents)]
    pub domain: Option<Domain>,

    /// Take away definitions that carry the prefix and are not wanted
    #[arg(long)]
    pub remove_orphans: bool,

    /// What the labels of the configuration begin with
    #[arg(long, value_name = "PREFIX", default_value = "org.nixos", value_parser = prefix)]
    pub label_prefix: String,

    /// Exit with 0 whatever was found, and only tell it
    #[arg(long)]
    pub advisory: bool,

    /// Start no more changes after SECS seconds
    #[arg(long, value_name = "SECS", default_value_t = 120)]
    pub timeout: u32,

    /// `--dry-run`.
    #[command(flatten)]
    pub write: Write,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "fix-launch-daemons";
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }
}

fn domain_of_agents(text: &str) -> Result<Domain, String> {
    match text.parse()? {
        Domain::System => Err("agents are not loaded into system".to_owned()),
        domain => Ok(domain),
    }
}

fn prefix(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('.');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // A prefix that fits all labels would make orphans of everybody's.
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err("it must be the beginning of a label, such as org.nixos".to_owned());
    }
    Ok(text.to_owned())
}
