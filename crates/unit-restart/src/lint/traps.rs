//! The traps in settings and commands. Reads nothing.

use std::path::{Path, PathBuf};

use systemd::files::Setting;
use systemd::unit::Detail;

use super::{Command, Flaw, Trap, is_start, shell};

/// The unit's settings and, where there is a manager, what it made of them.
struct Unit<'a> {
    standing: &'a [&'a Setting],
    detail: Option<&'a Detail>,
    fragment: Option<&'a Path>,
}

/// A value and where it stands; without a place it is a default.
type Value = (String, Option<(PathBuf, usize)>);

pub(super) fn find(
    standing: &[&Setting],
    commands: &[Command],
    detail: Option<&Detail>,
    fragment: Option<&Path>,
) -> Vec<Flaw> {
    let unit = Unit { standing, detail, fragment };
    let mut found = Vec::new();
    if detail.is_some_and(|detail| detail.unit.needs_reload) {
        let place = fragment.map(|file| (file.to_owned(), 1));
        found.push(Flaw { trap: Trap::Stale, place, says: "NeedDaemonReload=yes".to_owned() });
    }
    for command in commands {
        if command.list == "ExecCondition" {
            found.push(command.flaw(Trap::Condition));
        } else if is_start(&command.list) {
            found.extend(command.ignores_failure.then(|| command.flaw(Trap::Dash)));
            found.extend(shell::hides_its_exit(&command.line).then(|| command.flaw(Trap::Hidden)));
        }
    }
    for set in standing.iter().filter(|set| set.section == "Unit" && set.key.starts_with("Condition")) {
        found.push(flaw(Trap::Condition, &set.key, (set.value.clone(), Some((set.file.clone(), set.line)))));
    }
    if !commands.is_empty() {
        found.extend(unit.service(commands));
    }
    found
}

impl Unit<'_> {
    fn service(&self, commands: &[Command]) -> Vec<Flaw> {
        let mut found = Vec::new();
        let has_start = commands.iter().any(|command| command.list == "ExecStart");
        let default = if has_start { "simple" } else { "oneshot" };
        let kind = self.value("Type", |detail| detail.kind.clone(), default);
        let is_oneshot = kind.0 == "oneshot";
        let declared = self.value("SuccessExitStatus", |detail| detail.success_statuses.join(" "), "");
        if !declared.0.is_empty() {
            found.push(flaw(Trap::Declared, "SuccessExitStatus", declared));
        }
        let restart = self.value("Restart", |detail| detail.restart.clone(), "no");
        if is_oneshot && restart.0 != "no" {
            found.push(flaw(Trap::Restart, "Restart", restart));
        }
        let mode = self.value("RestartMode", |detail| detail.restart_mode.clone(), "normal");
        if mode.0 == "direct" && self.is_unlimited() {
            found.push(flaw(Trap::Endless, "RestartMode", mode));
        }
        let remains = self.value("RemainAfterExit", |detail| yes_or_no(detail.remains), "no");
        if is_oneshot && !is_yes(&remains.0) {
            found.push(flaw(Trap::Unpinned, "RemainAfterExit", remains));
        }
        found.extend(self.start_timeout(is_oneshot));
        let runs_containers = |command: &Command| {
            is_start(&command.list)
                && ["podman", "compose", "apply-and-verify"].iter().any(|word| command.line.contains(word))
        };
        let kill_mode = self.value("KillMode", |detail| detail.kill_mode.clone(), "control-group");
        if commands.iter().any(runs_containers)
            && is_oneshot
            && !matches!(kill_mode.0.as_str(), "process" | "none")
        {
            found.push(flaw(Trap::KillMode, "KillMode", kill_mode));
        }
        let waits = commands.iter().any(|command| command.list == "ExecStartPost");
        if matches!(kind.0.as_str(), "simple" | "exec" | "idle") && !waits {
            found.push(flaw(Trap::NotWaiting, "Type", kind));
        }
        found
    }

    /// The last assignment that counts, else what the manager has, else systemd's default at the unit's file.
    fn value(&self, key: &str, loaded: fn(&Detail) -> String, default: &str) -> Value {
        if let Some(set) = self.last("Service", key) {
            return (set.value.clone(), Some((set.file.clone(), set.line)));
        }
        let value = self.detail.map(loaded).filter(|value| !value.is_empty());
        (value.unwrap_or_else(|| default.to_owned()), None)
    }

    fn last(&self, section: &str, key: &str) -> Option<&Setting> {
        self.standing.iter().copied().rfind(|set| set.section == section && set.key == key)
    }

    fn is_unlimited(&self) -> bool {
        let intervals = ["StartLimitIntervalSec", "StartLimitInterval"];
        let said =
            intervals.iter().find_map(|key| self.last("Unit", key).or_else(|| self.last("Service", key)));
        said.is_some_and(|set| is_none(&set.value)) || self.detail.is_some_and(|detail| detail.is_unlimited)
    }

    /// A oneshot has no bound unless one is set (systemd.service(5), `TimeoutStartSec=`).
    fn start_timeout(&self, is_oneshot: bool) -> Option<Flaw> {
        let set = self.last("Service", "TimeoutStartSec").or_else(|| self.last("Service", "TimeoutSec"));
        let is_unbounded = match (set, self.detail) {
            (Some(set), _) => is_none(&set.value),
            (None, Some(detail)) => detail.start_timeout.is_none(),
            (None, None) => is_oneshot,
        };
        if !is_unbounded {
            return None;
        }
        let value = set.map_or_else(
            || ("infinity".to_owned(), None),
            |set| (set.value.clone(), Some((set.file.clone(), set.line))),
        );
        let mut flaw = flaw(Trap::NoTimeout, "TimeoutStartSec", value);
        if flaw.place.is_none() {
            flaw.says.push_str(self.fragment.map_or("", |_| " (by default)"));
        }
        Some(flaw)
    }
}

fn flaw(trap: Trap, key: &str, (value, place): Value) -> Flaw {
    let note = if place.is_none() && trap != Trap::NoTimeout { " (by default)" } else { "" };
    Flaw { trap, place, says: format!("{key}={value}{note}") }
}

fn is_none(span: &str) -> bool {
    matches!(span, "infinity" | "0" | "0s")
}

fn is_yes(value: &str) -> bool {
    matches!(value, "yes" | "true" | "on" | "1" | "y" | "t")
}

fn yes_or_no(value: bool) -> String {
    (if value { "yes" } else { "no" }).to_owned()
}
