//! A loaded unit against the files that its manager would read now.

use std::path::{Path, PathBuf};

use oneshot::resolve::{Moment, Place};
use oneshot::{Resolver, plain};
use systemd::command_line;
use systemd::files::{self, UnitFiles};
use systemd::unit::{Load, Loaded};

use crate::facts::{Difference, LoadedFacts, UnitFacts};
use crate::whose::Whose;

/// What a unit is compared by.
pub(crate) struct Here<'a> {
    pub(crate) resolver: &'a Resolver<'a>,
    pub(crate) whose: &'a Whose,
    /// Folders of the unit path whose content is not known. That something is not seen there says nothing.
    pub(crate) unseen: &'a [&'a Path],
}

impl Here<'_> {
    fn sees(&self, path: &Path) -> bool {
        !self.unseen.iter().any(|folder| path.starts_with(folder))
    }
}

/// Everything that the manager has otherwise. `is_fresh`: it read the files just now. `drop_ins`: those that merge into
/// the unit with all its names.
pub(crate) fn compare(
    here: &Here<'_>,
    unit: &UnitFacts,
    loaded: &Loaded,
    (drop_ins, since): (&[PathBuf], Option<Moment>),
    is_fresh: bool,
) -> LoadedFacts {
    let (mut differences, mut unread) = (Vec::new(), None);
    // Asked for by an alias the manager tells of the unit behind it, whose files have another name.
    if loaded.id == unit.name && !loaded.is_transient {
        // What it could not load is told as such.
        if matches!(loaded.load, Load::Loaded | Load::NotFound | Load::Masked) {
            differences.extend(fragment(here, unit, loaded));
        }
        if matches!(loaded.load, Load::Loaded) {
            differences.extend(self::drop_ins(here, drop_ins, loaded));
            match exec_start(here, unit, loaded, drop_ins) {
                Ok(difference) => differences.extend(difference),
                Err(lost) => unread = Some(lost),
            }
        }
    }
    let younger = if is_fresh { None } else { younger(unit, since) };
    LoadedFacts { loaded: loaded.clone(), differences, younger, unread }
}

fn fragment(here: &Here<'_>, unit: &UnitFacts, loaded: &Loaded) -> Option<Difference> {
    if loaded.fragment.as_ref().is_some_and(|loaded| !here.sees(loaded)) {
        return None;
    }
    let winner = unit.winner.as_ref().filter(|winner| !winner.is_dangling);
    let is_same = match (&loaded.fragment, winner) {
        (None, None) => true,
        (Some(loaded), Some(disk)) => is_same_file(here.resolver, loaded, &disk.path),
        (Some(_), None) => false,
        // What needs no file may have one that the manager passes over, such as a unit of another kernel.
        (None, Some(_)) => loaded.load != Load::NotFound,
    };
    let disk = winner.map(|winner| winner.path.clone());
    (!is_same).then(|| Difference::Fragment { loaded: loaded.fragment.clone(), disk })
}

fn drop_ins(here: &Here<'_>, disk: &[PathBuf], loaded: &Loaded) -> Option<Difference> {
    let lacks =
        |all: &[PathBuf], one: &PathBuf| !all.iter().any(|other| is_same_place(here.resolver, one, other));
    let seen = loaded.drop_ins.iter().filter(|one| here.sees(one));
    let gone: Vec<PathBuf> = seen.filter(|one| lacks(disk, one)).cloned().collect();
    let new: Vec<PathBuf> = disk.iter().filter(|one| lacks(&loaded.drop_ins, one)).cloned().collect();
    (!gone.is_empty() || !new.is_empty()).then_some(Difference::DropIns { gone, new })
}

fn is_same_place(resolver: &Resolver<'_>, one: &Path, other: &Path) -> bool {
    one == other || resolver.place(one).is_some_and(|one| Some(one) == resolver.place(other))
}

/// The same place, or one file at the end of both.
fn is_same_file(resolver: &Resolver<'_>, one: &Path, other: &Path) -> bool {
    is_same_place(resolver, one, other)
        || match (resolver.follow(one), resolver.follow(other)) {
            (Place::Found(one), Place::Found(other)) => one.path == other.path,
            _ => false,
        }
}

