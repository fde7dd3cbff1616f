//! Who ships units here: the current generation of Home Manager, and the system of NixOS.

use std::fmt;
use std::path::{Path, PathBuf};

use nix_host::home::{self, Home, Said};
use nix_host::{Manifest, system};
use oneshot::resolve::Place;
use oneshot::{Resolver, plain};
use systemd::files::{self, UnitFiles};

use crate::whose::{Person, Whose};

/// Who ships units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Home Manager.
    HomeManager,
    /// NixOS.
    NixOs,
}

/// What a generation ships, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Whose generation.
    pub kind: Kind,
    /// The files in the generation.
    pub manifest: Manifest,
    /// The folder on the unit path that they belong into.
    pub place: PathBuf,
}

/// What is known of the current generation of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generation {
    /// There is one.
    Current {
        /// Whose.
        kind: Kind,
        /// Its folder in the store.
        path: PathBuf,
        /// The link or file that says so, and what it is.
        by: Vec<(PathBuf, String)>,
        /// Those that say otherwise, and what they say.
        against: Vec<(PathBuf, String)>,
    },
    /// There should be one: which pointer leads nowhere, and why.
    Lost {
        /// Whose.
        kind: Kind,
        /// The pointers.
        reasons: Vec<(PathBuf, String)>,
    },
    /// It is not used here.
    None(Kind),
}

/// Reads the generations that ship units for a manager. `own` is the user's folder on the unit path, `given` the generation
/// of Home Manager that counts whatever its pointers say.
pub(crate) fn read(
    resolver: &Resolver<'_>,
    whose: &Whose,
    own: &Path,
    given: Option<&Path>,
) -> (Vec<Generation>, Vec<Owner>) {
    let (mut generations, mut owners) = (Vec::new(), Vec::new());
    let current = system::current(resolver);
    let running = match &current {
        system::Current::System(path, _) => Some(path.as_path()),
        _ => None,
    };
    if let Whose::User(person) = whose {
        let generation = match given {
            Some(given) => of_path(resolver, given),
            None => of_home_manager(resolver, person, running),
        };
        let files = |path: &Path| home_files(path, person);
        take(resolver, generation, (files, own), (&mut generations, &mut owners));
    }
    let folder = match whose {
        Whose::System => "etc/systemd/system",
        Whose::User(_) => "etc/systemd/user",
    };
    let place = Path::new("/").join(folder);
    let generation = of_nixos(current);
    take(resolver, generation, (|path: &Path| path.join(folder), &place), (&mut generations, &mut owners));
    (generations, owners)
}

/// Adds a generation and, where it can be read, what it ships.
fn take(
    resolver: &Resolver<'_>,
    generation: Generation,
    (files, place): (impl Fn(&Path) -> PathBuf, &Path),
    (generations, owners): (&mut Vec<Generation>, &mut Vec<Owner>),
) {
    generations.push(match generation {
        Generation::Current { kind, path, by, against } => match Manifest::read(resolver, &files(&path)) {
            Ok(manifest) => {
                owners.push(Owner { kind, manifest, place: place.to_owned() });
                Generation::Current { kind, path, by, against }
            }
            Err(error) => Generation::Lost { kind, reasons: vec![(path, format!("{error:#}"))] },
        },
        other => other,
    });
}

/// Where a generation has the files for the user's folder of units: below `home-files` as below the home directory.
fn home_files(generation: &Path, person: &Person) -> PathBuf {
    let config = person.homes.config.strip_prefix(&person.homes.home).unwrap_or(Path::new(".config"));
    generation.join("home-files").join(config).join("systemd/user")
}

