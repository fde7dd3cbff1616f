//! Why a verdict is not good, each with its sentence, its failure shape and what to do about it.

use std::fmt;

use systemd::unit::Load;

/// Why nothing ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRun {
    /// A `Condition…=` was unmet; its name where the journal tells it.
    Condition(Option<String>),
    /// An `Assert…=` was unmet.
    Assertion,
    /// `ExecCondition=` said no.
    ExecCondition,
    /// It was started too often within its limit.
    StartLimit,
    /// No cause shows.
    Unknown,
}

/// Why a command's bad end did not fail the unit, if it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excuse {
    /// There is none.
    None,
    /// Its prefix is `-`.
    Dash,
    /// `SuccessExitStatus=` has it.
    Declared,
}

/// One thing that is wrong with a unit, or worth a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its file cannot be used.
    NotLoaded {
        /// How it is.
        load: Load,
        /// Why, in systemd's words.
        error: Option<String>,
    },
    /// systemctl called the job failed.
    Said(String),
    /// Another job took this one's place.
    Cancelled(String),
    /// The job was not over at the deadline.
    Undecided {
        /// Its number, while it goes on.
        job: Option<u32>,
        /// The state at that time.
        state: String,
        /// Whether the unit restarts itself as long as it fails.
        is_endless: bool,
    },
    /// It did not run.
    NotRun(NotRun),
    /// A command ended badly.
    Command {
        /// Its list, such as `ExecStart`.
        list: String,
        /// The command.
        argv: String,
        /// How it ended.
        end: String,
        /// Why that did not fail the unit.
        excuse: Excuse,
    },
    /// It failed, and its failure was taken away from it.
    Reset {
        /// The command of the unit itself that did it, and where it stands.
        by: Option<String>,
    },
    /// It is neither up nor known to have ended well.
    Forgotten(String),
    /// It waits for its own restart, or went through one while it was watched.
    Restarting {
        /// How often it did.
        times: u32,
        /// Whether it waits for the next one.
        is_pending: bool,
    },
    /// It is up, but by its own restart and not by this job.
    OwnRestart {
        /// How often it did.
        times: u32,
    },
    /// It is not up.
    Down {
        /// State, substate and result.
        state: String,
        /// Whether it was up first.
        was_up: bool,
    },
    /// A later run took the place of this one while it was watched.
    Replaced,
    /// The program that ran says itself that it failed.
    Evidence {
        /// Its name.
        program: String,
        /// What it exited with.
        exit: u8,
        /// What it found.
        complaints: Vec<String>,
    },
    /// A command of the stop before ended badly.
    Stop {
        /// Its list, such as `ExecStop`.
        list: String,
        /// How it ended.
        end: String,
    },
    /// A shell command that always ends with 0.
    Hidden {
        /// The command.
        argv: String,
    },
    /// The files are newer than what the manager has read of them.
    Stale,
}

