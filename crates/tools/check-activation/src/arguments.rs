//! What the program is asked to look at.

use std::ffi::OsString;

use clap::Parser;
use oneshot::report::Answer;
use oneshot::{Common, Wait};

use crate::snippet::Shell;

/// Check whether the system of the profile runs after a boot, and whether launchd has the jobs that it wants
#[derive(Debug, Default, Parser, PartialEq, Eq)]
#[command(name = Arguments::PROGRAM, version, about)]
pub struct Arguments {
    /// Look at files alone and start no other program: launchd is not asked
    #[arg(long)]
    pub offline: bool,

    /// Look at the link alone; say in two lines what is wrong, unless STAMP says that this was told, and print the new STAMP
    ///
    /// What is wrong goes to standard error, the stamp to standard output. It is another one after each boot and for each
    /// cause. The lines that --shell prints keep it.
    #[arg(long, value_name = "STAMP", require_equals = true, conflicts_with_all = ["offline", "json"])]
    pub once: Option<String>,

    /// Print the lines for the start-up file of a shell that tell once a boot what is wrong, and nothing else
    #[arg(long, value_name = "SHELL", conflicts_with_all = ["offline", "once", "json"])]
    pub shell: Option<Shell>,

    /// Options of programs that wait.
    #[command(flatten)]
    pub wait: Wait,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl Arguments {
    const PROGRAM: &'static str = "check-activation";
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = Self::PROGRAM;
    const ANSWER: Answer = Answer::Findings;

    fn common(&self) -> &Common {
        &self.common
    }

    /// `--once=STAMP`: a shell waits for it, and reading it would be half of the work.
    fn usual(words: &[OsString]) -> Option<Self> {
        let [word] = words else { return None };
        let stamp = word.to_str()?.strip_prefix("--once=")?;
        Some(Self { once: Some(stamp.to_owned()), ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Arguments as _;

    fn usual(words: &[&str]) -> Option<Arguments> {
        Arguments::usual(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_usual_command_line_means_what_the_parser_reads() -> Result<(), clap::Error> {
        for word in ["--once=", "--once=b LF1", "--once=--once=", "--once=-x"] {
            let parsed = Arguments::try_parse_from(["check-activation", word])?;
            assert_eq!(usual(&[word]), Some(parsed), "{word}");
        }
        Ok(())
    }

    #[test]
    fn every_other_command_line_is_left_to_the_parser() {
        for words in [&[][..], &[""], &["--once"], &["--once", "x"], &["--once=x", "-q"], &["--shell=zsh"]] {
            assert_eq!(usual(words), None, "{words:?}");
        }
    }

    #[test]
    fn the_short_form_has_no_findings_to_print() {
        for words in [
            &["--once"][..],
            &["--once=x", "--json"],
            &["--once=x", "--offline"],
            &["--shell", "sh"],
            &["--shell", "zsh", "--json"],
            &["--shell", "zsh", "--once=x"],
        ] {
            let words = [&["check-activation"], words].concat();
            assert!(Arguments::try_parse_from(&words).is_err(), "{words:?}");
        }
    }
}
