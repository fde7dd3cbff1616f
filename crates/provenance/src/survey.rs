//! The look at everything: generations, unit path, manager, and then each unit.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use nix_host::store::STORE;
use oneshot::resolve::{Moment, Place};
use oneshot::{Resolver, Root};
use systemd::Tree;
use systemd::tree::State;
use systemd::unit::listing::Listed;
use systemd::unit_path::{self, Keeper};

use crate::facts::{Belongs, DropInFacts, FileFacts, HostFacts, Memory, UnitFacts, Winner};
use crate::memory::{self, Answer, Answers};
use crate::owner::{self, Kind, Owner};
use crate::whose::Whose;
use crate::{compare, place, standing};

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
    let disk = Disk::read(resolver, request.whose, &path);
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
            _ => memory::of_many(request.whose, listed, &units, |unit| disk.clears(unit, since)),
        };
        match answers {
            Ok(answers) => units.iter_mut().for_each(|unit| disk.fill(unit, &answers, since)),
            Err(error) => manager = Err(format!("{error:#}")),
        }
    }
    Ok(Survey { host: disk.host(manager), units })
}

/// What lies on the disk.
struct Disk<'a> {
    resolver: Resolver<'a>,
    whose: &'a Whose,
    tree: Tree,
    generations: Vec<owner::Generation>,
    owners: Vec<Owner>,
    /// Where a shipped file belongs, without any link in its folder, and whose it is.
    places: HashMap<PathBuf, Kind>,
    /// The files at the end of the shipped drop-ins.
    sources: HashSet<PathBuf>,
}

impl<'a> Disk<'a> {
    fn read(resolver: Resolver<'a>, whose: &'a Whose, path: &[PathBuf]) -> Self {
        let tree = Tree::read(&resolver, path);
        let own = match whose {
            Whose::System => PathBuf::from("/etc/systemd/system"),
            Whose::User(person) => {
                unit_path::own_directory(path).unwrap_or_else(|| person.homes.config.join("systemd/user"))
            }
        };
        let (generations, owners) = owner::read(&resolver, whose, &own);
        let (mut places, mut sources) = (HashMap::new(), HashSet::new());
        for owner in &owners {
            for entry in owner.manifest.units.values().flatten() {
                let path = owner.place.join(&entry.relative);
                places.entry(resolver.place(&path).unwrap_or(path)).or_insert(owner.kind);
                if entry.kind == nix_host::manifest::Kind::DropIn {
                    sources.insert(entry.source.clone());
                }
            }
        }
        Self { resolver, whose, tree, generations, owners, places, sources }
    }

    fn names(&self, request: &Request<'_>, listed: &HashMap<String, Listed>) -> Vec<String> {
        let is_wanted = |kind: Kind| request.owner.is_none_or(|owner| owner == kind);
        let owners = self.owners.iter().filter(|owner| is_wanted(owner.kind));
        let shipped = owners.flat_map(|owner| owner.manifest.units.keys());
        match &request.units {
            Units::Named(names) => names.clone(),
            Units::Shipped => shipped.collect::<BTreeSet<_>>().into_iter().cloned().collect(),
            Units::All => {
                let rest = self.tree.units().chain(listed.keys().map(String::as_str));
                let all: BTreeSet<&str> = shipped.map(String::as_str).chain(rest).collect();
                all.into_iter().map(str::to_owned).collect()
            }
        }
    }

    fn unit(&self, name: String) -> UnitFacts {
        let files = self.files(&name);
        let winner = self.winner(&name);
        let merged = self.tree.drop_ins(&[&name]);
        let drop_ins: Vec<DropInFacts> = merged.into_iter().filter_map(|one| self.drop_in(one)).collect();
        let paths = winner.iter().map(|winner| &winner.path).chain(drop_ins.iter().map(|one| &one.path));
        let paths = paths.filter(|path| !is_of_manager(path));
        let changed = paths.filter_map(|path| Some((self.changed(path)?, path.clone()))).max();
        UnitFacts {
            owner: self.owner(&name),
            name,
            files,
            winner,
            drop_ins,
            changed,
            memory: Memory::Unknown,
        }
    }

    /// The owner of the unit file, or of its template.
    fn owner(&self, name: &str) -> Option<Kind> {
        let template = systemd::unit::name::template(name);
        let ships = |owner: &&Owner| {
            owner.manifest.unit(name).is_some()
                || template.as_ref().is_some_and(|name| owner.manifest.unit(name).is_some())
        };
        self.owners.iter().find(ships).map(|owner| owner.kind)
    }

    fn files(&self, name: &str) -> Vec<FileFacts> {
        let template = systemd::unit::name::template(name);
        let names = std::iter::once(name).chain(template.as_deref());
        let mut files = Vec::new();
        for name in names {
            for owner in &self.owners {
                for entry in owner.manifest.units.get(name).into_iter().flatten() {
                    let path = owner.place.join(&entry.relative);
                    let standing = standing::compare(&self.resolver, &path, &entry.source);
                    let source = entry.source.clone();
                    files.push(FileFacts { owner: owner.kind, kind: entry.kind, path, source, standing });
                }
            }
        }
        files
    }

