//! A loaded unit against the files that its manager would read now.

use std::path::{Path, PathBuf};

use oneshot::resolve::{Moment, Place};
use oneshot::{Resolver, plain};
use systemd::command_line;
use systemd::files::{self, UnitFiles};
use systemd::unit::{Load, Loaded};

use crate::facts::{Difference, LoadedFacts, UnitFacts};
use crate::whose::Whose;

/// Everything that the manager has otherwise. `is_fresh`: it read the files just now. `drop_ins`: those that merge into
/// the unit with all its names.
pub(crate) fn compare(
    (resolver, whose): (&Resolver<'_>, &Whose),
    unit: &UnitFacts,
    loaded: &Loaded,
    (drop_ins, since): (&[PathBuf], Option<Moment>),
    is_fresh: bool,
) -> LoadedFacts {
    let mut differences = Vec::new();
    // Asked for by an alias the manager tells of the unit behind it, whose files have another name.
    if loaded.id == unit.name && !loaded.is_transient {
        // What it could not load is told as such.
        if matches!(loaded.load, Load::Loaded | Load::NotFound | Load::Masked) {
            differences.extend(fragment(resolver, unit, loaded));
        }
        if matches!(loaded.load, Load::Loaded) {
            differences.extend(self::drop_ins(resolver, drop_ins, loaded));
            differences.extend(exec_start(resolver, whose, unit, loaded, drop_ins));
        }
    }
    let younger = if is_fresh { None } else { younger(unit, since) };
    LoadedFacts { loaded: loaded.clone(), differences, younger }
}

fn fragment(resolver: &Resolver<'_>, unit: &UnitFacts, loaded: &Loaded) -> Option<Difference> {
    let winner = unit.winner.as_ref().filter(|winner| !winner.is_dangling);
    let is_same = match (&loaded.fragment, winner) {
        (None, None) => true,
        (Some(loaded), Some(disk)) => is_same_file(resolver, loaded, &disk.path),
        (Some(_), None) => false,
        // What needs no file may have one that the manager passes over, such as a unit of another kernel.
        (None, Some(_)) => loaded.load != Load::NotFound,
    };
    let disk = winner.map(|winner| winner.path.clone());
    (!is_same).then(|| Difference::Fragment { loaded: loaded.fragment.clone(), disk })
}

fn drop_ins(resolver: &Resolver<'_>, disk: &[PathBuf], loaded: &Loaded) -> Option<Difference> {
    let lacks = |all: &[PathBuf], one: &PathBuf| !all.iter().any(|other| is_same_place(resolver, one, other));
    let gone: Vec<PathBuf> = loaded.drop_ins.iter().filter(|one| lacks(disk, one)).cloned().collect();
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

fn exec_start(
    resolver: &Resolver<'_>,
    whose: &Whose,
    unit: &UnitFacts,
    loaded: &Loaded,
    drop_ins: &[PathBuf],
) -> Option<Difference> {
    let fragment = unit.winner.as_ref().filter(|_| unit.name.ends_with(".service"))?;
    let mut files = UnitFiles::default();
    for path in std::iter::once(&fragment.path).chain(drop_ins) {
        let Place::Found(found) = resolver.follow(path) else { continue };
        // What cannot be read is told of the file itself.
        if !found.about.is_file() {
            return None;
        }
        let text = plain::text(&resolver.root().join(&found.path)).ok()?;
        files.settings.extend(files::parse(path, &text));
    }
    let values = files.effective("Service", "ExecStart").into_iter().map(|set| set.value.as_str());
    let disk = command_line::commands(values, &whose.context(&unit.name)?)?;
    let is_same = loaded.exec_start == disk;
    (!is_same).then(|| Difference::ExecStart { loaded: loaded.exec_start.join("; "), disk: disk.join("; ") })
}

fn younger(unit: &UnitFacts, since: Option<Moment>) -> Option<PathBuf> {
    let (changed, path) = unit.changed.as_ref()?;
    (*changed >= since?).then(|| path.clone())
}
