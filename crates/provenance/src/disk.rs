//! What lies on the disk: the unit path, the generations, and each unit as a manager would read it now.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix_host::manifest;
use oneshot::Resolver;
use oneshot::resolve::{Moment, Place};
use systemd::Tree;
use systemd::tree::State;
use systemd::unit::listing::Listed;
use systemd::unit_path::{self, Keeper};

use crate::compare::Here;
use crate::facts::{Belongs, DropInFacts, FileFacts, HostFacts, Memory, UnitFacts, Winner};
use crate::memory::{Answer, Answers};
use crate::owner::{self, Kind, Owner};
use crate::standing::Standing;
use crate::survey::{Request, Units};
use crate::whose::Whose;
use crate::{compare, place, standing};

/// What lies on the disk.
pub(crate) struct Disk<'a> {
    resolver: Resolver<'a>,
    whose: &'a Whose,
    tree: Tree,
    /// Who writes to each directory of the tree.
    keepers: Vec<Keeper>,
    generations: Vec<owner::Generation>,
    owners: Vec<Owner>,
    /// The folders of the owners, without any link.
    places: Vec<PathBuf>,
    /// The files at the end of the shipped drop-ins.
    sources: HashSet<OsString>,
}

impl<'a> Disk<'a> {
    pub(crate) fn read(resolver: Resolver<'a>, request: &Request<'a>, path: &[PathBuf]) -> Self {
        let whose = request.whose;
        let tree = Tree::read(&resolver, path);
        let own = match whose {
            Whose::System => PathBuf::from("/etc/systemd/system"),
            Whose::User(person) => {
                unit_path::own_directory(path).unwrap_or_else(|| person.homes.config.join("systemd/user"))
            }
        };
        let (generations, owners) = owner::read(&resolver, whose, &own, request.generation);
        let (mut places, mut sources) = (Vec::new(), HashSet::new());
        for owner in &owners {
            let place = match resolver.follow(&owner.place) {
                Place::Found(found) => found.path,
                _ => owner.place.clone(),
            };
            places.push(place);
            let entries = owner.manifest.units.values().flatten();
            let drop_ins = entries.filter(|entry| entry.kind == manifest::Kind::DropIn);
            sources.extend(drop_ins.map(|entry| entry.source.as_os_str().to_owned()));
        }
        let keepers = tree.directories.iter().map(|directory| Keeper::of(&directory.path)).collect();
        Self { resolver, whose, tree, keepers, generations, owners, places, sources }
    }

    pub(crate) fn names(&self, request: &Request<'_>, listed: &HashMap<String, Listed>) -> Vec<String> {
        let is_wanted = |kind: Kind| request.owner.is_none_or(|owner| owner == kind);
        let owners = self.owners.iter().filter(|owner| is_wanted(owner.kind));
        let shipped = owners.flat_map(|owner| owner.manifest.units.keys());
        match &request.units {
            Units::Named(names) => {
                let mut seen = HashSet::new();
                names.iter().filter(|name| seen.insert(*name)).cloned().collect()
            }
            Units::Shipped => shipped.collect::<BTreeSet<_>>().into_iter().cloned().collect(),
            Units::All => {
                let rest = self.tree.units().chain(listed.keys().map(String::as_str));
                let all: BTreeSet<&str> = shipped.map(String::as_str).chain(rest).collect();
                all.into_iter().map(str::to_owned).collect()
            }
        }
    }

