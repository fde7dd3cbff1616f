//! A unit with everything that tells how its last start went: a verdict needs more than its state.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::{Exec, PROPERTIES, Unit, ask};
use crate::Scope;
use crate::show::{self, Block};

/// Besides [`PROPERTIES`].
const MORE: &str = "LoadError,Type,RemainAfterExit,Restart,RestartMode,NRestarts,AssertResult,\
AssertTimestampMonotonic,SuccessExitStatus,TimeoutStartUSec,KillMode,StartLimitIntervalUSec,\
ExecMainStartTimestampMonotonic,Wants,Requires,Requisite,BindsTo,Upholds,ConsistsOf,ExecCondition,ExecStartPre,\
ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost";

/// The lists of a target whose units belong to it.
const MEMBERS: [&str; 6] = ["Wants", "Requires", "Requisite", "BindsTo", "Upholds", "ConsistsOf"];

/// One unit of one manager, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Its state.
    pub unit: Unit,
    /// Why it was not loaded, in systemd's words.
    pub load_error: Option<String>,
    /// `Type=` of a service; empty for another unit.
    pub kind: String,
    /// `RemainAfterExit=`.
    pub remains: bool,
    /// `Restart=`; empty for what is no service.
    pub restart: String,
    /// `RestartMode=`; empty before systemd 254.
    pub restart_mode: String,
    /// How often it was restarted by itself since somebody last started it.
    pub restarts: u32,
    /// What its assertions last said, as [`Unit::condition`].
    pub assertion: Option<bool>,
    /// When its conditions were last looked at, in µs since boot.
    pub condition_since: Option<u64>,
    /// When its assertions were last looked at, in µs since boot.
    pub assertion_since: Option<u64>,
    /// When its main process last started, in µs since boot.
    pub main_since: Option<u64>,
    /// `SuccessExitStatus=`: numbers, and signals without `SIG`.
    pub success_statuses: Vec<String>,
    /// How long a start may take; `None` without a bound, and for what is no service.
    pub start_timeout: Option<Duration>,
    /// `KillMode=`.
    pub kill_mode: String,
    /// Whether there is no limit to how often it may be started.
    pub is_unlimited: bool,
    /// The units that a target pulls in or that are part of it.
    pub members: Vec<String>,
    /// Its commands, each with the name of its list, such as `ExecStart`, in the order in which they run.
    pub commands: Vec<(String, Exec)>,
}

/// The units in full, one each and in their order, a unit that does not exist included. One call.
pub fn show<S: AsRef<str>>(scope: &Scope, units: &[S]) -> Result<Vec<Detail>> {
    ask(scope, &format!("{PROPERTIES},{MORE}"), units, parse)
}

/// The units of an output of `systemctl show`.
#[must_use]
pub fn parse(text: &str) -> Vec<Detail> {
    show::blocks(text).iter().map(Detail::from_block).collect()
}

impl Detail {
    fn from_block(block: &Block<'_>) -> Self {
        let moment = |key: &str| block.number::<u64>(key).filter(|time| *time != 0);
        let assertion_since = moment("AssertTimestampMonotonic");
        let unit = Unit::from_block(block);
        let is_target = unit.id.ends_with(".target");
        Self {
            load_error: block.text("LoadError").map(str::to_owned),
            kind: block.owned("Type"),
            remains: block.flag("RemainAfterExit").unwrap_or_default(),
            restart: block.owned("Restart"),
            restart_mode: block.owned("RestartMode"),
            restarts: block.number("NRestarts").unwrap_or_default(),
            assertion: assertion_since.and_then(|_| block.flag("AssertResult")),
            condition_since: moment("ConditionTimestampMonotonic"),
            assertion_since,
            main_since: moment("ExecMainStartTimestampMonotonic"),
            success_statuses: block.words("SuccessExitStatus"),
            start_timeout: block.text("TimeoutStartUSec").and_then(span),
            kill_mode: block.owned("KillMode"),
            is_unlimited: matches!(block.text("StartLimitIntervalUSec"), Some("0" | "infinity")),
            members: if is_target {
                MEMBERS.iter().flat_map(|list| block.words(list)).collect()
            } else {
                Vec::new()
            },
            commands: block
                .commands()
                .iter()
                .map(|(list, exec)| ((*list).to_owned(), exec.clone()))
                .collect(),
            unit,
        }
    }

    /// The commands of one list, such as `ExecStart`.
    pub fn commands_of<'a>(&'a self, list: &'a str) -> impl Iterator<Item = &'a Exec> {
        self.commands.iter().filter(move |(name, _)| name == list).map(|(_, exec)| exec)
    }

    /// A service whose start is a piece of work and not the begin of one.
    #[must_use]
    pub fn is_oneshot(&self) -> bool {
        self.kind == "oneshot"
    }

    /// Whether the manager knows nothing of any start: it never was started, or it was forgotten since, as an inactive
    /// unit is that nothing refers to. All of its values are defaults then.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.unit.invocation.is_none()
            && self.condition_since.is_none()
            && self.main_since.is_none()
            && self.unit.inactive_since.is_none()
            && self.unit.active_since.is_none()
    }

    /// Whether `SuccessExitStatus=` has this end of a process.
    #[must_use]
    pub fn declares(&self, exec: &Exec) -> bool {
        self.success_statuses.iter().any(|word| {
            word.parse() == Ok(exec.status) && exec.code == Some(super::exec::Code::Exited)
                || exec.code != Some(super::exec::Code::Exited)
                    && signal_name(exec.status) == Some(word.as_str())
        })
    }
}

/// A signal as systemd prints it, without `SIG`.
fn signal_name(number: i32) -> Option<&'static str> {
    let signal = nix::sys::signal::Signal::try_from(number).ok()?;
    signal.as_str().strip_prefix("SIG")
}

/// A span as systemctl prints it, `1min 30s`; `None` for `infinity` and for what is none.
fn span(text: &str) -> Option<Duration> {
    let mut whole = Duration::ZERO;
    for word in text.split_ascii_whitespace() {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let (number, unit) = word.split_at_checked(end)?;
        let seconds = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            "month" => 2_629_800.0,
            "y" => 31_557_600.0,
            _ => return None,
        };
        whole += Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
    }
    Some(whole)
}

#[cfg(test)]
mod tests;
