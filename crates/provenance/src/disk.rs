//! What lies on the disk: the unit path, the generations, and each unit as a manager would read it now.

use std::collections::{BTreeSet, HashMap, HashSet};
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
    generations: Vec<owner::Generation>,
    owners: Vec<Owner>,
    /// Where a shipped file belongs, without any link in its folder, and whose it is.
    places: HashMap<PathBuf, Kind>,
    /// The files at the end of the shipped drop-ins.
    sources: HashSet<PathBuf>,
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
        let (mut places, mut sources) = (HashMap::new(), HashSet::new());
        for owner in &owners {
            for entry in owner.manifest.units.values().flatten() {
                let path = owner.place.join(&entry.relative);
                places.entry(resolver.place(&path).unwrap_or(path)).or_insert(owner.kind);
                if entry.kind == manifest::Kind::DropIn {
                    sources.insert(entry.source.clone());
                }
            }
        }
        Self { resolver, whose, tree, generations, owners, places, sources }
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
        let mut follow = |path: &Path| {
            let place = self.resolver.follow(path);
            if !is_of_manager(path) {
                changed =
                    changed.take().max(self.changed(path, &place).map(|moment| (moment, path.to_owned())));
            }
            if let Some(at) = standing::lost(&place) {
                let shipped = files.iter_mut().filter(|file| file.path == path);
                shipped.filter(|file| file.standing == Standing::Shipped).for_each(|file| {
                    file.standing = Standing::Collected(at.clone());
                });
            }
            place
        };
        let winner = self.tree.fragment(&name).and_then(|(_, path)| {
            let place = follow(&path);
            self.winner(path, &place)
        });
        let mut drop_ins = Vec::new();
        for one in self.tree.drop_ins(&[&name]) {
            let place = follow(&one.path);
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

    fn winner(&self, path: PathBuf, end: &Place) -> Option<Winner> {
        let place = self.resolver.place(&path)?;
        let (is_mask, is_dangling, is_stored) = match end {
            // Systemd reads a unit from nothing but a file.
            Place::Found(found) => {
                (found.is_empty(), !found.is_empty() && !found.about.is_file(), found.is_unchanging)
            }
            Place::Null => (true, false, false),
            Place::Missing(_) | Place::Loop(_) | Place::Unreadable(..) => (false, true, false),
        };
        let keeper = path.parent().map_or(Keeper::User, Keeper::of);
        let place_of = self.places.get(&place).copied();
        Some(Winner { path, keeper, is_mask, is_dangling, place_of, is_stored })
    }

    /// One that leads to nothing does not count.
    fn drop_in(&self, one: systemd::tree::DropIn, end: &Place) -> Option<DropInFacts> {
        let (is_mask, is_stored) = match end {
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

    /// Whether the disk alone shows that the manager has what is there: nothing of the unit, and no name in any directory
    /// of the unit path, changed since the manager read them.
    pub(crate) fn clears(&self, unit: &UnitFacts, since: Option<Moment>) -> bool {
        let Some(since) = since else { return false };
        if !self.tree.unreadable.is_empty() {
            return false;
        }
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
        let unreadable =
            self.unreadable().map(|(path, reason)| (path.to_owned(), reason.to_owned())).collect();
        HostFacts { whose: self.whose.clone(), generations: self.generations, places, unreadable, manager }
    }
}

/// Whether a file of the unit path is written by the manager, or by a generator that it runs, so that it is younger than
/// the reload and known all the same.
fn is_of_manager(path: &Path) -> bool {
    path.ancestors()
        .any(|above| matches!(Keeper::of(above), Keeper::Control | Keeper::Transient | Keeper::Generator))
}