/// An error is the file that could not be read, and why.
fn exec_start(
    here: &Here<'_>,
    unit: &UnitFacts,
    loaded: &Loaded,
    drop_ins: &[PathBuf],
) -> Result<Option<Difference>, (PathBuf, String)> {
    let Some(fragment) = unit.winner.as_ref().filter(|_| unit.name.ends_with(".service")) else {
        return Ok(None);
    };
    let is_known = loaded.fragment.iter().chain(&loaded.drop_ins).all(|path| here.sees(path));
    let Some(context) = here.whose.context(&unit.name).filter(|_| is_known) else { return Ok(None) };
    let mut files = UnitFiles::default();
    for path in std::iter::once(&fragment.path).chain(drop_ins) {
        let text = match here.resolver.follow(path) {
            Place::Found(found) if found.about.is_file() => {
                plain::text(&here.resolver.root().join(&found.path)).map_err(|error| error.to_string())
            }
            // What is no file is told of the file itself.
            Place::Found(_) => return Ok(None),
            Place::Unreadable(_, error) => Err(error.to_string()),
            Place::Null | Place::Missing(_) | Place::Loop(_) => continue,
        };
        files.settings.extend(files::parse(path, &text.map_err(|reason| (path.clone(), reason))?));
    }
    let values = files.effective("Service", "ExecStart").into_iter().map(|set| set.value.as_str());
    let Some(disk) = command_line::commands(values, &context) else { return Ok(None) };
    let is_same = loaded.exec_start == disk;
    Ok((!is_same)
        .then(|| Difference::ExecStart { loaded: loaded.exec_start.join("; "), disk: disk.join("; ") }))
}

fn younger(unit: &UnitFacts, since: Option<Moment>) -> Option<PathBuf> {
    let (changed, path) = unit.changed.as_ref()?;
    (*changed >= since?).then(|| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::fs;
    use systemd::unit::Active;
    use systemd::unit_path::Keeper;

    use crate::facts::{Memory, Winner};

    const UNIT: &str = "/etc/systemd/system/a.service";
    const DROP_IN: &str = "/etc/systemd/system/a.service.d/x.conf";

    fn loaded(drop_ins: &[&str]) -> Loaded {
        Loaded {
            id: "a.service".to_owned(),
            names: vec!["a.service".to_owned()],
            load: Load::Loaded,
            error: None,
            active: Active::Active,
            fragment: Some(UNIT.into()),
            drop_ins: drop_ins.iter().map(PathBuf::from).collect(),
            needs_reload: false,
            is_transient: false,
            exec_start: vec!["/bin/old".to_owned()],
        }
    }

    fn unit() -> UnitFacts {
        let winner = Winner {
            path: UNIT.into(),
            keeper: Keeper::Admin,
            is_mask: false,
            is_dangling: false,
            place_of: None,
            is_stored: false,
        };
        UnitFacts {
            name: "a.service".to_owned(),
            owner: None,
            files: Vec::new(),
            winner: Some(winner),
            drop_ins: Vec::new(),
            changed: None,
            memory: Memory::Unknown,
        }
    }

    /// How many differences there are, and whether a file could not be read.
    fn told(tree: &Path, loaded: &Loaded, unseen: &[&Path]) -> (usize, bool) {
        let root = Root::new(tree);
        let here = Here { resolver: &Resolver::new(&root), whose: &Whose::System, unseen };
        let facts = compare(&here, &unit(), loaded, (&[], None), false);
        (facts.differences.len(), facts.unread.is_some())
    }

    #[test]
    fn what_cannot_be_seen_is_no_difference() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("etc/systemd/system"))?;
        fs::write(tree.path().join(UNIT.trim_start_matches('/')), "[Service]\nExecStart=/bin/new\n")?;
        assert_eq!(told(tree.path(), &loaded(&[]), &[]), (1, false));
        assert_eq!(told(tree.path(), &loaded(&[DROP_IN]), &[]), (2, false));
        // The folder of the drop-in, and the whole directory.
        for unseen in ["/etc/systemd/system/a.service.d", "/etc/systemd/system"] {
            assert_eq!(told(tree.path(), &loaded(&[DROP_IN]), &[Path::new(unseen)]), (0, false), "{unseen}");
        }
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("etc/systemd/system"))?;
        fs::File::create(tree.path().join(UNIT.trim_start_matches('/')))?.set_len(2 << 20)?;
        assert_eq!(told(tree.path(), &loaded(&[]), &[]), (0, true));
        Ok(())
    }
}
