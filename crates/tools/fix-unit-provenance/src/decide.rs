//! From facts to steps, and to what is left to a person. Reads nothing: no file, no environment, no clock, no uid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nix_host::manifest::Kind;
use oneshot::{Exit, Finding, text};
use provenance::Survey;
use provenance::facts::{Memory, UnitFacts};
use provenance::owner::{self, Generation};
use provenance::place::Obstacle;
use provenance::standing::Standing;
use systemd::unit::Load;

use crate::step::Step;

mod running;

pub use running::{restartable, running_old};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Put links back.
    pub restores: bool,
    /// Have the manager read its files.
    pub reloads: bool,
    /// Whether the units were named, and so must be shipped.
    pub is_named: bool,
    /// Foreign drop-ins to be removed.
    pub removes: &'a [PathBuf],
    /// Steps of this run that could not be taken; they are not tried again.
    pub failed: &'a [Step],
}

/// What is to be done, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In their order; the reload is the last.
    pub steps: Vec<Step>,
    /// What remains when they are done.
    pub findings: Vec<Finding>,
    /// The units of which something remains otherwise than it is shipped.
    pub left: BTreeSet<String>,
}

/// The plan for what was seen.
#[must_use]
pub fn decide(survey: &Survey, wish: &Wish<'_>) -> Plan {
    let mut plan = Plan::default();
    let unclear = generations(survey, &mut plan);
    let blocked = blocked(survey, &mut plan);
    // What is shipped for a template is so for each of its instances.
    let mut seen: BTreeSet<&Path> = BTreeSet::new();
    for unit in &survey.units {
        let before = plan.findings.len();
        for file in &unit.files {
            if unclear.contains(&file.owner) {
                plan.left.insert(unit.name.clone());
                continue;
            }
            let told = |what: &str| format!("{}: {} {what}", unit.name, file.path.display());
            let keeps = match &file.standing {
                Standing::Shipped => continue,
                Standing::Missing
                | Standing::OtherGeneration { .. }
                | Standing::Elsewhere(_)
                | Standing::Dangling(_)
                | Standing::Loop
                | Standing::File { is_same: true } => false,
                Standing::File { is_same: false } => true,
                Standing::Masked => {
                    let finding =
                        Finding::fail("unit-mask", told("is a mask, which is left alone")).shape("PF6");
                    let path = text::word(&file.path.to_string_lossy());
                    plan.findings.push(finding.hint(format!("if it is not wanted: rm {path}")));
                    continue;
                }
                Standing::Folder | Standing::Special => {
                    let finding =
                        Finding::fail("unit-file", told("is no file and no link, and is left alone"));
                    plan.findings.push(finding.shape("PF1").hint("move it away and run this again"));
                    continue;
                }
                Standing::Collected(at) => {
                    let what = format!("cannot be put back: the generation lacks {}", at.display());
                    plan.findings.push(Finding::fail("unit-file", told(&what)).shape("PF11"));
                    continue;
                }
                Standing::Unreadable(reason) => {
                    let what = format!("could not be looked at: {reason}");
                    plan.findings.push(Finding::fail("unit-file", told(&what)));
                    continue;
                }
            };
            if !wish.restores {
                plan.findings.push(Finding::fail(
                    "unit-file",
                    told("is not as shipped, and --restore was not asked for"),
                ));
            } else if let Some(obstacle) = blocked.iter().find(|one| file.path.starts_with(one.at())) {
                let what = format!("is not put back because of {}", obstacle.at().display());
                let finding = Finding::fail("unit-file", told(&what)).shape("PF9");
                plan.findings.push(match obstacle {
                    // Whoever says where the units are must say otherwise first.
                    Obstacle::Outside(_) => finding.exits(Exit::Config),
                    Obstacle::Stored(_) => finding.hint(
                        "the folder is a link into the store: nixos-rebuild switch, which makes it anew",
                    ),
                    _ => finding,
                });
            } else {
                let (path, source, owner) = (file.path.clone(), file.source.clone(), file.owner);
                let step = Step::Restore { path, source, owner, keeps };
                if wish.failed.contains(&step) {
                    plan.left.insert(unit.name.clone());
                } else if seen.insert(&file.path) {
                    plan.steps.push(step);
                }
            }
        }
        plan.findings.extend(left(unit, wish));
        if plan.findings.len() > before {
            plan.left.insert(unit.name.clone());
        }
    }
    drop_ins(survey, wish, &mut plan);
    if wish.reloads
        && survey.host.manager.is_ok()
        && !wish.failed.contains(&Step::Reload)
        && (!plan.steps.is_empty() || survey.units.iter().any(needs_reload))
    {
        plan.steps.push(Step::Reload);
    }
    plan
}

