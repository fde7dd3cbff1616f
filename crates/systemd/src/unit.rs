//! The state of units, as their manager tells it in one call for several units.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::Scope;
use crate::show::{self, Block};

pub mod detail;
pub mod exec;
pub mod listing;
pub mod loaded;
pub mod name;

pub use detail::Detail;
pub use exec::Exec;
pub use loaded::Loaded;
pub use name::Name;

/// What is asked for; systemctl(1) leaves out those that a unit type or an older release does not have.
pub(crate) const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,ExecMainCode,ExecMainStatus,ConditionResult,\
ConditionTimestampMonotonic,FragmentPath,DropInPaths,InvocationID,Job,NeedDaemonReload,\
ControlGroup,ActiveEnterTimestampMonotonic,InactiveEnterTimestampMonotonic";

/// `LoadState=` (org.freedesktop.systemd1(5)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// Its file was read.
    Loaded,
    /// No such file.
    NotFound,
    /// A link to the null device.
    Masked,
    /// The file holds something that cannot be.
    BadSetting,
    /// Reading it failed.
    Error,
    /// `stub`, `merged`, and what a later release adds.
    Other(String),
}

/// `ActiveState=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Active {
    /// Up; a oneshot with `RemainAfterExit=` that has run counts.
    Active,
    /// Up and reading its configuration again.
    Reloading,
    /// Down, never started, or ended well.
    Inactive,
    /// Ended badly.
    Failed,
    /// On its way up.
    Activating,
    /// On its way down.
    Deactivating,
    /// `maintenance`, `refreshing`, and what a later release adds.
    Other(String),
}

/// One unit of one manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// Its primary name, which is not the one asked for when that is an alias.
    pub id: String,
    /// Whether its file was found and read.
    pub load: Load,
    /// Whether it is up.
    pub active: Active,
    /// The state in the words of its type, such as `running`, `exited` or `auto-restart`.
    pub sub: String,
    /// `success`, or why it failed: `exit-code`, `resources`, `start-limit-hit` and so on; empty for a type without.
    pub result: String,
    /// How the main process ended: 1 exited, 2 killed, 3 dumped (waitid(2) `CLD_*`), 0 never ran.
    pub main_code: i32,
    /// Exit status or signal of the main process.
    pub main_status: i32,
    /// What its conditions last said; `None` when they were never evaluated, or the manager has let go of the unit
    /// since (an inactive unit that nothing refers to is forgotten at once).
    pub condition: Option<bool>,
    /// The unit file.
    pub fragment: Option<PathBuf>,
    /// The drop-ins, in the order in which they apply.
    pub drop_ins: Vec<PathBuf>,
    /// Of the last start, 32 hexadecimal digits.
    pub invocation: Option<String>,
    /// Number of the job that waits or runs.
    pub job: Option<u32>,
    /// Whether its files changed since the manager read them.
    pub needs_reload: bool,
    /// Path below the root of the cgroup tree.
    pub cgroup: Option<String>,
    /// When it last became active, in µs since boot.
    pub active_since: Option<u64>,
    /// When it last became inactive or failed, in µs since boot.
    pub inactive_since: Option<u64>,
}

/// The state of `units`, one each and in their order, a unit that does not exist included.
pub fn show<S: AsRef<str>>(scope: &Scope, units: &[S]) -> Result<Vec<Unit>> {
    ask(scope, PROPERTIES, units, parse)
}

/// One call for all of them; none where none is asked for.
fn ask<T, S: AsRef<str>>(
    scope: &Scope,
    properties: &str,
    units: &[S],
    parse: fn(&str) -> Vec<T>,
) -> Result<Vec<T>> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let names = units.iter().map(AsRef::as_ref);
    let text = scope.systemctl()?.args(["show", "-p", properties, "--"]).args(names).output()?;
    let found = parse(&text);
    if found.len() != units.len() {
        bail!("systemctl show told of {} units where {} were asked for", found.len(), units.len());
    }
    Ok(found)
}

/// The state of one unit.
pub fn show_one(scope: &Scope, unit: &str) -> Result<Unit> {
    match show(scope, &[unit])?.pop() {
        Some(unit) => Ok(unit),
        None => bail!("systemctl show told nothing of {unit}"),
    }
}

/// The units of an output of `systemctl show`.
#[must_use]
pub fn parse(text: &str) -> Vec<Unit> {
    show::blocks(text).iter().map(Unit::from_block).collect()
}

