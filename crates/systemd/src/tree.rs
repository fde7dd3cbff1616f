//! Everything on a unit path, listed once: which file a manager would take for a unit, and which drop-ins merge into it.
//!
//! [`crate::files`] reads one unit and asks every directory for it; this is for many. Not followed: aliases, whose
//! drop-ins apply too; whoever knows them passes all names.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use oneshot::Resolver;
use oneshot::resolve::{Moment, Place};

use crate::files::name;
use crate::unit::name::{is_file, is_type};

/// A listed unit path.
#[derive(Debug)]
pub struct Tree {
    /// The directories, the one that wins first.
    pub directories: Vec<Directory>,
    /// By name of the unit, where it is, the winner first.
    units: HashMap<String, Vec<u16>>,
    /// By the name before `.d`, where that folder is and what is in it.
    drop_ins: HashMap<String, Vec<(u16, Vec<OsString>)>>,
    /// Folders below the directories, and directories in the middle, that could not be listed, and why: what is in them is
    /// not known.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// One directory of it.
#[derive(Debug)]
pub struct Directory {
    /// As it stands on the path.
    pub path: PathBuf,
    /// What became of it.
    pub state: State,
}

/// What became of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was listed.
    Listed {
        /// Its path without any link.
        real: PathBuf,
        /// When a name in it, or a link on the way to it, last changed.
        changed: Moment,
    },
    /// Not there, as most are not.
    Missing,
    /// Why it could not be listed.
    Unreadable(String),
}

/// A drop-in that applies, or a mask of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropIn {
    /// The file, as the path has its directory.
    pub path: PathBuf,
    /// The directory of the unit path that it is below.
    pub directory: usize,
    /// Files of its name in later directories, which it replaces.
    pub hides: Vec<PathBuf>,
}

impl Directory {
    fn real(&self) -> Option<&PathBuf> {
        match &self.state {
            State::Listed { real, .. } => Some(real),
            State::Missing | State::Unreadable(_) => None,
        }
    }
}

impl Tree {
    /// Lists every directory of a unit path. One that is there twice, such as `/etc/xdg/systemd/user` of Debian, a link
    /// to `/etc/systemd/user`, counts once, in its first place and under the name that is no link.
    #[must_use]
    pub fn read(resolver: &Resolver<'_>, path: &[PathBuf]) -> Self {
        let mut tree = Self {
            directories: Vec::new(),
            units: HashMap::default(),
            drop_ins: HashMap::default(),
            unreadable: Vec::new(),
        };
        for directory in path {
            let index = u16::try_from(tree.directories.len()).unwrap_or(u16::MAX);
            let state = match tree.twin(resolver, directory) {
                Some(twin) => {
                    if twin.real() == Some(directory) {
                        twin.path.clone_from(directory);
                    }
                    continue;
                }
                None => tree.list(resolver, directory, index),
            };
            tree.directories.push(Directory { path: directory.clone(), state });
        }
        tree
    }

    /// The same directory, listed by another name.
    fn twin(&mut self, resolver: &Resolver<'_>, directory: &Path) -> Option<&mut Directory> {
        let Place::Found(found) = resolver.follow(directory) else { return None };
        self.directories.iter_mut().find(|one| one.real() == Some(&found.path))
    }

    /// The files of exactly this name, the one that a manager takes first.
    pub fn candidates(&self, unit: &str) -> impl Iterator<Item = (usize, PathBuf)> {
        let places = self.units.get(unit).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(move |index| {
            let index = usize::from(*index);
            Some((index, self.directories.get(index)?.path.join(unit)))
        })
    }

    /// The file that a manager takes for a unit: of its own name, else of its template.
    #[must_use]
    pub fn fragment(&self, unit: &str) -> Option<(usize, PathBuf)> {
        let own = self.candidates(unit).next();
        own.or_else(|| self.candidates(&name::template(unit)?).next())
    }

    /// The names of all unit files.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }

    /// The drop-ins of a unit with all its names, the primary one first, as systemd sorts them: by file name, wherever
    /// they are. Of one file name the first counts: one for the unit, its template or a prefix before one for the
    /// whole type, and of these the one in the earlier directory (`unit_file_find_dropin_paths()`, src/shared/dropin.c).
    #[must_use]
    pub fn drop_ins<S: AsRef<str>>(&self, names: &[S]) -> Vec<DropIn> {
        let mut chosen: BTreeMap<&OsStr, DropIn> = BTreeMap::new();
        for unit in names {
            self.choose(&name::specific_names(unit.as_ref()), &mut chosen);
        }
        if let Some(kind) = names.first().and_then(|unit| name::kind(unit.as_ref())) {
            self.choose(&[kind.to_owned()], &mut chosen);
        }
        chosen.into_values().collect()
    }

    fn choose<'a>(&'a self, names: &[String], chosen: &mut BTreeMap<&'a OsStr, DropIn>) {
        let mut places: Vec<(u16, usize, &'a str, &'a [OsString])> = Vec::new();
        for (rank, unit) in names.iter().enumerate() {
            if let Some((unit, found)) = self.drop_ins.get_key_value(unit) {
                places.extend(
                    found.iter().map(|(index, files)| (*index, rank, unit.as_str(), files.as_slice())),
                );
            }
        }
        places.sort_unstable_by_key(|(index, rank, ..)| (*index, *rank));
        for (index, _, unit, files) in places {
            let index = usize::from(index);
            let Some(directory) = self.directories.get(index) else { continue };
            for file in files {
                let path = directory.path.join(format!("{unit}.d")).join(file);
                match chosen.get_mut(file.as_os_str()) {
                    Some(winner) => winner.hides.push(path),
                    None => {
                        chosen.insert(file, DropIn { path, directory: index, hides: Vec::new() });
                    }
                }
            }
        }
    }

    fn list(&mut self, resolver: &Resolver<'_>, directory: &Path, index: u16) -> State {
        let found = match resolver.follow(directory) {
            Place::Found(found) if found.about.is_dir() => found,
            Place::Found(_) | Place::Null | Place::Missing(_) => return State::Missing,
            Place::Loop(at) => return State::Unreadable(format!("{} leads in a circle", at.display())),
            Place::Unreadable(at, reason) => {
                return State::Unreadable(format!("looking at {}: {reason}", at.display()));
            }
        };
        let real = resolver.root().join(&found.path);
        let entries = match fs::read_dir(&real) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return State::Missing,
            Err(error) => return State::Unreadable(error.to_string()),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable.push((directory.to_owned(), error.to_string()));
                    break;
                }
            };
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            match name.strip_suffix(".d") {
                Some(unit) if is_file(unit) || is_type(unit) => {
                    if let Err(error) = self.add_drop_ins(&real.join(name), unit, index) {
                        self.unreadable.push((directory.join(name), error.to_string()));
                    }
                }
                None if is_file(name) && !entry.file_type().is_ok_and(|kind| kind.is_dir()) => {
                    self.units.entry(name.to_owned()).or_default().push(index);
                }
                // Systemd passes over any other name.
                _ => {}
            }
        }
        State::Listed { changed: found.changed(), real: found.path }
    }

    /// A `.d` folder may itself be a link.
    fn add_drop_ins(&mut self, folder: &Path, unit: &str, index: u16) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut files: Vec<OsString> = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let bytes = name.as_encoded_bytes();
            // `files_add()` of src/basic/conf-files.c passes over what is hidden.
            if bytes.ends_with(b".conf") && !bytes.starts_with(b".") {
                files.push(name);
            }
        }
        files.sort_unstable();
        if !files.is_empty() {
            self.drop_ins.entry(unit.to_owned()).or_default().push((index, files));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