impl Reason {
    /// Its failure shape.
    #[must_use]
    pub fn shape(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotLoaded { .. } => "SF13",
            Self::Cancelled(_) | Self::Replaced => "SF10",
            Self::Undecided { .. } => "SF9",
            Self::NotRun(NotRun::StartLimit | NotRun::Unknown) => "SF6",
            Self::NotRun(_) => "SF5",
            Self::Command { excuse: Excuse::None, .. }
            | Self::Said(_)
            | Self::Evidence { .. }
            | Self::Stale
            | Self::Down { was_up: false, .. } => return None,
            Self::Command { .. } | Self::Hidden { .. } => "SF4",
            Self::Reset { by: Some(_) } => "SF1",
            Self::Reset { by: None } => "SF2",
            Self::Forgotten(_) => "SF3",
            Self::Restarting { .. } | Self::OwnRestart { .. } => "SF7",
            Self::Down { was_up: true, .. } => "SF8",
            Self::Stop { .. } => "SF11",
        })
    }

    /// What to do about it; `systemctl` is how the unit's manager is asked, such as `systemctl --user`.
    #[must_use]
    pub fn hints(&self, unit: &str, systemctl: &str) -> Vec<String> {
        let one = |hint: &str| vec![hint.replace("UNIT", unit).replace("systemctl", systemctl)];
        match self {
            Self::NotLoaded { load: Load::Masked, .. } => one("systemctl unmask UNIT"),
            Self::NotLoaded { load: Load::NotFound, .. } => one(
                "no unit file has this name: systemctl list-unit-files; after a new one: systemctl daemon-reload",
            ),
            Self::NotLoaded { .. } => one("systemd-analyze verify UNIT names the setting"),
            Self::Undecided { job, is_endless, .. } => {
                let mut hints = Vec::new();
                if let Some(job) = job {
                    hints.push(format!("the job goes on; to end it: {systemctl} cancel {job}"));
                }
                if *is_endless {
                    hints.push("RestartMode=direct keeps the job while the unit restarts itself; StartLimitBurst= and \
                                StartLimitIntervalSec= bound it".to_owned());
                }
                hints
            }
            Self::NotRun(NotRun::StartLimit) => {
                one("to start it all the same: systemctl reset-failed UNIT (never without a name)")
            }
            Self::Command { excuse: Excuse::Dash, .. } => {
                one("the prefix - hides it; where it is meant to, give --accept-ignored")
            }
            Self::Command { excuse: Excuse::Declared, .. } => {
                one("SuccessExitStatus= hides it; where it is meant to, give --accept-ignored")
            }
            Self::Reset { by: Some(_) } => one("delete that reset-failed, or give it the name of a unit"),
            Self::Reset { by: None } => one(
                "no command of the unit does it: Home Manager's sd-switch and other units do, for every unit at once",
            ),
            Self::Forgotten(_) => one(
                "RemainAfterExit=yes, or a WantedBy= of a target that is up, keeps the unit and its proof",
            ),
            Self::Hidden { .. } => one("let the command that counts be the last, or begin with set -e"),
            Self::Stale => one("systemctl daemon-reload"),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoaded { load: Load::Masked, .. } => write!(out, "it is masked"),
            Self::NotLoaded { load: Load::NotFound, .. } => write!(out, "there is no such unit"),
            Self::NotLoaded { load, error } => {
                write!(out, "its file is {load}")?;
                error.as_ref().map_or(Ok(()), |error| write!(out, ": {error}"))
            }
            Self::Said(words) => write!(out, "systemctl says: {words}"),
            Self::Cancelled(words) => write!(out, "another job took the place of this one: {words}"),
            Self::Undecided { state, .. } => write!(out, "time is up and the job is not over: it is {state}"),
            Self::NotRun(why) => write!(out, "it did not run: {why}"),
            Self::Command { list, argv, end, excuse } => {
                let excuse = match excuse {
                    Excuse::None => "",
                    Excuse::Dash => ", which its - passes over",
                    Excuse::Declared => ", which SuccessExitStatus= declares a success",
                };
                write!(out, "{list} \"{}\" ended with {end}{excuse}", short(argv))
            }
            Self::Reset { by: Some(by) } => {
                write!(out, "it failed, and an unscoped reset-failed turned that into success: {by}")
            }
            Self::Reset { by: None } => {
                write!(
                    out,
                    "it failed, and an unscoped reset-failed of another party turned that into success"
                )
            }
            Self::Forgotten(why) => {
                write!(out, "the manager has forgotten the unit, and nothing proves that it worked: {why}")
            }
            Self::Restarting { times, is_pending: true } => {
                write!(out, "it failed and waits for its own restart ({times} so far)")
            }
            Self::Restarting { times, .. } => {
                write!(out, "it failed after its start and restarted itself ({times} so far)")
            }
            Self::OwnRestart { times } => {
                write!(out, "it is up by its own restart and not by this job ({times} so far)")
            }
            Self::Down { state, was_up: true } => write!(out, "it was up, and then it is {state}"),
            Self::Down { state, .. } => write!(out, "it is {state}"),
            Self::Replaced => write!(out, "somebody else restarted it meanwhile"),
            Self::Evidence { program, exit, complaints } => {
                write!(out, "{program} says itself that it ended with {exit}")?;
                complaints.first().map_or(Ok(()), |complaint| write!(out, ": {}", short(complaint)))
            }
            Self::Stop { list, end } => write!(out, "{list} of the run before ended with {end}"),
            Self::Hidden { argv } => write!(out, "the exit code of \"{}\" is always 0", short(argv)),
            Self::Stale => {
                write!(out, "its files changed since the manager read them, so this was the old unit")
            }
        }
    }
}

impl fmt::Display for NotRun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition(Some(name)) => write!(out, "{name} is unmet"),
            Self::Condition(None) => write!(out, "a condition is unmet"),
            Self::Assertion => write!(out, "an assertion is unmet"),
            Self::ExecCondition => write!(out, "ExecCondition= said no"),
            Self::StartLimit => write!(out, "it was started too often (StartLimitBurst=)"),
            Self::Unknown => write!(out, "the manager reports no new run"),
        }
    }
}

/// Enough of a command to know it by.
fn short(text: &str) -> String {
    const MOST: usize = 120;
    let mut cut: String = text.chars().take(MOST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
