//! Whether what is to be run as root can only have been written by root: the program and every folder on the way to it.
//!
//! The way is gone by descriptor, a name at a time. Where every folder belongs to root and nobody else may write to it,
//! nobody else can put another name there between this look and the run either.

use std::fmt;
use std::fs::{File, Metadata};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstatat};
use oneshot::Root;

/// Write access for anybody but the owner.
const WRITABLE: u32 = 0o022;

/// Only the owner of a name in the folder, or of the folder, may take it away or rename it (chmod(2)).
const STICKY: u32 = 0o1000;

/// The group of the builders may add to it, and to nothing that is in it; for that it has the sticky bit
/// (Nix manual, "Multi-User Mode").
const STORE: &str = "/nix/store";

/// More links than the two of a profile are nothing that Nix makes.
const MOST_LINKS: usize = 4;

/// Which links the way may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// None.
    Refused,
    /// Those of root, as a profile is one: they stand in a folder of root and lead to a path that is held to the same.
    OfRoot,
}

/// Why something is not run as root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It is not there: the first name that is missing.
    Missing(PathBuf),
    /// Somebody else than root owns it: what, and the uid.
    Owner(PathBuf, u32),
    /// Others than root may write to it: what, and its mode.
    Writable(PathBuf, u32),
    /// A link stands where none may.
    Link(PathBuf),
    /// It is no regular file that may be executed, or no folder where one must be.
    Kind(PathBuf),
}

impl fmt::Display for Distrust {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(out, "{} is not there", path.display()),
            Self::Owner(path, uid) => write!(out, "{} belongs to uid {uid}", path.display()),
            Self::Writable(path, mode) => {
                write!(out, "others than its owner may write to {} (mode {mode:04o})", path.display())
            }
            Self::Link(path) => write!(out, "{} is a symbolic link", path.display()),
            Self::Kind(path) => write!(out, "{} is no program", path.display()),
        }
    }
}

/// Looks at a program and the way to it; `Some` with the first reason against it. Root is uid 0; below another root it is
/// whoever owns that.
pub(crate) fn distrust(root: &Root, program: &Path, links: Links) -> Result<Option<Distrust>> {
    let mut path = program.to_owned();
    for _ in 0..=MOST_LINKS {
        match walk(root, &path, links).with_context(|| format!("looking at {}", path.display()))? {
            Way::Trusted => return Ok(None),
            Way::Distrusted(reason) => return Ok(Some(reason)),
            Way::Elsewhere(next) => path = next,
        }
    }
    Ok(Some(Distrust::Link(path)))
}

enum Way {
    Trusted,
    Distrusted(Distrust),
    Elsewhere(PathBuf),
}