/// PF11: an owner whose generation is lost or unclear is not worked by.
fn generations(survey: &Survey, plan: &mut Plan) -> Vec<owner::Kind> {
    let id = "generation";
    let mut unclear = Vec::new();
    for generation in &survey.host.generations {
        let text = match generation {
            Generation::Lost { kind, reasons } => {
                let reasons: Vec<&str> = reasons.iter().map(|(_, reason)| reason.as_str()).collect();
                format!("there is no current generation of {kind}: {}", reasons.join("; "))
            }
            Generation::Current { kind, against, .. } if !against.is_empty() => {
                let says: Vec<&str> = against.iter().map(|(_, says)| says.as_str()).collect();
                format!(
                    "it is not clear which generation of {kind} is current, so that nothing is put back: {}",
                    says.join("; ")
                )
            }
            _ => continue,
        };
        unclear.push(generation.kind());
        plan.findings.push(Finding::fail(id, text).shape("PF11").exits(Exit::Config));
    }
    if survey.host.generations.iter().all(|one| matches!(one, Generation::None(_))) {
        let text =
            "neither Home Manager nor NixOS has a generation here, so that there is nothing to put back";
        plan.findings.push(Finding::fail(id, text).shape("PF11").exits(Exit::Config));
    }
    unclear
}

/// PF9: what keeps from writing to folders. That one is in the store is as it should be.
fn blocked<'s>(survey: &'s Survey, plan: &mut Plan) -> Vec<&'s Obstacle> {
    let all = survey.host.places.iter().flat_map(|(_, _, obstacles)| obstacles);
    let blocked: Vec<&Obstacle> = all.filter(|one| !matches!(one, Obstacle::NotOnPath(_))).collect();
    for obstacle in blocked.iter().filter(|one| !matches!(one, Obstacle::Stored(_))) {
        let text = format!("{obstacle}; nothing is put back in it");
        plan.findings.push(Finding::warn("unit-folder", text).shape("PF9"));
    }
    blocked
}

/// What is no step of this program.
fn left(unit: &UnitFacts, wish: &Wish<'_>) -> Option<Finding> {
    if wish.is_named && unit.owner.is_none() {
        return Some(Finding::fail(
            "unit-owner",
            format!("{} is not shipped by any generation; it is left alone", unit.name),
        ));
    }
    let shipped = unit.files.iter().find(|file| file.kind == Kind::Unit)?;
    let is_bad = matches!(unit.load(), Some(Load::BadSetting | Load::Error));
    if is_bad {
        return Some(Finding::fail("unit-loaded", format!("{}: systemd cannot use its file", unit.name)));
    }
    let winner = unit.winner.as_ref()?;
    let is_own = unit.files.iter().any(|file| file.path == winner.path);
    if is_own || shipped.standing == Standing::Missing {
        return None;
    }
    let text = format!(
        "{}: {} counts in place of {}, and is left alone",
        unit.name,
        winner.path.display(),
        shipped.path.display()
    );
    let shape = if winner.is_mask { "PF6" } else { "PF4" };
    Some(Finding::fail("unit-fragment", text).shape(shape))
}

/// PF5: removed only where they are named.
fn drop_ins(survey: &Survey, wish: &Wish<'_>, plan: &mut Plan) {
    let mut foreign: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
    for unit in survey.units.iter().filter(|unit| unit.owner.is_some()) {
        for one in &unit.drop_ins {
            if one.is_foreign() && !one.is_idle() {
                foreign.entry(&one.path).or_default().push(&unit.name);
            }
        }
    }
    for (path, units) in foreign {
        let remove = Step::Remove { path: path.to_path_buf() };
        if wish.failed.contains(&remove) {
            plan.left.extend(units.into_iter().map(str::to_owned));
        } else if wish.removes.iter().any(|named| named == path) {
            plan.steps.push(remove);
        } else {
            let text = format!("{} merges into shipped units, and is left alone", path.display());
            let finding = Finding::fail("unit-drop-in", text).shape("PF5");
            let path = text::word(&path.to_string_lossy());
            plan.findings.push(finding.hint(format!("if nobody wants it: --remove-foreign {path}")));
            plan.left.extend(units.into_iter().map(str::to_owned));
        }
    }
}

/// Whether the manager has something old, or may have. A masked unit asks for ever (PF8).
fn needs_reload(unit: &UnitFacts) -> bool {
    match &unit.memory {
        Memory::Loaded(facts) => {
            let asks = facts.loaded.needs_reload && facts.loaded.load != Load::Masked;
            !facts.differences.is_empty() || facts.younger.is_some() || asks
        }
        Memory::Listed(listed) => listed.load == Load::NotFound && unit.winner.is_some(),
        Memory::Unknown | Memory::Absent => false,
    }
}

#[cfg(test)]
mod tests;
