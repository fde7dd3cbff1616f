//! How the file of a unit stands to the one that the generation ships in its place.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use nix_host::store;
use oneshot::resolve::{Found, Place};
use oneshot::{Resolver, plain};

/// What lies where a shipped file belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A link that leads to the shipped file, or the shipped file itself.
    Shipped,
    /// Nothing.
    Missing,
    /// A regular file, a copy of the shipped one or not.
    File {
        /// Whether every byte is the same.
        is_same: bool,
    },
    /// A link into the store, to what another generation ships.
    OtherGeneration {
        /// Where it leads.
        target: PathBuf,
        /// Whether every byte there is the same.
        is_same: bool,
    },
    /// A link that leads out of the store.
    Elsewhere(PathBuf),
    /// A link that leads to nothing: its target.
    Dangling(PathBuf),
    /// A link to the null device, or an empty file.
    Masked,
    /// Links that lead in a circle.
    Loop,
    /// A folder.
    Folder,
    /// A socket, a pipe or a device.
    Special,
    /// Why it could not be looked at.
    Unreadable(String),
    /// The shipped file itself leads nowhere; the store is damaged, or the generation was collected: where it ends.
    Collected(PathBuf),
}

/// Compares what lies at `path` with `source`, the file in the generation, whose folder has no link in it. That the
/// shipped file is there itself is only looked at where something else lies in its place.
#[must_use]
pub fn compare(resolver: &Resolver<'_>, path: &Path, source: &Path) -> Standing {
    let Some(real) = resolver.place(path) else { return without_folder(resolver, path, source) };
    // NixOS: the whole folder is a link into the store.
    if real.as_os_str() == source.as_os_str() {
        return Standing::Shipped;
    }
    let target = match fs::read_link(resolver.root().join(&real)) {
        Ok(text) => Some(Resolver::target(&real, &text)),
        Err(error) if error.kind() == ErrorKind::NotFound => return missing(resolver, source),
        // It is no link.
        Err(error) if error.kind() == ErrorKind::InvalidInput => None,
        Err(error) => return Standing::Unreadable(error.to_string()),
    };
    if target
        .as_ref()
        .and_then(|target| resolver.place(target))
        .is_some_and(|target| target.as_os_str() == source.as_os_str())
    {
        return Standing::Shipped;
    }
    let shipped = resolver.follow(source);
    if let Some(at) = lost(&shipped) {
        return Standing::Collected(at);
    }
    match target {
        Some(target) => link(resolver, target, source, &shipped),
        None => no_link(resolver, &real, &shipped),
    }
}

/// Where a shipped file ends that leads nowhere.
pub(crate) fn lost(shipped: &Place) -> Option<PathBuf> {
    match shipped {
        Place::Missing(at) | Place::Loop(at) | Place::Unreadable(at, _) => Some(at.clone()),
        Place::Found(_) | Place::Null => None,
    }
}

fn no_link(resolver: &Resolver<'_>, real: &Path, shipped: &Place) -> Standing {
    let about = match fs::symlink_metadata(resolver.root().join(real)) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => return Standing::Missing,
        Err(error) => return Standing::Unreadable(error.to_string()),
    };
    if about.is_dir() {
        return Standing::Folder;
    }
    if !about.is_file() {
        return Standing::Special;
    }
    match shipped {
        Place::Found(found) => match is_same(resolver, real, &found.path) {
            Ok(is_same) if is_same || about.len() > 0 => Standing::File { is_same },
            Ok(_) => Standing::Masked,
            Err(reason) => Standing::Unreadable(reason),
        },
        _ => Standing::File { is_same: about.len() == 0 },
    }
}

/// Nothing lies there; whether there is something to be put there.
fn missing(resolver: &Resolver<'_>, source: &Path) -> Standing {
    lost(&resolver.follow(source)).map_or(Standing::Missing, Standing::Collected)
}

