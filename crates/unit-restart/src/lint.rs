//! Settings that make a unit's exit code untrustworthy, with file and line. It reads files and starts nothing.

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use oneshot::Root;
use systemd::files::{self, Setting, UnitFiles};
use systemd::unit::{Detail, Load};

pub mod shell;

mod command;
mod scripts;
mod traps;

pub(crate) use command::Command;

/// What a setting does to the exit code of systemctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// A command runs `reset-failed` without a unit: failures that are under way become success.
    ResetFailed,
    /// The prefix `-`: a command's failure counts as success.
    Dash,
    /// `SuccessExitStatus=`: the same for some ends.
    Declared,
    /// A shell that always exits 0.
    Hidden,
    /// A condition: without a run it is success all the same.
    Condition,
    /// A oneshot that restarts itself: it is never plainly failed.
    Restart,
    /// `RestartMode=direct` without a limit: the job may never end.
    Endless,
    /// A oneshot that does not remain: the manager forgets it together with its failure.
    Unpinned,
    /// No bound on the start.
    NoTimeout,
    /// Container monitors in the unit's own control group: a failed start kills them.
    KillMode,
    /// The job is done before the program has said that it works.
    NotWaiting,
    /// The manager has older settings than the files.
    Stale,
}

/// One of them in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Which.
    pub trap: Trap,
    /// File and line; `None` where the setting is a default or the unit has no file.
    pub place: Option<(PathBuf, usize)>,
    /// The setting or the line.
    pub says: String,
}

impl Trap {
    /// What it means, as the end of a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::ResetFailed => "reset-failed without a unit turns a failure that is under way into success",
            Self::Dash => "the prefix - makes a failure of the command a success",
            Self::Declared => "these ends count as success",
            Self::Hidden => "the shell ends with 0 whatever happened before",
            Self::Condition => "where it is not met nothing runs, and that counts as success",
            Self::Restart => "a oneshot that restarts itself is never plainly failed",
            Self::Endless => "the job lasts as long as the unit fails, without a limit",
            Self::Unpinned => {
                "without RemainAfterExit= the manager forgets the unit with all proof when it ends"
            }
            Self::NoTimeout => "nothing bounds how long a start may take",
            Self::KillMode => "a failed start kills the monitors of the containers that it leaves running",
            Self::NotWaiting => "the job is done before the program has shown that it works",
            Self::Stale => "the manager has read an older version of these files",
        }
    }

    /// Its failure shape.
    #[must_use]
    pub fn shape(self) -> Option<&'static str> {
        Some(match self {
            Self::ResetFailed => "SF1",
            Self::Dash | Self::Declared | Self::Hidden => "SF4",
            Self::Condition => "SF5",
            Self::Restart => "SF7",
            Self::Endless | Self::NoTimeout => "SF9",
            Self::Unpinned => "SF3",
            Self::NotWaiting => "SF8",
            Self::KillMode | Self::Stale => return None,
        })
    }

    /// What to write instead.
    #[must_use]
    pub fn cure(self) -> &'static str {
        match self {
            Self::ResetFailed => "delete it, or name the unit: systemctl reset-failed NAME",
            Self::Dash => "leave the - out where the failure matters",
            Self::Declared => "let the program exit 0 when all is well",
            Self::Hidden => "begin with set -e, and let the command that counts be the last",
            Self::Condition => "an Assert in place of the condition makes systemctl fail",
            Self::Restart => "Restart=no; let a timer or the caller try again",
            Self::Endless => "StartLimitIntervalSec= and StartLimitBurst= bound it",
            Self::Unpinned => "RemainAfterExit=yes, or a WantedBy= of a target that is up",
            Self::NoTimeout => "TimeoutStartSec= with a span that the start never needs",
            Self::KillMode => "KillMode=process",
            Self::NotWaiting => "Type=notify, or an ExecStartPost= that waits until the program works",
            Self::Stale => "systemctl daemon-reload",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((file, line)) = &self.place {
            write!(out, "{}:{line}: ", file.display())?;
        }
        out.write_str(&self.says)
    }
}

/// Whether a list of commands belongs to the start of a unit.
#[must_use]
pub fn is_start(list: &str) -> bool {
    matches!(list, "ExecStartPre" | "ExecStart" | "ExecStartPost")
}

/// The flaws of a unit as its manager has loaded it, from the very files that it names.
pub fn loaded(root: &Root, detail: &Detail) -> Result<Vec<Flaw>> {
    let unit = &detail.unit;
    let files = files::read_loaded(root, unit.fragment.as_deref(), &unit.drop_ins)?;
    flaws(root, &files, Some(detail))
}

/// The flaws of a unit's files; `None` where there are none.
pub fn on_disk(root: &Root, paths: &[&str], unit: &str) -> Result<Option<(Load, Vec<Flaw>)>> {
    let files = files::read_from(root, paths, unit)?;
    if files.is_masked {
        return Ok(Some((Load::Masked, Vec::new())));
    }
    if files.fragment.is_none() {
        return Ok(None);
    }
    Ok(Some((Load::Loaded, flaws(root, &files, None)?)))
}

fn flaws(root: &Root, files: &UnitFiles, detail: Option<&Detail>) -> Result<Vec<Flaw>> {
    let standing: Vec<&Setting> = files.standing();
    let mut commands: Vec<Command> = standing.iter().filter_map(|set| Command::of_setting(set)).collect();
    if commands.is_empty() {
        // A transient unit has no file that tells them, and a generated one may be gone.
        commands.extend(detail.iter().flat_map(|detail| &detail.commands).map(Command::of_loaded));
    }
    let mut found = Vec::new();
    for command in &commands {
        found.extend(scripts::resets(root, command)?);
    }
    found.extend(traps::find(&standing, &commands, detail, files.fragment.as_deref()));
    Ok(found)
}

#[cfg(test)]
mod tests;
