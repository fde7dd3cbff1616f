//! What the system has in `/etc`: `/etc/static` leads to its files, and each file of `/etc` that it has is a link through
//! `/etc/static` (nix-darwin `modules/system/etc.nix`, nixpkgs `nixos/modules/system/etc/setup-etc.pl`).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oneshot::Resolver;

use crate::link::{self, End, Kind, Link};

/// The link that the activation sets.
pub const STATIC: &str = "/etc/static";

/// Where the files are linked.
const ETC: &str = "/etc";

/// NixOS does not link a file through `/etc/static` that has a neighbour with this end, which says how it is made instead.
const MODE: &str = ".mode";

/// How `/etc/static` stands to the files of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It leads to them.
    Right,
    /// The system has no files for `/etc`: why.
    NoFiles(String),
    /// It is not there.
    Missing,
    /// It leads nowhere: why.
    Dangling(String),
    /// It leads to the files of another system (LF8).
    Stale(PathBuf),
    /// Something else stands in its place.
    NotALink(Kind),
    /// It could not be looked at: why.
    Unreadable(String),
}

/// A file of `/etc` that the system has, and that is no link to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// The file.
    pub path: PathBuf,
    /// What it is instead.
    pub state: State,
}

/// What stands in the place of a file of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing: it was never linked.
    Missing,
    /// Something that is no link: an upgrade of macOS puts files of its own there (LF9).
    Replaced(Kind),
    /// A link to something else.
    Elsewhere(PathBuf),
    /// It could not be looked at: why.
    Unreadable(String),
}

/// The files for `/etc` of a system, without any link, or why there are none.
pub fn files(resolver: &Resolver<'_>, system: &Path) -> Result<PathBuf, String> {
    link::folder(resolver, &system.join("etc"))
}

/// `/etc/static` as it is.
#[must_use]
pub fn link(resolver: &Resolver<'_>) -> Link {
    Link::at(resolver, Path::new(STATIC))
}

/// Holds `/etc/static` to the files of the system, which [`files`] gives.
#[must_use]
pub fn judge(link: &Link, files: &Result<PathBuf, String>) -> Standing {
    let files = match files {
        Ok(files) => files,
        Err(reason) => return Standing::NoFiles(reason.clone()),
    };
    match link {
        Link::To { leads: Ok(End { path, .. }), .. } if path == files => Standing::Right,
        Link::To { leads: Ok(End { path, .. }), .. } => Standing::Stale(path.clone()),
        Link::To { leads: Err(reason), .. } => Standing::Dangling(reason.clone()),
        Link::Missing | Link::NoFolder(_) => Standing::Missing,
        Link::Other(kind) => Standing::NotALink(*kind),
        Link::Unreadable(reason) => Standing::Unreadable(reason.clone()),
    }
}

/// The files of `/etc` that are not what the system has there, in order.
pub fn odd(resolver: &Resolver<'_>, files: &Path) -> Result<Vec<Odd>> {
    let mut relative = Vec::new();
    collect(resolver, files, Path::new(""), &mut relative)?;
    relative.sort_unstable();
    let odd = relative.into_iter().filter_map(|relative| {
        let path = Path::new(ETC).join(&relative);
        state(&Link::at(resolver, &path), &relative).map(|state| Odd { path, state })
    });
    Ok(odd.collect())
}

/// What stands in the place of a file; `None` for the link that should.
#[must_use]
pub fn state(link: &Link, relative: &Path) -> Option<State> {
    match link {
        Link::To { text, .. } if *text == Path::new(STATIC).join(relative) => None,
        Link::To { text, .. } => Some(State::Elsewhere(text.clone())),
        Link::Missing | Link::NoFolder(_) => Some(State::Missing),
        Link::Other(kind) => Some(State::Replaced(*kind)),
        Link::Unreadable(reason) => Some(State::Unreadable(reason.clone())),
    }
}

/// The names of the links in a folder of the store and below. No link is followed, so this ends.
fn collect(resolver: &Resolver<'_>, files: &Path, below: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let folder = resolver.root().join(files.join(below));
    let context = || format!("listing {}", folder.display());
    for entry in fs::read_dir(&folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let kind = entry.file_type().with_context(context)?;
        let relative = below.join(entry.file_name());
        if kind.is_dir() {
            collect(resolver, files, &relative, into)?;
        } else if kind.is_symlink() && !is_copied(&folder, &entry.file_name()) {
            into.push(relative);
        }
    }
    Ok(())
}

/// Whether NixOS makes something else of it than a link through `/etc/static`: a copy, or a link of its own.
fn is_copied(folder: &Path, name: &OsStr) -> bool {
    let mut mode = name.to_owned();
    mode.push(MODE);
    fs::symlink_metadata(folder.join(mode)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Root;
    use std::os::unix::fs::symlink;

    const FILES: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-etc/etc";

    #[test]
    fn static_is_right_only_where_it_leads_to_the_files_of_the_system() {
        let to = |leads: Result<&str, &str>| Link::To {
            text: FILES.into(),
            leads: leads.map(|path| End { path: path.into(), kind: Kind::Folder }).map_err(str::to_owned),
        };
        for (link, standing) in [
            (to(Ok(FILES)), Standing::Right),
            (to(Ok("/nix/store/b")), Standing::Stale("/nix/store/b".into())),
            (to(Err("gone")), Standing::Dangling("gone".into())),
            (Link::Missing, Standing::Missing),
            (Link::Other(Kind::File), Standing::NotALink(Kind::File)),
            (Link::Unreadable("no".into()), Standing::Unreadable("no".into())),
        ] {
            assert_eq!(judge(&link, &Ok(FILES.into())), standing, "{link:?}");
        }
        assert_eq!(judge(&Link::Missing, &Err("none".into())), Standing::NoFiles("none".into()));
    }

    #[test]
    fn files_that_an_upgrade_replaced_are_listed() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let at = |path: &str| tree.path().join(path.trim_start_matches('/'));
        let source = at(FILES);
        fs::create_dir_all(source.join("ssh"))?;
        fs::create_dir_all(at("/etc/ssh"))?;
        for name in ["zshrc", "bashrc", "ssh/config", "shells", "copied", "never"] {
            symlink("/nix/store/x", source.join(name))?;
        }
        fs::write(source.join("copied.mode"), "0440\n")?;
        fs::write(at("/etc/copied"), "a copy")?;
        symlink(FILES, at(STATIC))?;
        symlink("/etc/static/zshrc", at("/etc/zshrc"))?;
        symlink("/etc/static/ssh/config", at("/etc/ssh/config"))?;
        fs::write(at("/etc/bashrc"), "Apple's")?;
        symlink("/private/etc/other", at("/etc/shells"))?;
        let root = Root::new(tree.path());
        let found = odd(&Resolver::new(&root), Path::new(FILES))?;
        let told: Vec<_> = found.into_iter().map(|odd| (odd.path.display().to_string(), odd.state)).collect();
        assert_eq!(
            told,
            [
                ("/etc/bashrc".to_owned(), State::Replaced(Kind::File)),
                ("/etc/never".to_owned(), State::Missing),
                ("/etc/shells".to_owned(), State::Elsewhere("/private/etc/other".into())),
            ]
        );
        Ok(())
    }
}
