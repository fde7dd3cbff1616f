//! What has to be looked at after podman's run.

use std::collections::BTreeSet;

use podman::auto_update::{End, Row, Updated};

use crate::facts::Facts;

/// The names of the containers that have to be looked at after podman's run: those that it touched, those that it would have
/// touched had not another one been rolled back, and every other one on the same image or in the same unit.
#[must_use]
pub fn to_watch(facts: &Facts) -> BTreeSet<String> {
    if facts.is_dry {
        return BTreeSet::new();
    }
    if facts.run.end == End::Deadline {
        let kept = facts.before.iter().filter(|one| one.is_kept() && one.is_running);
        return kept.map(|one| one.name.clone()).collect();
    }
    let touched: Vec<&Row> = facts.run.rows.iter().filter(|row| is_touched(row)).collect();
    let reloaded = |unit: &str| facts.reloads.iter().any(|reload| reload.unit == unit);
    let mut names: BTreeSet<String> = touched.iter().map(|row| row.name.clone()).collect();
    let concerned = facts.before.iter().filter(|one| {
        let unit = one.unit.as_deref().unwrap_or_default();
        let is_same = |row: &&Row| row.image == one.image_name || (!unit.is_empty() && row.unit == unit);
        let is_renewed = reloaded(unit) && (one.is_running || one.policy.is_some());
        is_renewed || one.is_running && touched.iter().any(is_same)
    });
    names.extend(concerned.map(|one| one.name.clone()));
    names
}

pub(super) fn is_touched(row: &Row) -> bool {
    !matches!(row.updated, Updated::No | Updated::Pending)
}

/// The units that must come to rest before anything is told: those of these containers, and what goes down with one.
#[must_use]
pub fn to_settle(facts: &Facts, watched: &BTreeSet<String>) -> BTreeSet<String> {
    let own = facts.before.iter().filter(|one| watched.contains(&one.name));
    let mut waiting: Vec<&String> = own.filter_map(|one| one.unit.as_ref()).collect();
    let mut units = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if units.insert(name.clone())
            && let Some(unit) = facts.units_before.get(name)
        {
            waiting.extend(&unit.dependents);
        }
    }
    units
}
