//! Running what needs root: the exact command lines of [`Step`], through `sudo -n` where this is not root, and only what
//! nobody but root can have written.
//!
//! By hand on a terminal sudo may ask for a password, in a call of its own (`sudo -v`) and nowhere else: what does the work
//! never waits for one.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use launchd::{Tool, Tools};
use nix_host::profile;
use oneshot::command::{Command, Outcome};
use oneshot::resolve::Place;
use oneshot::{Deadline, Resolver, Root};

use crate::step::Step;
use crate::trust::{self, Distrust, Links};

/// What sudo says when it does not run something, in the first line of its words (sudo 1.9 `plugins/sudoers/auth`,
/// `logging.c`; sudo-rs `src/pam`).
const REFUSALS: [&str; 3] = ["is not allowed to execute", "not in the sudoers file", "may not run sudo"];

/// What became of a run.
pub(crate) enum Ran {
    /// It ended.
    Ended(Outcome),
    /// It was not run: somebody else than root could have written it.
    Distrusted(Distrust),
    /// sudo did not run it: its words.
    Refused(String),
}

/// The way to root.
#[derive(Debug)]
pub(crate) struct Privilege<'a> {
    root: &'a Root,
    folder: String,
    is_root: bool,
    /// Whether sudo may still ask for a password beforehand: it does so once.
    asks: Cell<bool>,
}

impl<'a> Privilege<'a> {
    /// That of the caller. Below another root the programs are those of the tree.
    pub(crate) fn new(root: &'a Root, asks: bool) -> Result<Self> {
        let is_root = nix::unistd::geteuid().is_root();
        Ok(Self { root, folder: own_folder(root)?, is_root, asks: Cell::new(asks) })
    }

    /// Where the programs of mendutils are, as the host sees it.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// Runs a step's command line, for at most this long.
    pub(crate) fn run(&self, step: &Step, limit: Duration) -> Result<Ran> {
        let words = step.words(&self.folder).with_context(|| format!("running nothing to {step}"))?;
        let (program, arguments) = words.split_first().context("a command line has no words")?;
        if let Some(reason) = self.distrust(step)? {
            return Ok(Ran::Distrusted(reason));
        }
        let program = self.followed(step, program);
        let mut arguments = arguments.to_vec();
        if !self.root.is_real() && program.starts_with(&self.folder) {
            arguments.extend(["--root".to_owned(), self.root.join("/").display().to_string()]);
        }
        let limit = Deadline::after(limit);
        if self.is_root || !step.needs_root() {
            let command = Command::new(self.root.join(&program)).args(arguments).env("LC_ALL", "C");
            // The agents of a user are below the home that the program is told of.
            let home = std::env::var_os("HOME").filter(|_| !self.is_root);
            let command = home.into_iter().fold(command, |command, home| command.env("HOME", home));
            return command.deadline(limit).run().map(Ran::Ended);
        }
        let ran = self.through_sudo(&program, &arguments, &limit)?;
        match ran {
            Ran::Refused(_) if self.asks.replace(false) && self.authenticate()? => {
                self.through_sudo(&program, &arguments, &limit)
            }
            ran => Ok(ran),
        }
    }

    fn through_sudo(&self, program: &Path, arguments: &[String], limit: &Deadline) -> Result<Ran> {
        let tools = Tools::new(self.root).patience(limit.remaining());
        let command =
            tools.command(Tool::Sudo, limit)?.arg("-n").arg(program).args(arguments.iter().cloned());
        let outcome = command.run()?;
        Ok(match refusal(&outcome) {
            Some(words) => Ran::Refused(words),
            None => Ran::Ended(outcome),
        })
    }

    /// Has sudo ask for the password on the terminal; false when it does not let the caller in.
    fn authenticate(&self) -> Result<bool> {
        let sudo = Tools::new(self.root).find(Tool::Sudo)?;
        // In the foreground, with the terminal: all that a person is asked for goes through here.
        let status = std::process::Command::new(sudo)
            .arg("-v")
            .env_clear()
            .env("LC_ALL", "C")
            .stdout(Stdio::null())
            .status()
            .context("starting sudo -v")?;
        Ok(status.success())
    }

    /// Why a step is not run as root; `None` where nobody but root can have written what it runs.
    pub(crate) fn distrust(&self, step: &Step) -> Result<Option<Distrust>> {
        let words = step.words(&self.folder).unwrap_or_default();
        let program = Path::new(words.first().map_or("/", String::as_str));
        match step {
            // Where launchctl stands nobody can write, and in a tree it is looked at when it is found.
            Step::Daemon(..) => Tools::new(self.root).find(Tool::Launchctl).map(|_| None),
            Step::Activate => trust::distrust(self.root, program, Links::OfRoot),
            _ => trust::distrust(self.root, program, Links::Refused),
        }
    }

    /// In a tree the links of the profile must not lead out of it; on the real root the path stays what the rule for sudo
    /// names.
    fn followed(&self, step: &Step, program: &str) -> PathBuf {
        let path = PathBuf::from(program);
        if self.root.is_real() || *step != Step::Activate {
            return path;
        }
        let activate = Path::new(profile::SYSTEM).join("activate");
        match Resolver::new(self.root).follow(&activate) {
            Place::Found(found) => found.path,
            _ => path,
        }
    }
}

/// The folder that this program stands in, without any link.
fn own_folder(root: &Root) -> Result<String> {
    if !root.is_real() {
        return Ok(activation::own::PROGRAMS.to_owned());
    }
    let own =
        std::env::current_exe().and_then(|path| path.canonicalize()).context("looking for this program")?;
    let folder = own.parent().and_then(Path::to_str).context("looking for the folder of this program")?;
    Ok(folder.to_owned())
}

/// What sudo said, where it did not run the command. Its code for that is 1, which is also that of many commands: so its
/// words decide, and a command that has written anything was run.
fn refusal(outcome: &Outcome) -> Option<String> {
    if outcome.status.code() != Some(1) || !outcome.stdout.is_empty() {
        return None;
    }
    let words = String::from_utf8_lossy(&outcome.stderr);
    let first = words.lines().map(str::trim).find(|line| !line.is_empty())?;
    let is_refusal = first.starts_with("sudo: ") || REFUSALS.iter().any(|words| first.contains(words));
    is_refusal.then(|| outcome.words())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    #[test]
    fn only_sudos_own_words_are_a_refusal() {
        let ended = |code: i32, out: &str, err: &str| Outcome {
            status: std::process::ExitStatus::from_raw(code << 8),
            stdout: out.as_bytes().to_vec(),
            stderr: err.as_bytes().to_vec(),
        };
        for words in [
            "sudo: a password is required\n",
            "sudo: interactive authentication is required\n",
            "Sorry, user tim is not allowed to execute '/bin/x' as root on mac.\n",
            "tim is not in the sudoers file.\nThis incident has been reported to the administrator.\n",
            "\nSorry, user tim may not run sudo on mac.\n",
        ] {
            assert!(refusal(&ended(1, "", words)).is_some(), "{words}");
            assert!(refusal(&ended(2, "", words)).is_none(), "{words}");
        }
        assert!(refusal(&ended(1, "{}", "sudo: a password is required")).is_none());
        for words in ["", "setting up users...\nsudo: a password is required\n", "error: permission denied"] {
            assert!(refusal(&ended(1, "", words)).is_none(), "{words}");
        }
    }
}
