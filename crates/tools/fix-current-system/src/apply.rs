//! The steps, by descriptor: a name in `/run` may be anybody's by the time that it is used.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::fsync;
use nix_host::system;
use oneshot::resolve::Place;
use oneshot::{Exit, Resolver, Root, link, refuse};

use crate::step::Step;

/// What the temporary link in `/run` begins with; the rest of its name nobody can foresee.
const PREFIX: &str = ".current-system.";

/// Takes a step.
pub(crate) fn apply(root: &Root, step: &Step) -> Result<()> {
    let taken = match step {
        Step::Link { target, .. } => current(root, target),
        Step::Root { path, .. } => gc_root(root, path),
    };
    taken.map_err(explained).with_context(|| format!("linking {}", step.target()))
}

/// `/private/var/run` of macOS is writable for the group daemon: nothing there is taken for ours.
fn current(root: &Root, target: &Path) -> Result<()> {
    let (folder, name) = place(root, Path::new(system::CURRENT))?;
    link::replace_among_others(folder.as_fd(), &name, text(target)?, PREFIX)?;
    fsync(&folder).context("writing its folder to disk")
}

/// Only root writes where the roots are.
fn gc_root(root: &Root, path: &Path) -> Result<()> {
    let (folder, name) = place(root, path)?;
    link::replace(folder.as_fd(), &name, system::CURRENT, &format!(".{name}.new"))?;
    fsync(&folder).context("writing its folder to disk")
}

/// The folder of a path, held open, all links before it followed inside the root; and the name in it.
fn place(root: &Root, path: &Path) -> Result<(OwnedFd, String)> {
    let above = path.parent().unwrap_or(Path::new("/"));
    let Place::Found(found) = Resolver::new(root).follow(above) else {
        return Err(anyhow!("{} is not there", above.display()));
    };
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let folder = open(&root.join(&found.path), flags, Mode::empty())
        .with_context(|| format!("opening {}", found.path.display()))?;
    let name = path.file_name().and_then(OsStr::to_str).ok_or_else(|| anyhow!("its name is no text"))?;
    Ok((folder, name.to_owned()))
}

/// A path of the store has letters of ASCII only.
fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| anyhow!("{} is no text", path.display()))
}

/// An error, with what to do where the file system cannot be written to.
pub(crate) fn explained(error: anyhow::Error) -> anyhow::Error {
    let is_read_only = error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        io == Some(std::io::ErrorKind::ReadOnlyFilesystem)
            || cause.downcast_ref::<nix::Error>() == Some(&nix::Error::EROFS)
    });
    if !is_read_only {
        return error;
    }
    refuse(Exit::Failed, format!("{error:#}; make it writable (mount -o remount,rw), and run this again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn both_links_are_made_where_the_links_on_the_way_lead() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let at = |path: &str| tree.path().join(path);
        fs::create_dir_all(at("private/var/run"))?;
        fs::create_dir_all(at("nix/var/nix/gcroots"))?;
        symlink("/private/var/run", at("run"))?;
        // What others have there stays, whatever it is called.
        fs::write(at("private/var/run/.current-system."), "")?;
        symlink("/etc", at("private/var/run/.current-system.new"))?;
        let root = Root::new(tree.path());
        let (target, because) = (Path::new("/nix/store/x").to_owned(), String::new());
        let link = Step::Link { target: target.clone(), because: because.clone() };
        let path = Path::new("/nix/var/nix/gcroots/current-system").to_owned();
        for step in [link, Step::Root { path, because }] {
            apply(&root, &step)?;
        }
        assert_eq!(fs::read_link(at("private/var/run/current-system"))?, target);
        assert_eq!(
            fs::read_link(at("nix/var/nix/gcroots/current-system"))?,
            Path::new("/run/current-system")
        );
        assert_eq!(fs::read_dir(at("private/var/run"))?.count(), 3);
        assert_eq!(fs::read_dir(at("nix/var/nix/gcroots"))?.count(), 1);
        Ok(())
    }
}
