//! What the manager has loaded against the disk: PF7, PF8, PF10, and files that it could not use.

use oneshot::{Finding, text};
use provenance::facts::{Difference, HostFacts, LoadedFacts, Memory, UnitFacts};
use systemd::unit::{Active, Load};

use super::{cure, named};

const ID: &str = "unit-loaded";

pub(super) fn findings(host: &HostFacts, unit: &UnitFacts) -> Vec<Finding> {
    match &unit.memory {
        Memory::Unknown | Memory::Absent => Vec::new(),
        Memory::Listed(listed) => {
            state(host, unit, (&listed.load, &listed.active), None).into_iter().collect()
        }
        Memory::Loaded(facts) => of(host, unit, facts),
    }
}

fn of(host: &HostFacts, unit: &UnitFacts, facts: &LoadedFacts) -> Vec<Finding> {
    let loaded = &facts.loaded;
    let mut found = Vec::new();
    found.extend(state(host, unit, (&loaded.load, &loaded.active), loaded.error.as_deref()));
    if !facts.differences.is_empty() {
        found.push(stale(host, unit, facts));
    } else if loaded.needs_reload && loaded.load == Load::Masked {
        let text = format!(
            "{}: it is masked and has drop-ins; a reload does not clear its NeedDaemonReload",
            unit.name
        );
        found.push(
            Finding::warn(ID, text).shape("PF8").hint("nothing is to be done; never reload in a loop for it"),
        );
    } else if loaded.needs_reload {
        let text = format!("{}: systemd itself says that its files changed since it read them", unit.name);
        found.push(Finding::fail(ID, text).shape("PF7").fixable().hint(cure::reload(host)));
    }
    if let Some((path, reason)) = &facts.unread {
        let text = format!(
            "{}: whether it would run the commands of its files is not known: reading {}: {reason}",
            unit.name,
            path.display()
        );
        found.push(Finding::warn(ID, text));
    }
    found
}

/// Whether its file was found and could be used.
fn state(
    host: &HostFacts,
    unit: &UnitFacts,
    (load, active): (&Load, &Active),
    error: Option<&str>,
) -> Option<Finding> {
    let name = &unit.name;
    let is_up =
        matches!(active, Active::Active | Active::Reloading | Active::Activating | Active::Deactivating);
    let says = error.map(|error| format!(": {error}")).unwrap_or_default();
    let finding = match load {
        Load::NotFound if is_up => {
            let text = format!(
                "{name}: it is {active}, but its file is gone; once stopped it cannot be started again"
            );
            Finding::fail(ID, text).shape("PF10").hint(cure::mend(host, name))
        }
        Load::BadSetting => Finding::fail(ID, format!("{name}: systemd cannot use its file{says}")),
        Load::Error => Finding::fail(ID, format!("{name}: systemd could not read its file{says}")),
        Load::NotFound if !unit.files.is_empty() && unit.winner.is_none() => {
            Finding::fail(ID, format!("{name}: the manager finds no file for it{says}"))
        }
        _ => return None,
    };
    Some(match load {
        Load::BadSetting | Load::Error => {
            finding.hint(format!("{} status {} tells why", host.whose.systemctl(), text::word(name)))
        }
        _ => finding,
    })
}

/// PF7 for certain.
fn stale(host: &HostFacts, unit: &UnitFacts, facts: &LoadedFacts) -> Finding {
    let told: Vec<String> = facts.differences.iter().map(difference).collect();
    let text = format!("{}: the manager has an old version of it: {}", unit.name, told.join("; "));
    let finding = Finding::fail(ID, text).shape("PF7").fixable().hint(cure::reload(host));
    let finding = match facts.differences.iter().find_map(values) {
        Some((expected, actual)) => finding.compared(expected, actual),
        None => finding,
    };
    if facts.loaded.is_up() {
        return finding.hint(format!(
            "what runs is not changed by that; when it may be: {} restart {}",
            host.whose.systemctl(),
            text::word(&unit.name)
        ));
    }
    finding
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Fragment { loaded, disk } => match (loaded, disk) {
            (Some(loaded), Some(disk)) => {
                format!("it was read from {}, and {} counts now", loaded.display(), disk.display())
            }
            (Some(loaded), None) => format!("{}, from which it was read, is gone", loaded.display()),
            (None, Some(disk)) => format!("{} is not known to it", disk.display()),
            (None, None) => "its file is not known".to_owned(),
        },
        Difference::DropIns { gone, new } => {
            let list = |paths: &[std::path::PathBuf]| {
                paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
            };
            match (gone.is_empty(), new.is_empty()) {
                (true, _) => format!("it does not know {}", list(new)),
                (false, true) => format!("it still has {}", list(gone)),
                (false, false) => format!("it still has {} and does not know {}", list(gone), list(new)),
            }
        }
        Difference::ExecStart { loaded, disk } => {
            format!("it would run {loaded:?}, and the files say {disk:?}")
        }
    }
}

/// The good value and the one that was found.
fn values(difference: &Difference) -> Option<(String, String)> {
    match difference {
        Difference::ExecStart { loaded, disk } => Some((disk.clone(), loaded.clone())),
        Difference::Fragment { loaded: Some(loaded), disk: Some(disk) } => {
            Some((disk.display().to_string(), loaded.display().to_string()))
        }
        _ => None,
    }
}

/// Times alone, in one line: what can be compared of these units is the same.
pub(super) fn perhaps_stale(host: &HostFacts, units: &[UnitFacts]) -> Option<Finding> {
    let young: Vec<(&str, &std::path::Path)> = units.iter().filter_map(perhaps).collect();
    let (_, path) = young.first()?;
    let names: Vec<&str> = young.iter().map(|(name, _)| *name).collect();
    let text = format!(
        "{}: {} changed since the manager read its files; what it has loaded is the same as far as it can be compared",
        named(&names),
        path.display()
    );
    Some(Finding::warn(ID, text).shape("PF7").fixable().hint(cure::reload(host)))
}

fn perhaps(unit: &UnitFacts) -> Option<(&str, &std::path::Path)> {
    match &unit.memory {
        Memory::Loaded(facts) if facts.differences.is_empty() && !facts.loaded.needs_reload => {
            Some((&unit.name, facts.younger.as_deref()?))
        }
        _ => None,
    }
}
