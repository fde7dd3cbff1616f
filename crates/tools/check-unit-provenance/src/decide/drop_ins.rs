//! PF5: what merges into shipped units though no generation ships it. One file may concern every unit.

use std::collections::BTreeMap;
use std::path::Path;

use oneshot::Finding;
use provenance::facts::{Belongs, DropInFacts, HostFacts, UnitFacts};

use super::fragment::keeper;
use super::{Wish, cure, named};

const ID: &str = "unit-drop-in";

/// PF5.
const SHAPE: &str = "PF5";

pub(super) fn findings(host: &HostFacts, units: &[UnitFacts], wish: &Wish<'_>) -> Vec<Finding> {
    let mut foreign: BTreeMap<&Path, (&DropInFacts, Vec<&str>)> = BTreeMap::new();
    for unit in units.iter().filter(|unit| unit.owner.is_some()) {
        for drop_in in unit.drop_ins.iter().filter(|one| is_unwanted(one, wish)) {
            foreign.entry(&drop_in.path).or_insert((drop_in, Vec::new())).1.push(&unit.name);
        }
    }
    foreign.into_values().map(|(drop_in, units)| of(host, drop_in, &units)).collect()
}

fn is_unwanted(drop_in: &DropInFacts, wish: &Wish<'_>) -> bool {
    drop_in.is_foreign() && !wish.allowed.iter().any(|one| one.fits(&drop_in.path))
}

fn of(host: &HostFacts, drop_in: &DropInFacts, units: &[&str]) -> Finding {
    let path = drop_in.path.display();
    let whose = match drop_in.belongs {
        Belongs::Foreign(_) if drop_in.is_stored => "from the store, but not what a current generation ships",
        Belongs::Foreign(of) => keeper(of),
        Belongs::Generated => "a generator's",
        Belongs::Packaged | Belongs::Shipped => "a package's",
    };
    let named = named(units);
    let finding = match (drop_in.hides.first(), drop_in.is_mask) {
        (Some(hidden), _) => {
            Finding::fail(ID, format!("{path} hides {} from {named}; it is {whose}", hidden.display()))
        }
        (None, true) => {
            Finding::warn(ID, format!("{path} is a mask for {named} and hides nothing; it is {whose}"))
        }
        (None, false) => Finding::fail(
            ID,
            format!("{path} merges into {named}, and no generation ships it; it is {whose}"),
        ),
    };
    let subject = match units {
        [one] => (*one).to_owned(),
        _ => path.to_string(),
    };
    finding
        .about(subject)
        .shape(SHAPE)
        .hint(format!("if nobody wants it: {}, then {}", cure::remove(&drop_in.path), cure::reload(host)))
        .hint(format!("if it is wanted: --allow-drop-in {}", cure::word(&drop_in.path)))
}
