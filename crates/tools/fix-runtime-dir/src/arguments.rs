//! What the program is asked to do.

use std::ffi::OsString;

use clap::Parser;
use oneshot::report::Answer;
use user_session::Target;

/// Mend /run/user/UID: owner, group, mode, mount flags and limits as systemd would have made them
#[derive(Debug, Default, Parser, PartialEq, Eq)]
#[command(name = Arguments::PROGRAM, version, about)]
pub struct Arguments {
    /// Users whose runtime directory is to be mended, by uid or name
    #[arg(required = true, value_name = "UID|USER")]
    pub users: Vec<Target>,

    /// Afterwards start user@UID.service if it failed or never ran, and wait for its bus
    ///
    /// Never in a unit that runs before user@: it would wait for itself.
    #[arg(long, conflicts_with = "prepare")]
    pub start_manager: bool,

    /// Mend only /run/user itself, which systemd's own program refuses to use otherwise
    #[arg(long)]
    pub prepare: bool,

    /// Also take over a directory that belongs to another user, if neither has a live session
    #[arg(long, conflicts_with = "prepare")]
    pub take_over: bool,

    /// Options of programs that write.
    #[command(flatten)]
    pub write: oneshot::Write,

    /// Options of programs that wait.
    #[command(flatten)]
    pub wait: oneshot::Wait,

    /// Options of all programs.
    #[command(flatten)]
    pub common: oneshot::Common,
}

impl Arguments {
    const PROGRAM: &'static str = "fix-runtime-dir";
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = Self::PROGRAM;
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &oneshot::Common {
        &self.common
    }

    /// `UID` and `--prepare UID`: every login runs both (`50-mendutils.conf`), and reading them is half of the work.
    fn usual(words: &[OsString]) -> Option<Self> {
        let (prepare, word) = match words {
            [word] => (false, word),
            [option, word] if option == "--prepare" => (true, word),
            _ => return None,
        };
        let uid = word.to_str().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Self { users: vec![uid.parse().ok()?], prepare, ..Self::default() })
    }
}

/// What of the arguments the decision depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `--start-manager`
    pub start_manager: bool,
    /// `--prepare`
    pub prepare: bool,
    /// `--take-over`
    pub take_over: bool,
}

impl Arguments {
    /// The part that the decision sees.
    #[must_use]
    pub fn wishes(&self) -> Wishes {
        Wishes { start_manager: self.start_manager, prepare: self.prepare, take_over: self.take_over }
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
    fn the_usual_command_lines_mean_what_the_parser_reads() -> Result<(), clap::Error> {
        for words in [&["1000"][..], &["0"], &["--prepare", "1000"]] {
            let parsed = Arguments::try_parse_from([&["fix-runtime-dir"], words].concat())?;
            assert_eq!(usual(words), Some(parsed), "{words:?}");
        }
        Ok(())
    }

    #[test]
    fn every_other_command_line_is_left_to_the_parser() {
        for words in [
            &[][..],
            &[""],
            &["tim"],
            &["-1"],
            &["65535"],
            &["4294967295"],
            &["--prepare"],
            &["1", "2"],
            &["-q", "1"],
        ] {
            assert_eq!(usual(words), None, "{words:?}");
        }
    }
}