fn walk(root: &Root, path: &Path, links: Links) -> Result<Way> {
    let flags = (OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits();
    let mut folder = File::options().read(true).custom_flags(flags).open(root.join("/"))?;
    let about = folder.metadata()?;
    let owner = if root.is_real() { 0 } else { about.uid() };
    let mut here = PathBuf::from("/");
    // The mode of what a tree stands in is not a matter of the tree.
    if root.is_real()
        && let Some(reason) = against(&here, &about, owner)
    {
        return Ok(Way::Distrusted(reason));
    }
    let mut names = path.components().skip_while(|part| *part == Component::RootDir).peekable();
    while let Some(part) = names.next() {
        let Component::Normal(name) = part else {
            return Ok(Way::Distrusted(Distrust::Kind(path.to_owned())));
        };
        here.push(name);
        let about = match fstatat(&folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(about) => about,
            Err(nix::Error::ENOENT | nix::Error::ENOTDIR) => {
                return Ok(Way::Distrusted(Distrust::Missing(here)));
            }
            Err(error) => return Err(error.into()),
        };
        let kind = SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFLNK {
            if links == Links::Refused {
                return Ok(Way::Distrusted(Distrust::Link(here)));
            }
            if about.st_uid != owner {
                return Ok(Way::Distrusted(Distrust::Owner(here, about.st_uid)));
            }
            let text = PathBuf::from(readlinkat(&folder, name)?);
            let next = here.parent().unwrap_or(Path::new("/")).join(text);
            return Ok(Way::Elsewhere(next.join(names.collect::<PathBuf>())));
        }
        let is_last = names.peek().is_none();
        let due = if is_last { SFlag::S_IFREG } else { SFlag::S_IFDIR };
        if kind != due {
            return Ok(Way::Distrusted(Distrust::Kind(here)));
        }
        // A FIFO that was put there meanwhile must not hold us.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = File::from(openat(folder.as_fd(), name, flags, Mode::empty())?);
        let about = opened.metadata()?;
        if let Some(reason) = against(&here, &about, owner) {
            return Ok(Way::Distrusted(reason));
        }
        if is_last && (!about.is_file() || about.mode() & 0o111 == 0) {
            return Ok(Way::Distrusted(Distrust::Kind(here)));
        }
        folder = opened;
    }
    Ok(Way::Trusted)
}

fn against(path: &Path, about: &Metadata, owner: u32) -> Option<Distrust> {
    let mode = about.mode() & 0o7777;
    let is_store = path == Path::new(STORE) && mode & STICKY != 0 && mode & 0o002 == 0;
    if about.uid() != owner {
        return Some(Distrust::Owner(path.to_owned(), about.uid()));
    }
    (mode & WRITABLE != 0 && !is_store).then(|| Distrust::Writable(path.to_owned(), mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    const OWN: &str = "/usr/local/libexec/mendutils/fix-it";
    const ACTIVATE: &str = "/nix/var/nix/profiles/system/activate";
    const SYSTEM: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system";

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Result<Self> {
            let tree = Self(tempfile::tempdir()?);
            for file in [OWN.to_owned(), format!("{SYSTEM}/activate")] {
                let path = tree.at(&file);
                fs::create_dir_all(path.parent().unwrap_or(&path))?;
                fs::write(&path, "#!/bin/sh\n")?;
                tree.mode(&file, 0o555)?;
            }
            tree.mode(STORE, 0o1775)?;
            fs::create_dir_all(tree.at("/nix/var/nix/profiles"))?;
            symlink("system-7-link", tree.at("/nix/var/nix/profiles/system"))?;
            symlink(SYSTEM, tree.at("/nix/var/nix/profiles/system-7-link"))?;
            Ok(tree)
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().join(path.trim_start_matches('/'))
        }

        fn mode(&self, path: &str, mode: u32) -> Result<()> {
            Ok(fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode))?)
        }

        fn own(&self) -> Result<Option<Distrust>> {
            distrust(&Root::new(self.0.path()), Path::new(OWN), Links::Refused)
        }

        fn activate(&self) -> Result<Option<Distrust>> {
            distrust(&Root::new(self.0.path()), Path::new(ACTIVATE), Links::OfRoot)
        }
    }

    #[test]
    fn what_only_root_can_have_written_is_trusted() -> Result<()> {
        let tree = Tree::new()?;
        assert_eq!((tree.own()?, tree.activate()?), (None, None));
        Ok(())
    }

    #[test]
    fn write_access_for_others_anywhere_on_the_way_is_told() -> Result<()> {
        let tree = Tree::new()?;
        for (path, mode, good) in
            [(OWN, 0o575, 0o555), ("/usr/local", 0o775, 0o755), ("/usr/local/libexec", 0o1777, 0o755)]
        {
            tree.mode(path, mode)?;
            assert_eq!(tree.own()?, Some(Distrust::Writable(path.into(), mode)));
            tree.mode(path, good)?;
        }
        let activate = format!("{SYSTEM}/activate");
        for (path, mode, good) in [
            (activate.as_str(), 0o775, 0o555),
            (STORE, 0o775, 0o1775),
            (STORE, 0o1777, 0o1775),
            ("/nix/var/nix/profiles", 0o1777, 0o755),
        ] {
            tree.mode(path, mode)?;
            assert_eq!(tree.activate()?, Some(Distrust::Writable(path.into(), mode)));
            tree.mode(path, good)?;
        }
        assert_eq!(tree.activate()?, None);
        Ok(())
    }

    #[test]
    fn what_is_no_program_is_told() -> Result<()> {
        let tree = Tree::new()?;
        tree.mode(OWN, 0o444)?;
        assert_eq!(tree.own()?, Some(Distrust::Kind(OWN.into())));
        fs::remove_file(tree.at(OWN))?;
        assert_eq!(tree.own()?, Some(Distrust::Missing(OWN.into())));
        fs::create_dir(tree.at(OWN))?;
        assert_eq!(tree.own()?, Some(Distrust::Kind(OWN.into())));
        fs::remove_dir(tree.at(OWN))?;
        nix::unistd::mkfifo(&tree.at(OWN), Mode::S_IRWXU)?;
        assert_eq!(tree.own()?, Some(Distrust::Kind(OWN.into())));
        fs::remove_dir_all(tree.at("/usr/local"))?;
        fs::write(tree.at("/usr/local"), "")?;
        assert_eq!(tree.own()?, Some(Distrust::Kind("/usr/local".into())));
        Ok(())
    }

    #[test]
    fn a_link_is_followed_in_a_profile_only() -> Result<()> {
        let tree = Tree::new()?;
        fs::rename(tree.at("/usr/local"), tree.at("/usr/elsewhere"))?;
        symlink("elsewhere", tree.at("/usr/local"))?;
        assert_eq!(tree.own()?, Some(Distrust::Link("/usr/local".into())));
        fs::remove_file(tree.at("/nix/var/nix/profiles/system-7-link"))?;
        symlink("system", tree.at("/nix/var/nix/profiles/system-7-link"))?;
        assert!(matches!(tree.activate()?, Some(Distrust::Link(_))));
        fs::remove_file(tree.at("/nix/var/nix/profiles/system-7-link"))?;
        symlink("../../../../usr/x", tree.at("/nix/var/nix/profiles/system-7-link"))?;
        assert!(tree.activate()?.is_some());
        Ok(())
    }

    #[test]
    fn another_owner_is_told() -> Result<()> {
        let tree = Tree::new()?;
        if !nix::unistd::geteuid().is_root() {
            return Ok(());
        }
        chown(tree.at("/usr/local"), Some(501), None)?;
        assert_eq!(tree.own()?, Some(Distrust::Owner("/usr/local".into(), 501)));
        std::os::unix::fs::lchown(tree.at("/nix/var/nix/profiles/system"), Some(501), None)?;
        assert_eq!(tree.activate()?, Some(Distrust::Owner("/nix/var/nix/profiles/system".into(), 501)));
        Ok(())
    }
}