impl Unit {
    pub(crate) fn from_block(block: &Block<'_>) -> Self {
        // 0 stands for "never" in every timestamp of systemd.
        let moment = |key: &str| block.number::<u64>(key).filter(|time| *time != 0);
        Self {
            id: block.owned("Id"),
            load: Load::from(block.text("LoadState").unwrap_or_default()),
            active: Active::from(block.text("ActiveState").unwrap_or_default()),
            sub: block.owned("SubState"),
            result: block.owned("Result"),
            main_code: block.number("ExecMainCode").unwrap_or_default(),
            main_status: block.number("ExecMainStatus").unwrap_or_default(),
            condition: moment("ConditionTimestampMonotonic").and_then(|_| block.flag("ConditionResult")),
            fragment: block.path("FragmentPath"),
            drop_ins: block.paths("DropInPaths"),
            invocation: block.text("InvocationID").map(str::to_owned),
            job: block.number("Job").filter(|job| *job != 0),
            needs_reload: block.flag("NeedDaemonReload").unwrap_or_default(),
            cgroup: block.text("ControlGroup").map(str::to_owned),
            active_since: moment("ActiveEnterTimestampMonotonic"),
            inactive_since: moment("InactiveEnterTimestampMonotonic"),
        }
    }

    /// Up, a reload included.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.active, Active::Active | Active::Reloading)
    }

    /// Neither up nor down for good: a job runs, or the state is on its way.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.job.is_some() || matches!(self.active, Active::Activating | Active::Deactivating)
    }

    /// State, substate and, where it failed, why: `failed (failed, result resources)`.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = format!("{} ({}", self.active, self.sub);
        if !matches!(self.result.as_str(), "" | "success") {
            text.push_str(", result ");
            text.push_str(&self.result);
            if self.main_code != 0 && self.main_status != 0 {
                let word = if self.main_code == 1 { "status" } else { "signal" };
                text.push_str(&format!(", {word} {}", self.main_status));
            }
        }
        text.push(')');
        text
    }
}

impl From<&str> for Load {
    fn from(word: &str) -> Self {
        match word {
            "loaded" => Self::Loaded,
            "not-found" => Self::NotFound,
            "masked" => Self::Masked,
            "bad-setting" => Self::BadSetting,
            "error" => Self::Error,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<&str> for Active {
    fn from(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            "reloading" => Self::Reloading,
            "inactive" => Self::Inactive,
            "failed" => Self::Failed,
            "activating" => Self::Activating,
            "deactivating" => Self::Deactivating,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Loaded => "loaded",
            Self::NotFound => "not-found",
            Self::Masked => "masked",
            Self::BadSetting => "bad-setting",
            Self::Error => "error",
            Self::Other(word) => word,
        })
    }
}

impl fmt::Display for Active {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Active => "active",
            Self::Reloading => "reloading",
            Self::Inactive => "inactive",
            Self::Failed => "failed",
            Self::Activating => "activating",
            Self::Deactivating => "deactivating",
            Self::Other(word) => word,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// user@1000, a oneshot that exited 3 and whose file changed since, one with an unmet condition, one without a
    /// file, and a masked one; as each release printed them.
    const RELEASES: [&str; 3] = [
        include_str!("fixtures/show-bookworm.txt"),
        include_str!("fixtures/show-trixie.txt"),
        include_str!("fixtures/show-forky.txt"),
    ];

    #[test]
    fn every_release_tells_the_same_of_the_same_units() {
        for text in RELEASES {
            let units = parse(text);
            let told: Vec<_> = units
                .iter()
                .map(|unit| (unit.id.as_str(), &unit.load, &unit.active, unit.condition, unit.needs_reload))
                .collect();
            assert_eq!(
                told,
                [
                    ("user@1000.service", &Load::Loaded, &Active::Active, Some(true), false),
                    ("broken.service", &Load::Loaded, &Active::Failed, Some(true), true),
                    ("unmet.service", &Load::Loaded, &Active::Inactive, Some(false), false),
                    ("nosuch.service", &Load::NotFound, &Active::Inactive, None, false),
                    ("systemd-modules-load.service", &Load::Masked, &Active::Inactive, None, false),
                ]
            );
        }
    }

    #[test]
    fn a_failed_oneshot_says_why() {
        for text in RELEASES {
            let units = parse(text);
            let broken = units.iter().find(|unit| unit.id == "broken.service").map(Unit::summary);
            assert_eq!(broken.as_deref(), Some("failed (failed, result exit-code, status 3)"));
        }
    }

    #[test]
    fn a_running_manager_has_a_cgroup_and_a_drop_in() {
        for text in RELEASES {
            let units = parse(text);
            let user = units.first().cloned();
            let user = user.map(|unit| (unit.is_up(), unit.drop_ins.len(), unit.cgroup));
            let cgroup = Some("/user.slice/user-1000.slice/user@1000.service".to_owned());
            assert_eq!(user, Some((true, 1, cgroup)));
        }
    }

    #[test]
    fn words_of_a_later_release_are_kept() {
        let units = parse("Id=a.service\nLoadState=odd\nActiveState=refreshing\nJob=x\n");
        let unit = units.first().cloned().map(|unit| (unit.load.to_string(), unit.active, unit.job));
        assert_eq!(unit, Some(("odd".into(), Active::Other("refreshing".into()), None)));
    }
}
