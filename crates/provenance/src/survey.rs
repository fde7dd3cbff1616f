//! The look at everything: generations, unit path, manager, and then each unit.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use nix_host::store::STORE;
use oneshot::{Resolver, Root};

use crate::disk::{self, Disk};
use crate::facts::{HostFacts, UnitFacts};
use crate::memory;
use crate::owner::Kind;
use crate::whose::Whose;

/// Which units are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Units {
    /// These.
    Named(Vec<String>),
    /// Those that a generation ships something for.
    Shipped,
    /// All that lie on the unit path or are in memory.
    All,
}

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The tree.
    pub root: &'a Root,
    /// Whose units.
    pub whose: &'a Whose,
    /// The files alone.
    pub is_offline: bool,
    /// Which.
    pub units: Units,
    /// Only units of this owner.
    pub owner: Option<Kind>,
    /// The generation of Home Manager that counts, whatever its pointers say.
    pub generation: Option<&'a Path>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What is not about one unit.
    pub host: HostFacts,
    /// Each unit, in the order in which it was named, else by name.
    pub units: Vec<UnitFacts>,
}

/// Looks at everything.
pub fn look(request: &Request<'_>) -> Result<Survey> {
    let resolver = Resolver::new(request.root).unchanging(Path::new(STORE));
    let loading = match (request.is_offline, request.root.is_real()) {
        (true, _) => Err("--offline".to_owned()),
        (false, false) => Err("not asked about another tree".to_owned()),
        (false, true) => memory::loading(request.whose),
    };
    let path =
        loading.as_ref().map_or_else(|_| request.whose.unit_path(), |loading| loading.unit_path.clone());
    let disk = Disk::read(resolver, request, &path);
    let mut manager = loading.map(|loading| loading.since);
    let listed = match (&manager, &request.units) {
        (Ok(_), Units::Shipped | Units::All) => match memory::list(request.whose) {
            Ok(listed) => listed,
            Err(error) => {
                manager = Err(format!("{error:#}"));
                HashMap::default()
            }
        },
        _ => HashMap::default(),
    };
    let mut units: Vec<UnitFacts> =
        disk.names(request, &listed).into_iter().map(|name| disk.unit(name)).collect();
    if let Ok(since) = manager {
        let answers = match &request.units {
            Units::Named(names) => memory::of_named(request.whose, names),
            _ => {
                let is_quiet = disk.is_quiet(since);
                // The disk alone shows that the manager has what is there.
                let is_cleared = |unit: &UnitFacts| is_quiet && disk::is_old(unit, since);
                memory::of_many(request.whose, listed, &units, is_cleared)
            }
        };
        match answers {
            Ok(answers) => units.iter_mut().for_each(|unit| disk.fill(unit, &answers, since)),
            Err(error) => manager = Err(format!("{error:#}")),
        }
    }
    Ok(Survey { host: disk.host(manager), units })
}
