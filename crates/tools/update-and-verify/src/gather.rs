//! The looks at containers and units, each one call for all of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use oneshot::{Backoff, Deadline, Root};
use podman::auto_update::{AUTHFILE, POLICY, Policy, UNIT};
use podman::list::Listed;
use podman::program::PATIENCE;
use podman::{Container, Podman, container, list};
use stack::judge::{self, Clock, Failure, Past, Rule, State};
use stack::watch;
use systemd::unit::{Detail, Load, Name, detail};
use systemd::{Scope, files};

use crate::facts::{Known, UnitState, Units};

/// Every container that runs or has the policy, but for those that only hold a pod together.
pub(crate) fn before(root: &Root, podman: &Podman) -> Result<Vec<Known>> {
    let rows = list::all(podman, Deadline::after(PATIENCE))?;
    let infra: BTreeMap<&str, &Listed> =
        rows.iter().filter(|row| row.is_infra).map(|row| (row.pod.as_str(), row)).collect();
    let concerned: Vec<&Listed> = rows
        .iter()
        .filter(|row| !row.is_infra && (row.is_running || row.labels.contains_key(POLICY)))
        .collect();
    let ids: Vec<String> = concerned.iter().map(|row| row.id.clone()).collect();
    // One that vanished between the two calls is none.
    let found = container::inspect(podman, &ids, Deadline::after(PATIENCE))?.containers;
    let known = found.into_iter().filter_map(|container| {
        let row = concerned.iter().find(|row| row.id == container.id)?;
        let pod = infra.get(row.pod.as_str());
        let unit = match pod {
            _ if row.pod.is_empty() => row.labels.get(UNIT),
            Some(infra) => infra.labels.get(UNIT),
            // podman would not find it, its reload does.
            None => row.labels.get(UNIT),
        };
        Some(Known {
            bad: bad(root, &container),
            policy: row.labels.get(POLICY).and_then(|value| Policy::of(value)),
            authfile: row.labels.get(AUTHFILE).cloned(),
            unit: unit.filter(|unit| !unit.is_empty()).cloned(),
            project: row.project().map(str::to_owned),
            is_in_bare_pod: !row.pod.is_empty() && pod.is_none(),
            is_running: row.is_running,
            id: container.id,
            name: container.name,
            image: container.image,
            image_name: container.image_name,
        })
    });
    Ok(known.collect())
}

fn bad(root: &Root, container: &Container) -> Option<String> {
    let sight = watch::sight(root, container);
    match judge::judge(Past::default(), &sight, Rule::default(), Clock::default()).0 {
        State::Failed(Failure::Ended) | State::Good | State::Waiting(_) => None,
        State::Failed(failure) => Some(failure.to_string()),
    }
}

/// Who tells of units.
#[derive(Debug)]
pub(crate) enum Manager {
    /// A service manager.
    Running(Scope),
    /// The unit files of another tree: what is there counts as up.
    Files(Root),
}

/// These units, and all that go down with one of them.
pub(crate) fn units_with_dependents(manager: &Manager, names: BTreeSet<String>) -> Result<Units> {
    let mut found = Units::new();
    let mut waiting = names;
    while !waiting.is_empty() {
        let units = units(manager, &waiting)?;
        waiting = units.values().flat_map(|unit| unit.dependents.iter().cloned()).collect();
        found.extend(units);
        waiting.retain(|name| !found.contains_key(name));
    }
    Ok(found)
}

/// These units, in one call. What is no unit's name, as a label may have it, is none that exists.
pub(crate) fn units(manager: &Manager, names: &BTreeSet<String>) -> Result<Units> {
    let scope = match manager {
        Manager::Running(scope) => scope,
        Manager::Files(root) => {
            return names.iter().map(|name| Ok((name.clone(), on_disk(root, name)?))).collect();
        }
    };
    let is_name = |name: &&String| name.parse::<Name>().is_ok_and(|parsed| parsed.as_str() == name.as_str());
    let asked: Vec<&String> = names.iter().filter(is_name).collect();
    let details = detail::show(scope, &asked)?;
    let mut units: Units = names.iter().map(|name| (name.clone(), UnitState::default())).collect();
    units.extend(asked.into_iter().zip(details).map(|(name, detail)| (name.clone(), state(detail))));
    Ok(units)
}

fn on_disk(root: &Root, unit: &str) -> Result<UnitState> {
    let exists = !unit.contains('/') && files::read_from(root, &files::USER_PATHS, unit)?.fragment.is_some();
    let summary = if exists { "active" } else { "inactive" }.to_owned();
    Ok(UnitState { exists, is_up: exists, summary, ..UnitState::default() })
}

fn state(detail: Detail) -> UnitState {
    UnitState {
        exists: detail.unit.load == Load::Loaded,
        is_up: detail.unit.is_up(),
        // One that failed and is due again some time is down until then.
        is_moving: detail.unit.is_moving() && !detail.unit.sub.starts_with("auto-restart"),
        is_oneshot: detail.is_oneshot(),
        can_reload: detail.commands.iter().any(|(list, _)| list == "ExecReload"),
        summary: detail.unit.summary(),
        dependents: detail.dependents,
    }
}

/// The same units again, once none of `waited` is on its way any more, or when the time is up.
pub(crate) fn settled_units(
    manager: &Manager,
    names: &BTreeSet<String>,
    waited: &BTreeSet<String>,
    deadline: &Deadline,
) -> Result<Units> {
    let mut backoff = Backoff::default();
    loop {
        let units = units(manager, names)?;
        let is_moving = units.iter().any(|(name, unit)| unit.is_moving && waited.contains(name));
        if !is_moving || stack::asked_to_end().is_some() || !backoff.pause(deadline) {
            return Ok(units);
        }
    }
}
