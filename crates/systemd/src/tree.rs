//! Everything on a unit path, listed once: which file a manager would take for a unit, and which drop-ins merge into it.
//!
//! [`crate::files`] reads one unit and asks every directory for it; this is for many. Not followed: aliases, whose
//! drop-ins apply too; whoever knows them passes all names.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
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
        let mut tree =
            Self { directories: Vec::new(), units: HashMap::default(), drop_ins: HashMap::default() };
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

    /// Every drop-in for any unit: the name before its `.d`, its directory and the file.
    pub fn all_drop_ins(&self) -> impl Iterator<Item = (&str, usize, PathBuf)> {
        self.drop_ins.iter().flat_map(move |(unit, places)| {
            places.iter().flat_map(move |(index, files)| {
                let index = usize::from(*index);
                let folder = self.directories.get(index).map(|it| it.path.join(format!("{unit}.d")));
                files.iter().filter_map(move |file| Some((unit.as_str(), index, folder.as_ref()?.join(file))))
            })
        })
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
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            match name.strip_suffix(".d") {
                Some(unit) if is_file(unit) || is_type(unit) => self.add_drop_ins(&real, unit, index),
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
    fn add_drop_ins(&mut self, directory: &Path, unit: &str, index: u16) {
        let Ok(entries) = fs::read_dir(directory.join(format!("{unit}.d"))) else { return };
        let names = entries.flatten().map(|entry| entry.file_name());
        // `files_add()` of src/basic/conf-files.c passes over what is hidden.
        let mut files: Vec<OsString> = names
            .filter(|name| {
                let bytes = name.as_encoded_bytes();
                bytes.ends_with(b".conf") && !bytes.starts_with(b".")
            })
            .collect();
        files.sort_unstable();
        if !files.is_empty() {
            self.drop_ins.entry(unit.to_owned()).or_default().push((index, files));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;

    fn tree(files: &[&str]) -> Result<(tempfile::TempDir, Tree)> {
        let folder = tempfile::tempdir()?;
        for file in files {
            let path = folder.path().join(file.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            fs::write(path, "[Unit]\n")?;
        }
        let root = Root::new(folder.path());
        let path = ["/etc/u", "/run/u", "/usr/u"].map(PathBuf::from);
        let tree = Tree::read(&Resolver::new(&root), &path);
        Ok((folder, tree))
    }

    fn told(tree: &Tree, names: &[&str]) -> Vec<String> {
        tree.drop_ins(names).iter().map(|one| one.path.display().to_string()).collect()
    }

    #[test]
    fn all_four_forms_merge_by_file_name() -> Result<()> {
        let (_folder, tree) = tree(&[
            "/usr/u/a-b@.service",
            "/usr/u/a-b@1.service.d/40.conf",
            "/etc/u/a-b@.service.d/30.conf",
            "/run/u/a-.service.d/20.conf",
            "/run/u/a-@.service.d/25.conf",
            "/etc/u/service.d/10.conf",
            "/etc/u/service.d/.hidden.conf",
            "/etc/u/service.d/note.txt",
            "/etc/u/socket.d/10.conf",
        ])?;
        assert_eq!(
            told(&tree, &["a-b@1.service"]),
            [
                "/etc/u/service.d/10.conf",
                "/run/u/a-@.service.d/25.conf",
                "/etc/u/a-b@.service.d/30.conf",
                "/usr/u/a-b@1.service.d/40.conf",
            ]
        );
        assert_eq!(tree.fragment("a-b@1.service"), Some((2, PathBuf::from("/usr/u/a-b@.service"))));
        assert_eq!(tree.fragment("b.service"), None);
        Ok(())
    }

    #[test]
    fn of_one_file_name_the_earlier_directory_wins_but_the_type_loses() -> Result<()> {
        let (_folder, tree) = tree(&[
            "/usr/u/a.service",
            "/usr/u/a.service.d/x.conf",
            "/run/u/a.service.d/x.conf",
            "/etc/u/service.d/x.conf",
        ])?;
        let merged = tree.drop_ins(&["a.service"]);
        let hides = ["/usr/u/a.service.d/x.conf", "/etc/u/service.d/x.conf"].map(PathBuf::from).to_vec();
        assert_eq!(merged, [DropIn { path: "/run/u/a.service.d/x.conf".into(), directory: 1, hides }]);
        Ok(())
    }

    #[test]
    fn an_alias_brings_its_drop_ins() -> Result<()> {
        let (_folder, tree) = tree(&["/usr/u/a.service.d/1.conf", "/usr/u/z.service.d/0.conf"])?;
        assert_eq!(
            told(&tree, &["a.service", "z.service"]),
            ["/usr/u/z.service.d/0.conf", "/usr/u/a.service.d/1.conf"]
        );
        Ok(())
    }

    #[test]
    fn a_directory_by_two_names_counts_once() -> Result<()> {
        let (folder, _) = tree(&["/etc/u/a.service", "/etc/u/a.service.d/1.conf", "/usr/u/a.service"])?;
        std::os::unix::fs::symlink("etc", folder.path().join("xdg"))?;
        let root = Root::new(folder.path());
        let path = ["/xdg/u", "/etc/u", "/usr/u"].map(PathBuf::from);
        let tree = Tree::read(&Resolver::new(&root), &path);
        assert_eq!(told(&tree, &["a.service"]), ["/etc/u/a.service.d/1.conf"]);
        let candidates: Vec<PathBuf> = tree.candidates("a.service").map(|(_, path)| path).collect();
        assert_eq!(candidates, ["/etc/u/a.service", "/usr/u/a.service"].map(PathBuf::from));
        assert!(tree.drop_ins(&["a.service"]).iter().all(|one| one.hides.is_empty()));
        Ok(())
    }

    #[test]
    fn names_that_are_no_units_and_missing_directories_are_passed_over() -> Result<()> {
        let (_folder, tree) =
            tree(&["/etc/u/a b.service", "/etc/u/README", "/etc/u/a.service", "/etc/u/.a.service.swp"])?;
        assert_eq!(tree.units().collect::<Vec<_>>(), ["a.service"]);
        let states: Vec<_> =
            tree.directories.iter().map(|one| matches!(one.state, State::Listed { .. })).collect();
        assert_eq!(states, [true, false, false]);
        Ok(())
    }
}
