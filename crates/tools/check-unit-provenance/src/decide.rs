//! From facts to findings. Reads nothing: no file, no environment, no clock, no uid.

use nix_host::manifest::Kind;
use oneshot::{Exit, Finding, Status};
use provenance::facts::{HostFacts, UnitFacts};
use provenance::{Survey, owner};

use crate::allow::Pattern;

mod cure;
mod drop_ins;
mod files;
mod folders;
mod fragment;
mod generation;
mod loaded;
mod manager;

/// So many units of a finding on many are named.
const NAMED: usize = 3;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Only units of this owner.
    pub owner: Option<owner::Kind>,
    /// Whether the units were named, and so must be shipped.
    pub is_named: bool,
    /// Whether each unit that is in order has its line.
    pub is_each: bool,
    /// Whether a warning is a failure.
    pub is_strict: bool,
    /// Foreign drop-ins that are wanted.
    pub allowed: &'a [Pattern],
}

/// Every finding: on the host, on each unit, on drop-ins, which may concern many units. The ids are stable;
/// docs/programs/check-unit-provenance.md lists them.
#[must_use]
pub fn findings(survey: &Survey, wish: &Wish<'_>) -> Vec<Finding> {
    let host = &survey.host;
    let mut found = generation::findings(host, wish);
    found.extend(folders::findings(host));
    found.extend(manager::finding(host));
    let mut good = 0_usize;
    for unit in &survey.units {
        let wrong = of_unit(host, unit, wish);
        if wrong.is_empty() {
            good += 1;
            found.extend(in_order(unit).filter(|_| wish.is_each));
        }
        found.extend(wrong);
    }
    found.extend(drop_ins::findings(host, &survey.units, wish));
    found.extend(loaded::perhaps_stale(host, &survey.units));
    if !wish.is_each {
        found.extend(summary(good, survey.units.len()));
    }
    found.into_iter().map(|finding| if wish.is_strict { strict(finding) } else { finding }).collect()
}

fn of_unit(host: &HostFacts, unit: &UnitFacts, wish: &Wish<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(fragment::owner(unit, wish));
    found.extend(files::findings(host, unit));
    found.extend(fragment::finding(host, unit));
    found.extend(loaded::findings(host, unit));
    found.into_iter().map(|finding| finding.about(&unit.name)).collect()
}

/// The line of a unit that is in order; one that nobody ships and that is no concern has none.
fn in_order(unit: &UnitFacts) -> Option<Finding> {
    let file = unit.files.iter().find(|file| file.kind == Kind::Unit).or(unit.files.first())?;
    let text = format!("{}: {} leads to {}", unit.name, file.path.display(), file.source.display());
    Some(Finding::ok("unit-file", text).about(&unit.name))
}

/// One line for all, where each is in order.
fn summary(good: usize, all: usize) -> Option<Finding> {
    let id = "units";
    match all {
        0 => Some(Finding::skip(id, "no unit was looked at")),
        _ if good < all => None,
        1 => Some(Finding::ok(id, "the one unit is as it was shipped")),
        _ => Some(Finding::ok(id, format!("all {all} units are as they were shipped"))),
    }
}

/// The first units of many, and how many more there are.
fn named(units: &[&str]) -> String {
    let more = units.len().saturating_sub(NAMED);
    let first = units.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

fn strict(mut finding: Finding) -> Finding {
    if finding.status == Status::Warn {
        finding.status = Status::Fail;
        return finding.exits(Exit::Failed);
    }
    finding
}

#[cfg(test)]
mod tests;
