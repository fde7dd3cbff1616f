//! Units that run what was read before, and which of them may be restarted.

use nix_host::manifest::Kind;
use provenance::Survey;
use provenance::facts::{FileFacts, LoadedFacts, Memory, UnitFacts};
use provenance::standing::Standing;
use systemd::unit::Active;

use super::Plan;
use crate::step::Step;

/// Units that are up and that the manager has otherwise than the disk, now or when the plan is done: what runs is what was
/// read before.
#[must_use]
pub fn running_old<'s>(survey: &'s Survey, plan: &Plan) -> Vec<&'s str> {
    let is_old = |unit: &&UnitFacts| match &unit.memory {
        Memory::Loaded(facts) => {
            let is_up = matches!(facts.loaded.active, Active::Active | Active::Reloading);
            let is_drifted = unit.files.iter().any(|file| is_other(file, facts));
            let loses = unit
                .drop_ins
                .iter()
                .any(|one| plan.steps.iter().any(|step| *step == Step::Remove { path: one.path.clone() }));
            is_up && (!facts.differences.is_empty() || is_drifted || loses)
        }
        _ => false,
    };
    survey.units.iter().filter(is_old).map(|unit| unit.name.as_str()).collect()
}

/// Whether what was read of a file is something else than what is shipped. Where a unit file is gone, what runs was read
/// from it before; a drop-in that is gone may have been so when the unit was read.
fn is_other(file: &FileFacts, facts: &LoadedFacts) -> bool {
    match &file.standing {
        _ if file.kind == Kind::Link => false,
        Standing::File { is_same: false }
        | Standing::OtherGeneration { is_same: false, .. }
        | Standing::Elsewhere(_) => true,
        Standing::Missing | Standing::Dangling(_) | Standing::Loop => {
            file.kind == Kind::DropIn && !facts.loaded.drop_ins.contains(&file.path)
        }
        _ => false,
    }
}

/// Those of them that are as shipped when the plan is done. A unit of which something is left to a person is not run anew
/// with it.
#[must_use]
pub fn restartable<'o>(plan: &Plan, old: &'o [String]) -> Vec<&'o str> {
    old.iter().map(String::as_str).filter(|unit| !plan.left.contains(*unit)).collect()
}