/// The folder that it belongs into is missing, or cannot be passed.
fn without_folder(resolver: &Resolver<'_>, path: &Path, source: &Path) -> Standing {
    match resolver.follow(path) {
        Place::Unreadable(_, reason) => Standing::Unreadable(reason.to_string()),
        Place::Loop(_) => Standing::Loop,
        _ => missing(resolver, source),
    }
}

fn link(resolver: &Resolver<'_>, target: PathBuf, source: &Path, shipped: &Place) -> Standing {
    match (resolver.follow(&target), shipped) {
        (Place::Null, Place::Null) => Standing::Shipped,
        (Place::Null, _) => Standing::Masked,
        (Place::Missing(_), _) => Standing::Dangling(target),
        (Place::Loop(_), _) => Standing::Loop,
        (Place::Unreadable(at, reason), _) => Standing::Unreadable(format!("{}: {reason}", at.display())),
        (Place::Found(found), Place::Found(shipped)) if found.path == shipped.path => {
            let is_same = true;
            if is_other(&target, source) {
                Standing::OtherGeneration { target, is_same }
            } else {
                Standing::Shipped
            }
        }
        (Place::Found(found), shipped) => elsewhere(resolver, target, &found, shipped),
    }
}

/// Whether a link goes by way of another generation: the same kind of store object, and not the same one. That the file
/// at its end is the same today does not keep that generation from being collected.
fn is_other(target: &Path, source: &Path) -> bool {
    match (store::parse(target), store::parse(source)) {
        (Some(target), Some(source)) => target.name == source.name && target.hash != source.hash,
        _ => false,
    }
}

fn elsewhere(resolver: &Resolver<'_>, target: PathBuf, found: &Found, shipped: &Place) -> Standing {
    if !store::is_store_path(&found.path) {
        return if found.is_empty() { Standing::Masked } else { Standing::Elsewhere(target) };
    }
    let is_same = match shipped {
        Place::Found(shipped) if found.about.is_file() => is_same(resolver, &found.path, &shipped.path),
        _ => Ok(false),
    };
    match is_same {
        Ok(is_same) => Standing::OtherGeneration { target, is_same },
        Err(reason) => Standing::Unreadable(reason),
    }
}