    fn winner(&self, name: &str) -> Option<Winner> {
        let (_, path) = self.tree.fragment(name)?;
        let place = self.resolver.place(&path)?;
        let (is_mask, is_dangling, is_stored) = match self.resolver.follow(&path) {
            Place::Found(found) => (found.is_empty(), false, found.is_unchanging),
            Place::Null => (true, false, false),
            Place::Missing(_) | Place::Loop(_) | Place::Unreadable(..) => (false, true, false),
        };
        let keeper = path.parent().map_or(Keeper::User, Keeper::of);
        let place_of = self.places.get(&place).copied();
        Some(Winner { path, keeper, is_mask, is_dangling, place_of, is_stored })
    }

    /// One that leads to nothing does not count.
    fn drop_in(&self, one: systemd::tree::DropIn) -> Option<DropInFacts> {
        let (is_mask, is_stored) = match self.resolver.follow(&one.path) {
            Place::Found(found) => (found.is_empty(), found.is_unchanging),
            Place::Null => (true, false),
            Place::Missing(_) | Place::Loop(_) | Place::Unreadable(..) => return None,
        };
        let keeper = self.tree.directories.get(one.directory).map_or(Keeper::User, |it| Keeper::of(&it.path));
        let belongs = match keeper {
            _ if self.is_shipped(&one.path) => Belongs::Shipped,
            Keeper::Vendor => Belongs::Packaged,
            Keeper::Generator => Belongs::Generated,
            keeper => Belongs::Foreign(keeper),
        };
        let hides = one.hides.into_iter().filter(|path| self.is_shipped(path)).collect();
        Some(DropInFacts { path: one.path, belongs, is_mask, is_stored, hides })
    }

    fn is_shipped(&self, path: &Path) -> bool {
        let Some(place) = self.resolver.place(path) else { return false };
        self.places.contains_key(&place) || self.sources.contains(&place)
    }

    fn changed(&self, path: &Path) -> Option<Moment> {
        match self.resolver.follow(path) {
            Place::Found(found) => Some(found.changed()).filter(|moment| *moment != Moment::MIN),
            // The link itself is what counts; it was made with its target.
            _ => {
                let place = self.resolver.place(path)?;
                let about = std::fs::symlink_metadata(self.resolver.root().join(place)).ok()?;
                Some(oneshot::resolve::changed(&about))
            }
        }
    }

    /// Whether the disk alone shows that the manager has what is there: nothing of the unit, and no name in any directory
    /// of the unit path, changed since the manager read them.
    fn clears(&self, unit: &UnitFacts, since: Option<Moment>) -> bool {
        let Some(since) = since else { return false };
        let is_quiet = |state: &State| match state {
            State::Listed { changed, .. } => *changed < since,
            State::Missing => true,
            State::Unreadable(_) => false,
        };
        let is_old = unit.changed.as_ref().is_none_or(|(changed, _)| *changed < since);
        // Directories that generators fill at a reload are younger than its beginning.
        let counts = |directory: &&systemd::tree::Directory| Keeper::of(&directory.path) != Keeper::Generator;
        is_old && self.tree.directories.iter().filter(counts).all(|directory| is_quiet(&directory.state))
    }

    fn fill(&self, unit: &mut UnitFacts, answers: &Answers, since: Option<Moment>) {
        let (loaded, is_fresh) = match answers.of(&unit.name) {
            Answer::Absent => {
                unit.memory = Memory::Absent;
                return;
            }
            Answer::Listed(listed) => {
                unit.memory = Memory::Listed(listed.clone());
                return;
            }
            Answer::Loaded(loaded) => (loaded, false),
            Answer::Fresh(loaded) => (loaded, true),
        };
        let mut names = vec![loaded.id.as_str()];
        names.extend(loaded.names.iter().map(String::as_str).filter(|name| *name != loaded.id));
        let merged = self.tree.drop_ins(&names).into_iter().filter_map(|one| self.drop_in(one));
        let drop_ins: Vec<PathBuf> = merged.filter(|one| !one.is_mask).map(|one| one.path).collect();
        let here = (&self.resolver, self.whose);
        let facts = compare::compare(here, unit, loaded, (&drop_ins, since), is_fresh);
        unit.memory = Memory::Loaded(Box::new(facts));
    }

    fn host(self, manager: Result<Option<Moment>, String>) -> HostFacts {
        let directories = &self.tree.directories;
        let places = self.owners.iter().map(|owner| {
            let mut obstacles = place::obstacles(&self.resolver, self.whose, &owner.place);
            if !directories.iter().any(|directory| directory.path == owner.place) {
                obstacles.push(place::Obstacle::NotOnPath(owner.place.clone()));
            }
            (owner.kind, owner.place.clone(), obstacles)
        });
        // NixOS keeps its folders in the store: the way there is its own.
        let places = places
            .map(|(kind, path, obstacles)| match kind {
                Kind::HomeManager => (kind, path, obstacles),
                Kind::NixOs => (kind, path, Vec::new()),
            })
            .collect();
        let unreadable = directories
            .iter()
            .filter_map(|directory| match &directory.state {
                State::Unreadable(reason) => Some((directory.path.clone(), reason.clone())),
                _ => None,
            })
            .collect();
        HostFacts { whose: self.whose.clone(), generations: self.generations, places, unreadable, manager }
    }
}

/// Whether a file of the unit path is written by the manager, or by a generator that it runs, so that it is younger than
/// the reload and known all the same.
fn is_of_manager(path: &Path) -> bool {
    path.ancestors()
        .any(|above| matches!(Keeper::of(above), Keeper::Control | Keeper::Transient | Keeper::Generator))
}