fn of_home_manager(resolver: &Resolver<'_>, person: &Person, system: Option<&Path>) -> Generation {
    let kind = Kind::HomeManager;
    let service = service(resolver, &person.homes.name, system);
    let service = service.as_ref().map(|(file, start)| (file.as_path(), start.as_deref()));
    let home = Home { name: &person.homes.name, state: &person.state, service };
    match home::judge(home::pointers(resolver, &home)) {
        home::Current::Generation { path, by, against } => Generation::Current {
            kind,
            path,
            by: by.into_iter().map(|said| (said.at, said.pointer.to_string())).collect(),
            against: against.into_iter().map(told).collect(),
        },
        home::Current::Missing(said) if said.is_empty() => Generation::None(kind),
        home::Current::Missing(said) => {
            Generation::Lost { kind, reasons: said.into_iter().map(told).collect() }
        }
    }
}

/// A generation that was named.
fn of_path(resolver: &Resolver<'_>, given: &Path) -> Generation {
    let (kind, by) = (Kind::HomeManager, "the command line".to_owned());
    match home::generation(resolver, given) {
        Ok(path) => Generation::Current { kind, path, by: vec![(given.to_owned(), by)], against: Vec::new() },
        Err(reason) => Generation::Lost { kind, reasons: vec![(given.to_owned(), reason)] },
    }
}

fn told(said: Said) -> (PathBuf, String) {
    let says = match said.generation {
        Ok(path) => format!("{} says {}", said.pointer, path.display()),
        Err(reason) => format!("{} leads nowhere: {reason}", said.pointer),
    };
    (said.at, says)
}

/// The file of the NixOS module's service, and its command or why that is not known: of the system that runs, whatever lies
/// in `/etc`.
fn service(
    resolver: &Resolver<'_>,
    user: &str,
    system: Option<&Path>,
) -> Option<(PathBuf, Result<String, String>)> {
    for file in home::services(user) {
        let path = system.unwrap_or(Path::new("/")).join("etc").join(file);
        let text = match resolver.follow(&path) {
            Place::Found(found) if found.about.is_file() => plain::text(&resolver.root().join(&found.path))
                .map_err(|error| format!("reading it: {error}")),
            Place::Unreadable(at, reason) => Err(format!("looking at {}: {reason}", at.display())),
            Place::Found(_) | Place::Null | Place::Missing(_) | Place::Loop(_) => continue,
        };
        let start = match text {
            Ok(text) => {
                let files = UnitFiles { settings: files::parse(&path, &text), ..UnitFiles::default() };
                files.exec_start().map(|start| Ok(start.to_owned()))
            }
            Err(reason) => Some(Err(reason)),
        };
        if let Some(start) = start {
            return Some((path, start));
        }
    }
    None
}

fn of_nixos(current: system::Current) -> Generation {
    let kind = Kind::NixOs;
    match current {
        system::Current::System(path, pointer) => {
            let by = vec![(PathBuf::from(pointer), "the system".to_owned())];
            Generation::Current { kind, path, by, against: Vec::new() }
        }
        system::Current::Lost(reason) => {
            Generation::Lost { kind, reasons: vec![(PathBuf::from(system::CURRENT), reason)] }
        }
        system::Current::None => Generation::None(kind),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::HomeManager => "Home Manager",
            Self::NixOs => "NixOS",
        })
    }
}

impl Generation {
    /// Whose.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Current { kind, .. } | Self::Lost { kind, .. } | Self::None(kind) => *kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::fs;

    #[test]
    fn a_service_that_cannot_be_read_makes_no_other_pointer_current() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let file = tree.path().join("etc/systemd/system/home-manager-tim.service");
        fs::create_dir_all(file.parent().unwrap_or(tree.path()))?;
        let root = Root::new(tree.path());
        let resolver = Resolver::new(&root);
        assert_eq!(service(&resolver, "tim", None), None);
        fs::write(&file, "[Service]\nExecStart=/a b\n")?;
        assert!(service(&resolver, "tim", None).is_some_and(|(_, start)| start == Ok("/a b".to_owned())));
        fs::File::create(&file)?.set_len(2 << 20)?;
        assert!(service(&resolver, "tim", None).is_some_and(|(_, start)| start.is_err()));
        fs::remove_file(&file)?;
        std::os::unix::fs::symlink("home-manager-tim.service", &file)?;
        assert_eq!(service(&resolver, "tim", None), None);
        Ok(())
    }
}