/// Whether two files have the same bytes; the paths have no link in them.
fn is_same(resolver: &Resolver<'_>, one: &Path, other: &Path) -> Result<bool, String> {
    let told = |path: &Path, error: io::Error| format!("reading {}: {error}", path.display());
    let open = |path: &Path| {
        let file = plain::open(&resolver.root().join(path)).map_err(|error| told(path, error))?;
        let length = file.metadata().map_err(|error| told(path, error))?.len();
        Ok::<_, String>((file, length))
    };
    let ((file, length), (shipped, shipped_length)) = (open(one)?, open(other)?);
    if length != shipped_length {
        return Ok(false);
    }
    let bytes = |path: &Path, file: File| plain::bytes(file).map_err(|error| told(path, error));
    Ok(bytes(one, file)? == bytes(other, shipped)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::os::unix::fs::symlink;

    const OLD: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-home-manager-files/u/a.service";
    const NEW: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-home-manager-files/u/a.service";
    const UNIT: &str = "/nix/store/cccccccccccccccccccccccccccccccc-a.service/a.service";
    const OLD_UNIT: &str = "/nix/store/dddddddddddddddddddddddddddddddd-a.service/a.service";

    struct Tree(tempfile::TempDir);

    impl Tree {
        /// Two generations, of which the old one ships another file.
        fn new() -> Result<Self> {
            let tree = Self(tempfile::tempdir()?);
            tree.write(UNIT, "new")?;
            tree.write(OLD_UNIT, "old")?;
            tree.link(NEW, UNIT)?;
            tree.link(OLD, OLD_UNIT)?;
            tree.write("/home/u/other.service", "")?;
            Ok(tree)
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().join(path.trim_start_matches('/'))
        }

        fn folder(&self, path: &str) -> Result<PathBuf> {
            let at = self.at(path);
            fs::create_dir_all(at.parent().unwrap_or(self.0.path()))?;
            Ok(at)
        }

        fn write(&self, path: &str, text: &str) -> Result<()> {
            Ok(fs::write(self.folder(path)?, text)?)
        }

        fn link(&self, path: &str, target: &str) -> Result<()> {
            Ok(symlink(target, self.folder(path)?)?)
        }

        fn is(&self, expected: &Standing) -> Result<()> {
            let root = Root::new(self.0.path());
            let resolver = Resolver::new(&root).unchanging(Path::new("/nix/store"));
            assert_eq!(&compare(&resolver, Path::new("/home/u/a.service"), Path::new(NEW)), expected);
            Ok(())
        }
    }

    #[test]
    fn every_link_is_told_by_where_it_leads() -> Result<()> {
        let other = |target: &str, is_same| Standing::OtherGeneration { target: target.into(), is_same };
        for (target, expected) in [
            (NEW, Standing::Shipped),
            (UNIT, Standing::Shipped),
            (OLD, other(OLD, false)),
            (OLD_UNIT, other(OLD_UNIT, false)),
            ("/dev/null", Standing::Masked),
            ("a.service", Standing::Loop),
            ("/nix/store/gone/a.service", Standing::Dangling("/nix/store/gone/a.service".into())),
            ("/home/u/other.service", Standing::Masked),
            ("../x", Standing::Elsewhere("/home/u/../x".into())),
        ] {
            let tree = Tree::new()?;
            tree.write("/home/x", "x")?;
            tree.link("/home/u/a.service", target)?;
            tree.is(&expected)?;
        }
        Ok(())
    }

    #[test]
    fn an_older_generation_with_the_same_file_is_still_another_one() -> Result<()> {
        let tree = Tree::new()?;
        fs::remove_file(tree.at(OLD))?;
        tree.link(OLD, UNIT)?;
        tree.link("/home/u/a.service", OLD)?;
        tree.is(&Standing::OtherGeneration { target: OLD.into(), is_same: true })
    }

    #[test]
    fn what_is_no_link_is_told_by_what_it_is() -> Result<()> {
        let tree = Tree::new()?;
        tree.is(&Standing::Missing)?;
        for (text, expected) in [
            ("new", Standing::File { is_same: true }),
            ("edited", Standing::File { is_same: false }),
            ("", Standing::Masked),
        ] {
            tree.write("/home/u/a.service", text)?;
            tree.is(&expected)?;
        }
        fs::remove_file(tree.at("/home/u/a.service"))?;
        fs::create_dir(tree.at("/home/u/a.service"))?;
        tree.is(&Standing::Folder)
    }

    #[test]
    fn a_file_without_end_is_not_read() -> Result<()> {
        let tree = Tree::new()?;
        tree.write("/home/u/a.service", "")?;
        let grow = |path: &str, length| fs::File::options().write(true).open(tree.at(path))?.set_len(length);
        grow("/home/u/a.service", 1 << 40)?;
        tree.is(&Standing::File { is_same: false })?;
        // As long as the shipped one, which is no unit file then either.
        grow("/home/u/a.service", 2 << 20)?;
        grow(UNIT, 2 << 20)?;
        let reason = "reading /home/u/a.service: it has more than 1048576 bytes".to_owned();
        tree.is(&Standing::Unreadable(reason))
    }

    #[test]
    fn a_generation_that_lost_its_file_is_no_fault_of_what_lies_there() -> Result<()> {
        let tree = Tree::new()?;
        tree.write("/home/u/a.service", "edited")?;
        fs::remove_file(tree.at(UNIT))?;
        tree.is(&Standing::Collected(UNIT.into()))?;
        // Nor is there anything to be put where nothing lies.
        fs::remove_file(tree.at("/home/u/a.service"))?;
        tree.is(&Standing::Collected(UNIT.into()))?;
        fs::remove_dir_all(tree.at("/home/u"))?;
        tree.is(&Standing::Collected(UNIT.into()))
    }
}
