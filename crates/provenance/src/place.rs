//! The folder that an owner's files belong into, and the folders above it.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};
use oneshot::Resolver;
use oneshot::resolve::Place;

use crate::whose::Person;

/// What may keep a repair out of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A folder on the way is a link: what is written lands elsewhere (nix-community/home-manager#9830).
    Link {
        /// The link.
        at: PathBuf,
        /// Its text.
        target: PathBuf,
    },
    /// It is somebody else's.
    Foreign {
        /// The folder.
        at: PathBuf,
        /// Whose.
        uid: u32,
    },
    /// Its file system is read-only.
    ReadOnly(PathBuf),
    /// Something that is no folder is in the way.
    NoFolder(PathBuf),
    /// It is not below the home directory of the user whom root asks for. Where that user's units are is what the user's
    /// own manager says, and whoever runs it can have it say `/etc`.
    Outside(PathBuf),
    /// The folder is not on the unit path, so that nothing in it counts.
    NotOnPath(PathBuf),
    /// It is a link into the store, as NixOS has it: nothing can drift in it, and nothing can be written.
    Stored(PathBuf),
}

impl Obstacle {
    /// Where it is.
    #[must_use]
    pub fn at(&self) -> &Path {
        match self {
            Self::Link { at, .. }
            | Self::Foreign { at, .. }
            | Self::ReadOnly(at)
            | Self::NoFolder(at)
            | Self::Outside(at)
            | Self::NotOnPath(at)
            | Self::Stored(at) => at,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at().display();
        match self {
            Self::Link { target, .. } => write!(out, "{at} is a link to {}", target.display()),
            Self::Foreign { uid, .. } => write!(out, "{at} belongs to uid {uid}"),
            Self::ReadOnly(_) => write!(out, "{at} is read-only"),
            Self::NoFolder(_) => write!(out, "{at} is no folder"),
            Self::Outside(_) => write!(out, "{at} is not below the user's home directory"),
            Self::NotOnPath(_) => write!(out, "{at} is not on the unit path of the manager"),
            Self::Stored(_) => write!(out, "{at} is a link into the store"),
        }
    }
}

/// Looks at a folder of the administrator's, `/etc/systemd/system` or `/etc/systemd/user`.
#[must_use]
pub fn obstacles_of_root(resolver: &Resolver<'_>, folder: &Path) -> Vec<Obstacle> {
    let at = folder.to_owned();
    let link = fs::read_link(resolver.root().join(folder)).ok();
    match (resolver.follow(folder), link) {
        (Place::Found(found), _) if found.is_unchanging => vec![Obstacle::Stored(at)],
        (Place::Found(_), Some(target)) => vec![Obstacle::Link { at, target }],
        (Place::Found(found), None) if !found.about.is_dir() => vec![Obstacle::NoFolder(at)],
        (Place::Found(found), None) => {
            let is_read_only = is_read_only(&resolver.root().join(found.path));
            is_read_only.then_some(Obstacle::ReadOnly(at)).into_iter().collect()
        }
        // It is made, or told where the unit path is listed.
        _ => Vec::new(),
    }
}

/// Looks at each folder from the home directory of a user down to `folder`. What is missing is no obstacle.
#[must_use]
pub fn obstacles_of_user(resolver: &Resolver<'_>, person: &Person, folder: &Path) -> Vec<Obstacle> {
    if !person.is_caller && !person.is_home(folder) {
        return vec![Obstacle::Outside(folder.to_owned())];
    }
    let mut obstacles = Vec::new();
    let mut way: Vec<&Path> = folder.ancestors().take_while(|above| *above != person.homes.home).collect();
    way.reverse();
    let mut last = person.homes.home.as_path();
    for at in way.into_iter().filter(|at| *at != Path::new("/")) {
        let about = match fs::symlink_metadata(resolver.root().join(at)) {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            // It is told where the unit path is listed.
            Err(_) => return obstacles,
        };
        let is_inside = at.starts_with(&person.homes.home);
        if about.is_symlink() {
            let target = fs::read_link(resolver.root().join(at)).unwrap_or_default();
            obstacles.push(Obstacle::Link { at: at.to_owned(), target });
            return obstacles;
        }
        if !about.is_dir() {
            obstacles.push(Obstacle::NoFolder(at.to_owned()));
            return obstacles;
        }
        if is_inside && about.uid() != person.uid {
            obstacles.push(Obstacle::Foreign { at: at.to_owned(), uid: about.uid() });
        }
        last = at;
    }
    if is_read_only(&resolver.root().join(last)) {
        obstacles.push(Obstacle::ReadOnly(last.to_owned()));
    }
    obstacles
}

fn is_read_only(path: &Path) -> bool {
    match statvfs(path) {
        Ok(about) => about.flags().contains(FsFlags::ST_RDONLY),
        Err(error) => error == Errno::EROFS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::os::unix::fs::symlink;
    use systemd::unit_path::Homes;

    fn tim(uid: u32) -> Person {
        person(uid, true)
    }

    fn person(uid: u32, is_caller: bool) -> Person {
        let homes = Homes::standard("tim", "/home/tim", 1000);
        Person { uid, gid: 100, homes, state: "/home/tim/.local/state".into(), is_caller }
    }

    #[test]
    fn links_strangers_and_files_in_the_way_are_seen_and_missing_folders_are_none() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let folder = Path::new("/home/tim/.config/systemd/user");
        let look = |uid| obstacles_of_user(&Resolver::new(&root), &tim(uid), folder);
        let own = fs::metadata(tree.path())?.uid();
        assert!(look(own).is_empty());
        fs::create_dir_all(tree.path().join("home/tim/.config"))?;
        assert!(look(own).is_empty());
        let at = PathBuf::from("/home/tim/.config");
        assert_eq!(look(own + 1), [Obstacle::Foreign { at, uid: own }]);
        symlink("/elsewhere", tree.path().join("home/tim/.config/systemd"))?;
        let at = PathBuf::from("/home/tim/.config/systemd");
        assert_eq!(look(own), [Obstacle::Link { at: at.clone(), target: "/elsewhere".into() }]);
        fs::remove_file(tree.path().join("home/tim/.config/systemd"))?;
        fs::write(tree.path().join("home/tim/.config/systemd"), "")?;
        assert_eq!(look(own), [Obstacle::NoFolder(at)]);
        Ok(())
    }

    #[test]
    fn what_a_users_manager_says_leads_root_nowhere_but_home() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let resolver = Resolver::new(&root);
        let by_root = person(1000, false);
        for folder in
            ["/etc/systemd/user", "/run/systemd/user", "/home/tim/../../etc/systemd/user", "/home/timothy"]
        {
            let folder = Path::new(folder);
            assert_eq!(
                obstacles_of_user(&resolver, &by_root, folder),
                [Obstacle::Outside(folder.to_owned())]
            );
        }
        assert!(obstacles_of_user(&resolver, &by_root, Path::new("/home/tim/units")).is_empty());
        // Tim writes with tim's own rights, and may have the configuration elsewhere.
        assert!(obstacles_of_user(&resolver, &tim(1000), Path::new("/data/tim/systemd/user")).is_empty());
        Ok(())
    }

    #[test]
    fn a_folder_of_root_may_be_the_stores_a_link_or_a_file() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let folder = Path::new("/etc/systemd/system");
        let at = || folder.to_owned();
        let look = || obstacles_of_root(&Resolver::new(&root).unchanging(Path::new("/nix/store")), folder);
        assert!(look().is_empty());
        fs::create_dir_all(tree.path().join("etc/systemd/system"))?;
        fs::create_dir_all(tree.path().join("nix/store/x"))?;
        assert!(look().is_empty());
        for (target, expected) in [
            ("/nix/store/x", Obstacle::Stored(at())),
            ("/etc", Obstacle::Link { at: at(), target: "/etc".into() }),
        ] {
            fs::rename(tree.path().join("etc/systemd/system"), tree.path().join("etc/away")).ok();
            fs::remove_file(tree.path().join("etc/systemd/system")).ok();
            symlink(target, tree.path().join("etc/systemd/system"))?;
            assert_eq!(look(), [expected], "{target}");
        }
        fs::remove_file(tree.path().join("etc/systemd/system"))?;
        fs::write(tree.path().join("etc/systemd/system"), "")?;
        assert_eq!(look(), [Obstacle::NoFolder(at())]);
        Ok(())
    }
}
