//! What stands at a path where a link should be.

use std::fmt;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use oneshot::Resolver;
use oneshot::resolve::Place;

use crate::store;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A socket, FIFO or device.
    Special,
}

/// What stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Nothing, in a folder that is there.
    Missing,
    /// The folder that it would be in is not to be had: why.
    NoFolder(String),
    /// A link.
    To {
        /// Its text.
        text: PathBuf,
        /// What stands at its end, or why that is nothing.
        leads: Result<End, String>,
    },
    /// Something else.
    Other(Kind),
    /// It could not be looked at: why.
    Unreadable(String),
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Below the root, without any link.
    pub path: PathBuf,
    /// Never a link.
    pub kind: Kind,
}

impl Kind {
    /// Of what the kernel says of a name itself.
    #[must_use]
    pub fn of(about: &Metadata) -> Self {
        let kind = about.file_type();
        match () {
            () if kind.is_symlink() => Self::Link,
            () if kind.is_dir() => Self::Folder,
            () if kind.is_file() => Self::File,
            () => Self::Special,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Special => "a socket, FIFO or device",
        })
    }
}

impl Link {
    /// Looks at a path: the links before its last name are followed, then it alone, and what it leads to.
    #[must_use]
    pub fn at(resolver: &Resolver<'_>, path: &Path) -> Self {
        if let Err(reason) = folder(resolver, path.parent().unwrap_or(Path::new("/"))) {
            return Self::NoFolder(reason);
        }
        let place = resolver.place(path).unwrap_or_else(|| path.to_owned());
        let real = resolver.root().join(&place);
        let about = match fs::symlink_metadata(&real) {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::Missing,
            Err(error) => return Self::Unreadable(error.to_string()),
        };
        match Kind::of(&about) {
            Kind::Link => match fs::read_link(&real) {
                Ok(text) => Self::To { text, leads: end(resolver, &place) },
                Err(error) => Self::Unreadable(error.to_string()),
            },
            other => Self::Other(other),
        }
    }
}

/// The folder at the end of a path, without any link, or why there is none.
pub fn folder(resolver: &Resolver<'_>, path: &Path) -> Result<PathBuf, String> {
    match end(resolver, path)? {
        End { path, kind: Kind::Folder } => Ok(path),
        End { path, .. } => Err(format!("{} is no folder", path.display())),
    }
}

/// What stands at the end of a path, or why there is nothing.
pub fn end(resolver: &Resolver<'_>, path: &Path) -> Result<End, String> {
    match resolver.follow(path) {
        Place::Found(found) => Ok(End { kind: Kind::of(&found.about), path: found.path }),
        Place::Null => Err("it leads to the null device".to_owned()),
        Place::Missing(at) if store::is_store_path(&at) => {
            Err(format!("{} is not there; it may have been collected", at.display()))
        }
        Place::Missing(at) => Err(format!("{} is not there", at.display())),
        Place::Loop(at) => Err(format!("{} leads in a circle", at.display())),
        Place::Unreadable(at, reason) => Err(format!("looking at {}: {reason}", at.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::os::unix::fs::symlink;

    #[test]
    fn each_kind_of_name_is_told_apart() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let at = |name: &str| tree.path().join(name);
        fs::create_dir_all(at("private/var/run/folder"))?;
        symlink("private/var/run", at("run"))?;
        fs::write(at("run/file"), "")?;
        symlink("/run/folder", at("run/good"))?;
        symlink("/nix/store/gone", at("run/dangling"))?;
        symlink("circle", at("run/circle"))?;
        let root = Root::new(tree.path());
        let look = |path: &str| Link::at(&Resolver::new(&root), Path::new(path));
        let to = |text: &str, leads| Link::To { text: text.into(), leads };
        let end = End { path: "/private/var/run/folder".into(), kind: Kind::Folder };
        assert_eq!(look("/run/good"), to("/run/folder", Ok(end)));
        assert_eq!(look("/run/dangling"), to("/nix/store/gone", Err("/nix is not there".to_owned())));
        assert!(matches!(look("/run/circle"), Link::To { leads: Err(_), .. }));
        assert_eq!(look("/run/file"), Link::Other(Kind::File));
        assert_eq!(look("/run/folder"), Link::Other(Kind::Folder));
        assert_eq!(look("/run/none"), Link::Missing);
        assert!(matches!(look("/run/file/x"), Link::NoFolder(_)));
        assert!(matches!(look("/none/x"), Link::NoFolder(_)));
        Ok(())
    }
}
