//! Taking one step.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};
use oneshot::link;
use oneshot::rights::AsUser;
use oneshot::{Root, text};
use provenance::Whose;

use crate::folder::{Anchor, keep};
use crate::step::Step;

/// A link is made under this name and renamed, so that no unit is ever missing. It is no name of a unit.
const TEMPORARY: &str = ".fix-unit-provenance.link";

/// Where and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here<'a> {
    pub(crate) root: &'a Root,
    pub(crate) whose: &'a Whose,
    pub(crate) backup_dir: Option<&'a Path>,
}

/// Takes a step; the name of a copy that it kept.
pub(crate) fn apply(here: &Here<'_>, step: &Step) -> Result<Option<PathBuf>> {
    match step {
        Step::Restore { path, source, keeps } => restore(here, path, source, *keeps),
        Step::Remove { path } => remove(here, path).map(Some),
        Step::Reload => {
            let command = here.whose.scope().systemctl()?.arg("daemon-reload");
            let outcome = command.run()?;
            if !outcome.status.success() {
                bail!("{command} ended with {}: {}", outcome.status, outcome.words());
            }
            Ok(None)
        }
    }
}

fn restore(here: &Here<'_>, path: &Path, source: &Path, keeps: bool) -> Result<Option<PathBuf>> {
    let context = || format!("putting the link {} back", path.display());
    let target = source
        .to_str()
        .with_context(|| format!("{} is no UTF-8", text::quoted(&source.to_string_lossy())))?;
    let place = Place::open(here, path).with_context(context)?;
    let kept = if keeps { Some(place.keep().with_context(context)?) } else { None };
    link::replace(place.folder.as_fd(), place.name, target, TEMPORARY).with_context(context)?;
    fsync(place.folder.as_fd()).with_context(context)?;
    Ok(kept)
}

fn remove(here: &Here<'_>, path: &Path) -> Result<PathBuf> {
    let context = || format!("removing {}", path.display());
    let place = Place::open(here, path).with_context(context)?;
    let kept = place.keep().with_context(context)?;
    unlinkat(&place.folder, place.name, UnlinkatFlags::NoRemoveDir).with_context(context)?;
    fsync(place.folder.as_fd()).with_context(context)?;
    Ok(kept)
}

/// A name in an open folder, another for copies, and the rights with which both are worked in.
struct Place<'a> {
    path: &'a Path,
    name: &'a str,
    folder: OwnedFd,
    copies: Option<(&'a Path, OwnedFd)>,
    _user: Option<AsUser>,
}

impl<'a> Place<'a> {
    fn open(here: &Here<'a>, path: &'a Path) -> Result<Self> {
        let above = path.parent().unwrap_or(Path::new("/"));
        let name = path.file_name().and_then(OsStr::to_str).context("it has no name of a file")?;
        let anchor = Anchor::open(here.root, anchor(here.whose, above))?;
        let copies = match here.backup_dir {
            Some(folder) => Some((folder, Anchor::open(here.root, self::anchor(here.whose, folder))?)),
            None => None,
        };
        let user = rights(here.whose, path);
        let folder = anchor.below(above)?;
        let copies = match copies {
            Some((path, anchor)) => Some((path, anchor.below(path)?)),
            None => None,
        };
        Ok(Self { path, name, folder, copies, _user: user })
    }

    fn keep(&self) -> Result<PathBuf> {
        let (above, into) = match &self.copies {
            Some((path, folder)) => (*path, folder),
            None => (self.path.parent().unwrap_or(Path::new("/")), &self.folder),
        };
        Ok(above.join(keep(&self.folder, self.name, into).context("keeping a copy")?))
    }
}

/// What is above the user's folders may be links of the administrator's, such as `/home`.
fn anchor<'w>(whose: &'w Whose, folder: &Path) -> &'w Path {
    match whose {
        Whose::User(person) if folder.starts_with(&person.homes.home) => &person.homes.home,
        _ => Path::new("/"),
    }
}

/// In the user's own folders with the user's own rights: nothing can be reached that the user could not reach.
fn rights(whose: &Whose, path: &Path) -> Option<AsUser> {
    match whose {
        Whose::User(person) if path.starts_with(&person.homes.home) => {
            Some(AsUser::of(person.uid, person.gid))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provenance::Person;
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};
    use systemd::unit_path::Homes;

    const PLACE: &str = "/home/tim/.config/systemd/user/a.service";

    fn tim() -> Result<Whose> {
        let about = fs::metadata("/proc/self")?;
        let homes = Homes::standard("tim", "/home/tim", 1000);
        let state = "/home/tim/.local/state".into();
        Ok(Whose::User(Person { uid: about.uid(), gid: about.gid(), homes, state, is_caller: true }))
    }

    fn restore_in(tree: &Path, backup_dir: Option<&Path>) -> Result<Option<PathBuf>> {
        let (root, whose) = (Root::new(tree), tim()?);
        let here = Here { root: &root, whose: &whose, backup_dir };
        apply(&here, &Step::Restore { path: PLACE.into(), source: "/nix/store/x".into(), keeps: true })
    }

    #[test]
    fn a_file_is_kept_each_time_under_a_free_name_and_replaced_by_the_link() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let place = tree.path().join(PLACE.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap_or(tree.path()))?;
        for (text, copy) in [("one", ".backup"), ("two", ".backup.1")] {
            let _ = fs::remove_file(&place);
            fs::write(&place, text)?;
            assert_eq!(restore_in(tree.path(), None)?, Some(PathBuf::from(format!("{PLACE}{copy}"))));
            assert_eq!(fs::read_link(&place)?, Path::new("/nix/store/x"));
            assert_eq!(fs::read_to_string(format!("{}{copy}", place.display()))?, text);
        }
        fs::remove_file(&place)?;
        fs::write(&place, "three")?;
        let kept = restore_in(tree.path(), Some(Path::new("/home/tim/kept")))?;
        assert_eq!(kept, Some(PathBuf::from("/home/tim/kept/a.service.backup")));
        assert_eq!(fs::read_to_string(tree.path().join("home/tim/kept/a.service.backup"))?, "three");
        Ok(())
    }

    #[test]
    fn nothing_is_written_through_a_link() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("home/tim/.config"))?;
        fs::create_dir(tree.path().join("elsewhere"))?;
        symlink("../../../elsewhere", tree.path().join("home/tim/.config/systemd"))?;
        assert!(restore_in(tree.path(), None).is_err());
        assert_eq!(fs::read_dir(tree.path().join("elsewhere"))?.count(), 0);
        Ok(())
    }
}
