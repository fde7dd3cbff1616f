//! The unit files, drop-ins and links that a generation ships.
//!
//! Home Manager ships them in `home-files/.config/systemd/user` of its generation, NixOS in `etc/systemd/system` and
//! `etc/systemd/user` of the system.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oneshot::Resolver;
use oneshot::resolve::Place;

/// Folders of links that pull a unit in, by the end of their name (systemd.unit(5), "Description").
const PULLING: [&str; 3] = [".wants", ".requires", ".upholds"];

/// What a shipped file is to its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The unit file.
    Unit,
    /// A drop-in of it.
    DropIn,
    /// A link that makes another unit pull it in.
    Link,
}

/// One shipped file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Below the folder of units, such as `a.service.d/x.conf`.
    pub relative: PathBuf,
    /// The file in the generation; its folder has no link in it, itself it may be one.
    pub source: PathBuf,
}

/// What a generation ships into one folder of units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The folder in the generation, without any link; `None` where it ships nothing.
    pub folder: Option<PathBuf>,
    /// By unit. A drop-in for many stands at the name before its `.d`, such as `service` or `app-.service`.
    pub units: BTreeMap<String, Vec<Entry>>,
}

impl Manifest {
    /// Reads the folder of a generation.
    pub fn read(resolver: &Resolver<'_>, folder: &Path) -> Result<Self> {
        let mut manifest = Self::default();
        let Some(folder) = real(resolver, folder)? else { return Ok(manifest) };
        for (name, is_folder) in list(resolver, &folder)? {
            let source = folder.join(&name);
            let stem = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(stem, _)| stem);
            let is_pulling = PULLING.iter().any(|end| name.ends_with(end));
            match stem {
                Some(stem) if name.ends_with(".d") => manifest.add_folder(resolver, &source, Some(stem))?,
                Some(_) if is_pulling => manifest.add_folder(resolver, &source, None)?,
                Some(_) if !is_folder => manifest.add(&name, Kind::Unit, PathBuf::from(&name), source),
                _ => {}
            }
        }
        manifest.folder = Some(folder);
        Ok(manifest)
    }

    /// Whether it ships the unit file of this name.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<&Entry> {
        self.units.get(name)?.iter().find(|entry| entry.kind == Kind::Unit)
    }

    /// Whether it ships a file to this place below the folder.
    #[must_use]
    pub fn has(&self, relative: &Path) -> bool {
        let Some(name) = relative.file_name().and_then(OsStr::to_str) else { return false };
        let folder = relative.parent().and_then(Path::to_str).unwrap_or_default();
        let unit = folder.strip_suffix(".d").unwrap_or(name);
        self.units
            .get(unit)
            .into_iter()
            .flatten()
            .any(|entry| entry.relative.as_os_str() == relative.as_os_str())
    }

    /// Drop-ins of one unit, or links that are each named as the unit they pull in.
    fn add_folder(&mut self, resolver: &Resolver<'_>, source: &Path, unit: Option<&str>) -> Result<()> {
        let folder = source.file_name().map(PathBuf::from).unwrap_or_default();
        let Some(source) = real(resolver, source)? else { return Ok(()) };
        for (name, is_folder) in list(resolver, &source)? {
            let relative = folder.join(&name);
            match unit {
                Some(unit) if name.ends_with(".conf") && !name.starts_with('.') && !is_folder => {
                    self.add(unit, Kind::DropIn, relative, source.join(&name));
                }
                None if !is_folder => self.add(&name, Kind::Link, relative, source.join(&name)),
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, unit: &str, kind: Kind, relative: PathBuf, source: PathBuf) {
        self.units.entry(unit.to_owned()).or_default().push(Entry { kind, relative, source });
    }
}

/// The folder without any link; `None` where there is none.
fn real(resolver: &Resolver<'_>, folder: &Path) -> Result<Option<PathBuf>> {
    match resolver.follow(folder) {
        Place::Found(found) if found.about.is_dir() => Ok(Some(found.path)),
        Place::Found(_) | Place::Null | Place::Missing(_) => Ok(None),
        Place::Loop(at) => anyhow::bail!("reading the generation: {} leads in a circle", at.display()),
        Place::Unreadable(at, reason) => {
            anyhow::bail!("reading the generation: looking at {}: {reason}", at.display())
        }
    }
}

/// The names in order, and which are folders. Names that are no UTF-8 are none of systemd's either.
fn list(resolver: &Resolver<'_>, folder: &Path) -> Result<Vec<(String, bool)>> {
    let context = || format!("listing {} of the generation", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(resolver.root().join(folder)).with_context(context)? {
        let entry = entry.with_context(context)?;
        let is_folder = match entry.file_type() {
            Ok(kind) => kind.is_dir(),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(context),
        };
        if let Some(name) = OsStr::to_str(&entry.file_name()) {
            names.push((name.to_owned(), is_folder));
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Root;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_of_links_into_the_store_is_read_whole() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let at = |path: &str| tree.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(at("/nix/store/s-units/a.service.d"))?;
        fs::create_dir_all(at("/nix/store/s-units/default.target.wants"))?;
        fs::create_dir_all(at("/nix/store/s-units/odd.service"))?;
        fs::create_dir_all(at("/nix/store/g/etc"))?;
        symlink("/nix/store/s-units", at("/nix/store/g/etc/user"))?;
        symlink("/nix/store/u/a.service", at("/nix/store/s-units/a.service"))?;
        symlink("/nix/store/u/x.conf", at("/nix/store/s-units/a.service.d/x.conf"))?;
        fs::write(at("/nix/store/s-units/a.service.d/README"), "")?;
        symlink("../a.service", at("/nix/store/s-units/default.target.wants/a.service"))?;
        let manifest = Manifest::read(&Resolver::new(&root), Path::new("/nix/store/g/etc/user"))?;
        assert_eq!(manifest.folder.as_deref(), Some(Path::new("/nix/store/s-units")));
        let told: Vec<_> = manifest
            .units
            .iter()
            .flat_map(|(unit, entries)| entries.iter().map(move |entry| (unit.as_str(), entry)))
            .map(|(unit, entry)| (unit, entry.kind, entry.relative.display().to_string()))
            .collect();
        assert_eq!(
            told,
            [
                ("a.service", Kind::Unit, "a.service".to_owned()),
                ("a.service", Kind::DropIn, "a.service.d/x.conf".to_owned()),
                ("a.service", Kind::Link, "default.target.wants/a.service".to_owned()),
            ]
        );
        for place in ["a.service", "a.service.d/x.conf", "default.target.wants/a.service"] {
            assert!(manifest.has(Path::new(place)), "{place}");
        }
        for place in [
            "b.service",
            "a.service.d/y.conf",
            "a.service.d",
            "default.target.wants/b.service",
            "x/a.service",
        ] {
            assert!(!manifest.has(Path::new(place)), "{place}");
        }
        assert!(manifest.unit("a.service").is_some() && manifest.unit("b.service").is_none());
        assert_eq!(Manifest::read(&Resolver::new(&root), Path::new("/nix/store/none"))?, Manifest::default());
        Ok(())
    }
}
