//! Taking one step.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};
use oneshot::link;
use oneshot::rights::AsUser;
use oneshot::{Deadline, Root, text};
use provenance::Whose;
use provenance::owner::Kind;

use crate::folder::{Anchor, Kept};
use crate::step::Step;

/// A link is made under this name and renamed, so that no unit is ever missing. It is no name of a unit.
const TEMPORARY: &str = ".fix-unit-provenance.link";

/// Where and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here<'a> {
    pub(crate) root: &'a Root,
    pub(crate) whose: &'a Whose,
    pub(crate) backup_dir: Option<&'a Path>,
    pub(crate) patience: Duration,
}

/// Takes a step; the name of a copy that it kept.
pub(crate) fn apply(here: &Here<'_>, step: &Step) -> Result<Option<PathBuf>> {
    match step {
        Step::Restore { path, source, owner, keeps } => restore(here, (path, *owner), source, *keeps),
        Step::Remove { path } => remove(here, path).map(Some),
        Step::Reload => {
            // All generators run in it, and what they wait for is theirs.
            let command = here.whose.scope().systemctl()?.deadline(Deadline::after(here.patience));
            let command = command.arg("daemon-reload");
            let outcome = command.run()?;
            if !outcome.status.success() {
                bail!("{command} ended with {}: {}", outcome.status, outcome.words());
            }
            Ok(None)
        }
    }
}

fn restore(
    here: &Here<'_>,
    (path, owner): (&Path, Kind),
    source: &Path,
    keeps: bool,
) -> Result<Option<PathBuf>> {
    let context = || format!("putting the link {} back", path.display());
    let target = source
        .to_str()
        .with_context(|| format!("{} is no UTF-8", text::quoted(&source.to_string_lossy())))?;
    let place = Place::open(here, path, Rights::of_owner(here.whose, owner)).with_context(context)?;
    let kept = if keeps { Some(place.keep().with_context(context)?) } else { None };
    place.link(target).with_context(context)?;
    Ok(kept)
}

fn remove(here: &Here<'_>, path: &Path) -> Result<PathBuf> {
    let context = || format!("removing {}", path.display());
    let place = Place::open(here, path, Rights::of_path(here.whose, path)).with_context(context)?;
    let kept = place.keep().with_context(context)?;
    place.remove().with_context(context)?;
    Ok(kept)
}

/// A name in an open folder, the folder for copies where that is another, and the rights with which each is worked in.
struct Place<'a> {
    path: &'a Path,
    name: &'a str,
    folder: OwnedFd,
    rights: Rights,
    copies: Option<(&'a Path, OwnedFd, Rights)>,
}

impl<'a> Place<'a> {
    fn open(here: &Here<'a>, path: &'a Path, rights: Rights) -> Result<Self> {
        let above = path.parent().unwrap_or(Path::new("/"));
        let name = path.file_name().and_then(OsStr::to_str).context("it has no name of a file")?;
        let copies = match here.backup_dir {
            Some(folder) => {
                let rights = Rights::of_path(here.whose, folder);
                Some((folder, below(here, folder, rights)?, rights))
            }
            None => None,
        };
        Ok(Self { path, name, folder: below(here, above, rights)?, rights, copies })
    }

    /// The file is read with the rights of its own folder, and written with those of the other.
    fn keep(&self) -> Result<PathBuf> {
        let read = || {
            let _user = self.rights.take();
            Kept::read(&self.folder, self.name)
        };
        let kept = read().context("keeping a copy")?;
        let (above, into, rights) = match &self.copies {
            Some((path, folder, rights)) => (*path, folder, *rights),
            None => (self.path.parent().unwrap_or(Path::new("/")), &self.folder, self.rights),
        };
        let _user = rights.take();
        Ok(above.join(kept.write(self.name, into).context("keeping a copy")?))
    }

    fn link(&self, target: &str) -> Result<()> {
        let _user = self.rights.take();
        link::replace(self.folder.as_fd(), self.name, target, TEMPORARY)?;
        Ok(fsync(self.folder.as_fd())?)
    }

    fn remove(&self) -> Result<()> {
        let _user = self.rights.take();
        unlinkat(&self.folder, self.name, UnlinkatFlags::NoRemoveDir)?;
        Ok(fsync(self.folder.as_fd())?)
    }
}

/// Opens a folder, and makes it where it is missing.
fn below(here: &Here<'_>, folder: &Path, rights: Rights) -> Result<OwnedFd> {
    let anchor = Anchor::open(here.root, anchor(here.whose, folder))?;
    let _user = rights.take();
    anchor.below(folder)
}

/// What is above the user's folders may be links of the administrator's, such as `/home`.
fn anchor<'w>(whose: &'w Whose, folder: &Path) -> &'w Path {
    match whose {
        Whose::User(person) if person.is_home(folder) => &person.homes.home,
        _ => Path::new("/"),
    }
}

/// With whose rights something is done, where root does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rights(Option<(u32, u32)>);

impl Rights {
    /// What Home Manager ships is the user's wherever it belongs: nothing can be reached that the user could not reach.
    fn of_owner(whose: &Whose, owner: Kind) -> Self {
        match (whose, owner) {
            (Whose::User(person), Kind::HomeManager) => Self(Some((person.uid, person.gid))),
            _ => Self(None),
        }
    }

    /// The same in the user's own folders.
    fn of_path(whose: &Whose, path: &Path) -> Self {
        match whose {
            Whose::User(person) if person.is_home(path) => Self(Some((person.uid, person.gid))),
            _ => Self(None),
        }
    }

    /// Works with these until what is returned is dropped.
    fn take(self) -> Option<AsUser> {
        self.0.map(|(uid, gid)| AsUser::of(uid, gid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provenance::Person;
    use std::fs;
    use std::os::unix::fs::symlink;
    use systemd::unit_path::Homes;

    const PLACE: &str = "/home/tim/.config/systemd/user/a.service";

    fn tim() -> Whose {
        let (uid, gid) = testbed::own();
        let homes = Homes::standard("tim", "/home/tim", 1000);
        let state = "/home/tim/.local/state".into();
        Whose::User(Person { uid, gid, homes, state, is_caller: true })
    }

    fn restore_in(tree: &Path, backup_dir: Option<&Path>) -> Result<Option<PathBuf>> {
        let (root, whose) = (Root::new(tree), tim());
        let here = Here { root: &root, whose: &whose, backup_dir, patience: Duration::ZERO };
        apply(
            &here,
            &Step::Restore {
                path: PLACE.into(),
                source: "/nix/store/x".into(),
                owner: Kind::HomeManager,
                keeps: true,
            },
        )
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
    fn what_home_manager_ships_is_put_back_with_the_users_rights_wherever_it_belongs() {
        let (system, user) = (Rights(None), Rights(Some(testbed::own())));
        assert_eq!(Rights::of_owner(&tim(), Kind::HomeManager), user);
        assert_eq!(Rights::of_owner(&tim(), Kind::NixOs), system);
        assert_eq!(Rights::of_owner(&Whose::System, Kind::NixOs), system);
        assert_eq!(Rights::of_path(&tim(), Path::new(PLACE)), user);
        for path in ["/etc/systemd/user/x.conf", "/home/tim/../../etc/systemd/user/x.conf"] {
            assert_eq!(Rights::of_path(&tim(), Path::new(path)), system, "{path}");
        }
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
