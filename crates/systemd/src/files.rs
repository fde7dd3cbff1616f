//! Unit files and drop-ins as they stand on disk, with file and line of each setting. No process is run, so this works
//! before the manager answers, and below any root.
//!
//! It follows systemd.unit(5), "Unit File Load Path": which fragment wins, which drop-ins apply to a name, its
//! template, its dash prefixes and its type, and which of two drop-ins with one name wins. Not followed: aliases (their
//! drop-ins apply too) and the drop-ins of `.wants` and `.requires` links.

pub(crate) mod name;
mod parse;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oneshot::{Root, plain};
use serde::Serialize;

pub use parse::{Setting, parse};

/// Where the system manager looks, first wins; `systemd-analyze unit-paths` prints the same.
pub const SYSTEM_PATHS: [&str; 13] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where every user's manager looks, but for the user's own directories and the transient ones; first wins.
pub const USER_PATHS: [&str; 5] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/lib/systemd/user",
];

/// Directories that only packages write to: a fragment there is the vendor's own.
const VENDOR_PATHS: [&str; 2] = ["/usr/lib/systemd/system", "/lib/systemd/system"];

/// All files of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnitFiles {
    /// The unit file, or the mask: a link to the null device, or an empty file.
    pub fragment: Option<PathBuf>,
    /// Whether [`Self::fragment`] is a mask.
    pub is_masked: bool,
    /// The drop-ins that count, in the order in which they apply.
    pub drop_ins: Vec<PathBuf>,
    /// Every setting, the fragment's first, in the order in which they apply. The paths are those below the root.
    pub settings: Vec<Setting>,
}

/// What stands on disk beyond the vendor's own file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overrides {
    /// The mask, where the unit has one.
    pub mask: Option<PathBuf>,
    /// The settings of drop-ins, and of a fragment outside the vendor's directories, without those that a later one
    /// resets. On NixOS every fragment is outside, so a caller judges the values, not that there are some.
    pub settings: Vec<Setting>,
}

/// Reads the files of a unit of the system manager.
pub fn read(root: &Root, unit: &str) -> Result<UnitFiles> {
    read_from(root, &SYSTEM_PATHS, unit)
}

/// Reads the files of a unit in the given unit paths, first wins.
pub fn read_from(root: &Root, paths: &[&str], unit: &str) -> Result<UnitFiles> {
    let mut files = UnitFiles::default();
    if let Some((path, content)) = fragment(root, paths, unit)? {
        match content {
            Some(text) => files.settings = parse(&path, &text),
            None => files.is_masked = true,
        }
        files.fragment = Some(path);
    }
    for (path, text) in drop_ins(root, paths, unit)? {
        files.settings.extend(parse(&path, &text));
        files.drop_ins.push(path);
    }
    Ok(files)
}

/// Reads the very files that a manager has loaded a unit from, as it names them: right for any manager, aliases and
/// generated units included.
pub fn read_loaded(root: &Root, fragment: Option<&Path>, drop_ins: &[PathBuf]) -> Result<UnitFiles> {
    let mut files = UnitFiles { fragment: fragment.map(Path::to_owned), ..UnitFiles::default() };
    for path in fragment.into_iter().chain(drop_ins.iter().map(PathBuf::as_path)) {
        match content(root, path)? {
            Some(Some(text)) => files.settings.extend(parse(path, &text)),
            Some(None) if Some(path) == fragment => files.is_masked = true,
            _ => continue,
        }
        if Some(path) != fragment {
            files.drop_ins.push(path.to_owned());
        }
    }
    Ok(files)
}

/// What stands beyond the vendor's file for an instance of a template, such as `user-runtime-dir@.service` and
/// `1000`.
pub fn overrides(root: &Root, template: &str, instance: &str) -> Result<Overrides> {
    let files = read(root, &name::instantiate(template, instance))?;
    let fragment = files.fragment.as_deref();
    let is_vendor = |file: &Path| {
        fragment == Some(file)
            && VENDOR_PATHS.iter().any(|directory| file.parent() == Some(Path::new(directory)))
    };
    let mask = if files.is_masked { files.fragment.clone() } else { None };
    let standing = files.standing().into_iter().filter(|set| !is_vendor(&set.file)).cloned().collect();
    Ok(Overrides { mask, settings: standing })
}

impl UnitFiles {
    /// The settings that count: an empty assignment drops those before it, and for conditions and assertions an empty
    /// one drops all before it, whatever their kind (systemd.unit(5)).
    #[must_use]
    pub fn standing(&self) -> Vec<&Setting> {
        let mut standing: Vec<&Setting> = Vec::new();
        for set in &self.settings {
            if set.value.is_empty() {
                standing.retain(|before| before.section != set.section || !resets(&set.key, &before.key));
            } else {
                standing.push(set);
            }
        }
        standing
    }

    /// The first command that a service runs; `None` where it has none or is masked.
    #[must_use]
    pub fn exec_start(&self) -> Option<&str> {
        if self.is_masked {
            return None;
        }
        self.effective("Service", "ExecStart").first().map(|set| set.value.as_str())
    }

    /// The values of one setting that count.
    #[must_use]
    pub fn effective(&self, section: &str, key: &str) -> Vec<&Setting> {
        self.standing().into_iter().filter(|set| set.section == section && set.key == key).collect()
    }
}

fn resets(empty: &str, key: &str) -> bool {
    empty == key
        || ["Condition", "Assert"].iter().any(|kind| empty.starts_with(kind) && key.starts_with(kind))
}

type Content = Option<String>;

/// The first file of the unit's own name, then of its template; no content when it is a mask.
fn fragment(root: &Root, paths: &[&str], unit: &str) -> Result<Option<(PathBuf, Content)>> {
    for candidate in [Some(unit.to_owned()), name::template(unit)].into_iter().flatten() {
        for directory in paths {
            let path = Path::new(directory).join(&candidate);
            if let Some(content) = content(root, &path)? {
                return Ok(Some((path, content)));
            }
        }
    }
    Ok(None)
}

/// The drop-ins that count, by their file name, as systemd sorts them. Of two with one name that in the earlier
/// directory wins, but one for the whole type only where there is no other, and a mask hides all.
fn drop_ins(root: &Root, paths: &[&str], unit: &str) -> Result<Vec<(PathBuf, String)>> {
    let mut chosen: BTreeMap<String, PathBuf> = BTreeMap::new();
    let whole_type: Vec<String> = name::kind(unit).map(str::to_owned).into_iter().collect();
    for names in [name::specific_names(unit), whole_type] {
        for (directory, name) in paths.iter().flat_map(|path| names.iter().map(move |name| (path, name))) {
            let directory = Path::new(directory).join(format!("{name}.d"));
            for file in root.list(&directory)?.into_iter().filter(|file| file.ends_with(".conf")) {
                chosen.entry(file.clone()).or_insert_with(|| directory.join(file));
            }
        }
    }
    let mut found = Vec::new();
    for path in chosen.into_values() {
        if let Some(Some(text)) = content(root, &path)? {
            found.push((path, text));
        }
    }
    Ok(found)
}

/// `None`: no such file, a dangling link included. `Some(None)`: a mask.
fn content(root: &Root, path: &Path) -> Result<Option<Content>> {
    let real = root.join(path);
    match fs::metadata(&real) {
        Ok(about) if about.is_file() && about.len() > 0 => {}
        Ok(about) if about.is_dir() => return Ok(None),
        Ok(_) => return Ok(Some(None)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("looking at {}", real.display())),
    }
    match plain::text(&real) {
        Ok(text) => Ok(Some(Some(text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", real.display())),
    }
}

#[cfg(test)]
mod tests;