    pub(crate) fn unit(&self, name: String) -> UnitFacts {
        let mut files = self.files(&name);
        let mut changed: Option<(Moment, PathBuf)> = None;
        // What lies there is followed once: it tells what it is, when it changed, and whether the shipped file is there.
        let mut follow = |path: &Path, directory: usize| {
            let is_in_order = |file: &&FileFacts| {
                file.standing == Standing::Shipped && file.path.as_os_str() == path.as_os_str()
            };
            let place = match files.iter().find(is_in_order) {
                Some(file) => self.resolver.follow_to(path, &file.source),
                None => self.resolver.follow(path),
            };
            if !is_of_manager(self.keeper(directory))
                && let Some(moment) = self.changed(path, &place)
                && changed.as_ref().is_none_or(|(youngest, _)| *youngest < moment)
            {
                changed = Some((moment, path.to_owned()));
            }
            if let Some(at) = standing::lost(&place) {
                let shipped = files.iter_mut().filter(|file| file.path == path);
                shipped.filter(|file| file.standing == Standing::Shipped).for_each(|file| {
                    file.standing = Standing::Collected(at.clone());
                });
            }
            place
        };
        let winner = self.tree.fragment(&name).and_then(|(directory, path)| {
            let place = follow(&path, directory);
            self.winner((path, directory), &place)
        });
        let mut drop_ins = Vec::new();
        for one in self.tree.drop_ins(&[&name]) {
            let place = follow(&one.path, one.directory);
            drop_ins.extend(self.drop_in(one, &place));
        }
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

    fn winner(&self, (path, directory): (PathBuf, usize), end: &Place) -> Option<Winner> {
        self.resolver.place(&path)?;
        let (is_mask, is_dangling, is_stored) = match end {
            // Systemd reads a unit from nothing but a file.
            Place::Found(found) => {
                (found.is_empty(), !found.is_empty() && !found.about.is_file(), found.is_unchanging)
            }
            Place::Null => (true, false, false),
            Place::Missing(_) | Place::Loop(_) | Place::Unreadable(..) => (false, true, false),
        };
        let keeper = self.keeper(directory);
        let place_of = self.place_of(&path);
        Some(Winner { path, keeper, is_mask, is_dangling, place_of, is_stored })
    }

    /// One that leads to nothing does not count.
    fn drop_in(&self, one: systemd::tree::DropIn, end: &Place) -> Option<DropInFacts> {
        let (is_mask, is_stored) = match end {
            Place::Found(found) => (found.is_empty(), found.is_unchanging),
            Place::Null => (true, false),
            Place::Missing(_) | Place::Loop(_) | Place::Unreadable(..) => return None,
        };
        let keeper = self.keeper(one.directory);
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
        self.place_of(path).is_some()
            || self.resolver.place(path).is_some_and(|place| self.sources.contains(place.as_os_str()))
    }

    /// Whose generation ships a file to just this place, by whichever name of its folder.
    fn place_of(&self, path: &Path) -> Option<Kind> {
        let has = |owner: &Owner, relative: Option<&Path>| relative.is_some_and(|it| owner.manifest.has(it));
        let named = self.owners.iter().find(|owner| has(owner, path.strip_prefix(&owner.place).ok()));
        let owner = named.or_else(|| {
            let real = self.resolver.place(path)?;
            let owners = self.owners.iter().zip(&self.places);
            let mut owners = owners.filter(|(owner, place)| has(owner, real.strip_prefix(place).ok()));
            owners.next().map(|(owner, _)| owner)
        });
        owner.map(|owner| owner.kind)
    }

    fn changed(&self, path: &Path, end: &Place) -> Option<Moment> {
        match end {
            Place::Found(found) => Some(found.changed()).filter(|moment| *moment != Moment::MIN),
            // The link itself is what counts; it was made with its target.
            _ => {
                let place = self.resolver.place(path)?;
                let about = std::fs::symlink_metadata(self.resolver.root().join(place)).ok()?;
                Some(oneshot::resolve::changed(&about))
            }
        }
    }

    /// Who writes to a directory of the tree.
    fn keeper(&self, directory: usize) -> Keeper {
        self.keepers.get(directory).copied().unwrap_or(Keeper::User)
    }

    /// Whether no name in any directory of the unit path changed since the manager read them. Directories that generators
    /// fill at a reload are younger than its beginning.
    pub(crate) fn is_quiet(&self, since: Option<Moment>) -> bool {
        let Some(since) = since else { return false };
        if !self.tree.unreadable.is_empty() {
            return false;
        }
        self.tree.directories.iter().zip(&self.keepers).all(|(directory, keeper)| match &directory.state {
            _ if *keeper == Keeper::Generator => true,
            State::Listed { changed, .. } => *changed < since,
            State::Missing => true,
            State::Unreadable(_) => false,
        })
    }

    /// Folders of the unit path whose content is not known, and why.
    fn unreadable(&self) -> impl Iterator<Item = (&Path, &str)> {
        let directories = self.tree.directories.iter().filter_map(|one| match &one.state {
            State::Unreadable(reason) => Some((one.path.as_path(), reason.as_str())),
            State::Listed { .. } | State::Missing => None,
        });
        let below = self.tree.unreadable.iter().map(|(path, reason)| (path.as_path(), reason.as_str()));
        directories.chain(below)
    }

    pub(crate) fn fill(&self, unit: &mut UnitFacts, answers: &Answers, since: Option<Moment>) {
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
        let merged = self.tree.drop_ins(&names).into_iter().filter_map(|one| {
            let end = self.resolver.follow(&one.path);
            self.drop_in(one, &end)
        });
        let drop_ins: Vec<PathBuf> = merged.filter(|one| !one.is_mask).map(|one| one.path).collect();
        let unseen: Vec<&Path> = self.unreadable().map(|(path, _)| path).collect();
        let here = Here { resolver: &self.resolver, whose: self.whose, unseen: &unseen };
        let facts = compare::compare(&here, unit, loaded, (&drop_ins, since), is_fresh);
        unit.memory = Memory::Loaded(Box::new(facts));
    }

    pub(crate) fn host(self, manager: Result<Option<Moment>, String>) -> HostFacts {
        let directories = &self.tree.directories;
        let places = self.owners.iter().map(|owner| {
            let mut obstacles = match (owner.kind, self.whose) {
                (Kind::HomeManager, Whose::User(person)) => {
                    place::obstacles_of_user(&self.resolver, person, &owner.place)
                }
                _ => place::obstacles_of_root(&self.resolver, &owner.place),
            };
            let is_on_path = directories.iter().any(|directory| directory.path == owner.place);
            if owner.kind == Kind::HomeManager && !is_on_path {
                obstacles.push(place::Obstacle::NotOnPath(owner.place.clone()));
            }
            (owner.kind, owner.place.clone(), obstacles)
        });
        let places = places.collect();
        let unreadable =
            self.unreadable().map(|(path, reason)| (path.to_owned(), reason.to_owned())).collect();
        HostFacts { whose: self.whose.clone(), generations: self.generations, places, unreadable, manager }
    }
}

/// Whether the files of a directory are written by the manager, or by a generator that it runs, so that they are younger
/// than the reload and known all the same.
fn is_of_manager(keeper: Keeper) -> bool {
    matches!(keeper, Keeper::Control | Keeper::Transient | Keeper::Generator)
}

/// Whether nothing of the unit changed since the manager read its files.
pub(crate) fn is_old(unit: &UnitFacts, since: Option<Moment>) -> bool {
    let changed = unit.changed.as_ref().map(|(changed, _)| *changed);
    since.is_some_and(|since| changed.is_none_or(|changed| changed < since))
}
