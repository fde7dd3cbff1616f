//! What podman said nothing of, or only an error.

use podman::auto_update::{End, NO_INFRA, NO_RAW_NAME, Row};

use super::{Found, of_known};
use crate::facts::Known;
use crate::matter::{Matter, Missed, Omission};

impl Found<'_> {
    /// podman's errors on a row: its words have the container's id, or the name of the unit.
    pub(super) fn errors_of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a String> {
        let errors = self.facts.run.errors.iter();
        errors.filter(|error| mentions(error, &row.unit) || (row.id.len() >= 12 && error.contains(&row.id)))
    }

    /// The errors that name nothing known here.
    pub(super) fn errors(&mut self) {
        let facts = self.facts;
        let mut bare = facts.before.iter().filter(|one| is_bare(one)).count();
        for error in &facts.run.errors {
            if error.contains(NO_INFRA) && bare > 0 {
                // Of one of these; what it means is told of each.
                bare -= 1;
                continue;
            }
            let is_of_row = facts.run.rows.iter().any(|row| self.errors_of(row).any(|own| own == error));
            let is_of_known = facts.before.iter().any(|one| error.contains(&one.id));
            if !is_of_row && !is_of_known {
                self.matters.push(Matter::Error(error.clone()));
            }
        }
    }

    pub(super) fn left_out(&mut self) {
        let facts = self.facts;
        let mut known: Vec<&Known> = facts.before.iter().collect();
        known.sort_by_key(|one| (&one.unit, &one.name));
        for one in known {
            if let Some(why) = self.omission(one) {
                self.matters.push(Matter::LeftOut { whose: of_known(one), why });
            }
        }
    }

    /// Why nothing looks for a newer image of this one, if nothing does.
    pub(super) fn omission(&self, one: &Known) -> Option<Omission> {
        let facts = self.facts;
        if facts.run.end == End::Deadline {
            return None;
        }
        let error = || facts.run.errors.iter().find(|error| error.contains(&one.id));
        let unit = one.unit.as_ref().and_then(|unit| facts.units_before.get(unit));
        if let Some(row) = one.row(&facts.run) {
            let is_idle = row.updated == podman::auto_update::Updated::No;
            return (is_idle && unit.is_some_and(|unit| !unit.exists)).then_some(Omission::NoUnit);
        }
        if one.policy.is_none() {
            // A policy that podman does not know.
            return error().map(|error| Omission::Error(error.clone()));
        }
        if !one.is_running {
            let has_unit = unit.is_some_and(|unit| unit.exists);
            let is_renewed = one.unit.as_ref().is_some_and(|unit| self.is_reloaded(unit));
            return (!is_renewed).then_some(Omission::Down { has_unit });
        }
        let is_beyond_podman = is_bare(one) || error().is_some_and(|error| error.contains(NO_RAW_NAME));
        if one.is_of_stack(&facts.units_before) && (is_beyond_podman || error().is_none()) {
            return None;
        }
        match &one.project {
            Some(project) if is_beyond_podman || unit.is_none_or(|unit| !unit.exists) => {
                Some(Omission::NoStack { project: project.clone(), unit: self.flaw(one) })
            }
            _ => Some(error().map_or(Omission::Silence, |error| Omission::Error(error.clone()))),
        }
    }

    /// What keeps a unit from renewing its stack.
    fn flaw(&self, one: &Known) -> Option<String> {
        let name = one.unit.as_ref()?;
        let unit = self.facts.units_before.get(name);
        Some(match unit {
            Some(unit) if unit.exists && !unit.is_up => format!("{name} is {}", unit.summary),
            Some(unit) if unit.exists => format!("{name} has no ExecReload="),
            _ => format!("{name} does not exist"),
        })
    }

    pub(super) fn missed(&mut self) {
        let facts = self.facts;
        if facts.run.end == End::Deadline {
            return;
        }
        for unit in &facts.expect {
            let own = || facts.before.iter().filter(|one| one.unit.as_ref() == Some(unit));
            let is_seen = facts.run.rows.iter().any(|row| row.unit == *unit)
                || own().any(|one| one.is_looked_after(&facts.units_before));
            if is_seen {
                continue;
            }
            let name = |one: &Known| one.name.clone();
            let with_policy = own().find(|one| one.policy.is_some());
            let why = if facts.units_before.get(unit).is_none_or(|unit| !unit.exists) {
                Missed::NoUnit
            } else if let Some(one) = with_policy.filter(|one| !one.is_running) {
                Missed::Down(name(one))
            } else if let Some(one) = with_policy {
                Missed::Other(name(one))
            } else if let Some(one) = own().next() {
                Missed::NoPolicy(name(one))
            } else {
                Missed::NoContainer
            };
            self.matters.push(Matter::Missed { unit: unit.clone(), why });
        }
    }
}

fn is_bare(one: &Known) -> bool {
    one.policy.is_some() && one.is_running && one.is_in_bare_pod
}

/// Whether a unit's name is a word of the error.
fn mentions(error: &str, unit: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    !unit.is_empty() && error.split(|c: char| !is_part(c)).any(|word| word == unit)
}
