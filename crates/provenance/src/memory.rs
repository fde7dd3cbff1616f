//! What the manager is asked, in at most three calls however many units there are: when it read its files, which units it
//! has in memory, and all of those units that the disk alone does not clear.

use std::collections::HashMap;

use anyhow::Result;
use systemd::loading::{self, Loading};
use systemd::unit::listing::{self, Listed};
use systemd::unit::{Active, Load, Loaded, loaded};

use crate::facts::UnitFacts;
use crate::standing::Standing;
use crate::whose::Whose;

/// So few are asked in any case: a clock that was set back hides a change from the times.
const FEW: usize = 100;

/// The manager's answers.
#[derive(Debug)]
pub(crate) struct Answers {
    listed: HashMap<String, Listed>,
    loaded: HashMap<String, Loaded>,
    /// Loaded just now, because they were asked for.
    fresh: HashMap<String, Loaded>,
}

/// What the manager says of one unit.
pub(crate) enum Answer<'a> {
    Absent,
    Listed(&'a Listed),
    Loaded(&'a Loaded),
    Fresh(&'a Loaded),
}

/// The first question.
pub(crate) fn loading(whose: &Whose) -> Result<Loading, String> {
    loading::ask(&whose.scope()).map_err(|error| format!("{error:#}"))
}

/// Units that someone named: all of them are asked, those that are not in memory last, because that loads them.
pub(crate) fn of_named(whose: &Whose, names: &[String]) -> Result<Answers> {
    let scope = whose.scope();
    let loaded = by_name(loaded::in_memory(&scope, names)?);
    let rest: Vec<&String> = names.iter().filter(|name| !loaded.contains_key(*name)).collect();
    let fresh = by_name(loaded::of(&scope, &rest)?);
    Ok(Answers { listed: HashMap::default(), loaded, fresh })
}

/// Which units are in memory.
pub(crate) fn list(whose: &Whose) -> Result<HashMap<String, Listed>> {
    listing::list(&whose.scope())
}

/// Many units: those are asked that are in memory and that the disk does not clear, or that are not as shipped: of these it
/// matters what runs.
pub(crate) fn of_many(
    whose: &Whose,
    listed: HashMap<String, Listed>,
    units: &[UnitFacts],
    is_cleared: impl Fn(&UnitFacts) -> bool,
) -> Result<Answers> {
    let in_memory: Vec<&UnitFacts> = units.iter().filter(|unit| listed.contains_key(&unit.name)).collect();
    let shipped = in_memory.iter().filter(|unit| !unit.files.is_empty()).count();
    let is_asked = |unit: &&UnitFacts| {
        (shipped <= FEW && !unit.files.is_empty())
            || unit.files.iter().any(|file| file.standing != Standing::Shipped)
            || !is_cleared(unit)
            || listed.get(&unit.name).is_some_and(|listed| contradicts(listed, unit))
    };
    let asked: Vec<&str> = in_memory.into_iter().filter(is_asked).map(|unit| unit.name.as_str()).collect();
    let loaded = by_name(loaded::in_memory(&whose.scope(), &asked)?);
    Ok(Answers { listed, loaded, fresh: HashMap::default() })
}

/// Whether what is in memory cannot come from what is on the disk. Devices, mounts, slices and the like are there without
/// a file.
fn contradicts(listed: &Listed, unit: &UnitFacts) -> bool {
    let needs_file = [".service", ".socket", ".timer", ".path", ".target", ".automount"];
    let is_there = unit.winner.as_ref().is_some_and(|winner| !winner.is_dangling);
    let is_masked = unit.winner.as_ref().is_some_and(|winner| winner.is_mask);
    match listed.load {
        Load::Loaded => {
            is_masked || (!is_there && needs_file.iter().any(|suffix| unit.name.ends_with(suffix)))
        }
        Load::NotFound => is_there || matches!(listed.active, Active::Active | Active::Reloading),
        Load::Masked => !is_masked,
        _ => true,
    }
}

fn by_name(units: Vec<Loaded>) -> HashMap<String, Loaded> {
    let mut found = HashMap::new();
    for unit in units {
        for name in &unit.names {
            found.insert(name.clone(), unit.clone());
        }
    }
    found
}

impl Answers {
    /// Every unit in memory.
    pub(crate) fn of(&self, name: &str) -> Answer<'_> {
        if let Some(loaded) = self.loaded.get(name) {
            return Answer::Loaded(loaded);
        }
        match (self.fresh.get(name), self.listed.get(name)) {
            (Some(fresh), _) => Answer::Fresh(fresh),
            (None, Some(listed)) => Answer::Listed(listed),
            (None, None) => Answer::Absent,
        }
    }
}
