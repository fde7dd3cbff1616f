//! Where a path leads when every link in it is followed below the [`Root`], as the system would follow it there: an
//! absolute link in an image stays in the image.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::Root;

/// More links than this in one path are a loop (`MAXSYMLINKS` of the kernel).
const MOST_LINKS: usize = 40;

/// What a link to nothing on purpose leads to. It counts as there in an image, which has no devices.
pub const NULL: &str = "/dev/null";

/// A moment of the wall clock in microseconds since 1970, as the kernel stamps files.
pub type Moment = i64;

/// What stands at the end of a path.
#[derive(Debug)]
pub enum Place {
    /// Something that is no link.
    Found(Found),
    /// The null device.
    Null,
    /// Nothing: the first name that is not there, all links before it followed.
    Missing(PathBuf),
    /// Links that lead in a circle; one of them.
    Loop(PathBuf),
    /// It could not be looked at: where, and why.
    Unreadable(PathBuf, String),
}

/// Something that is no link, and the way to it.
#[derive(Debug)]
pub struct Found {
    /// Its path below the root, without any link.
    pub path: PathBuf,
    /// What the kernel says of it.
    pub about: Metadata,
    /// When the youngest link on the way was made; `None` without one that counts.
    pub youngest_link: Option<Moment>,
    /// Whether it is where nothing changes.
    pub is_unchanging: bool,
}

/// Follows paths, and remembers the folders that it came through.
#[derive(Debug)]
pub struct Resolver<'a> {
    root: &'a Root,
    unchanging: Option<PathBuf>,
    /// By the bytes of the path: hashing and comparing a [`Path`] goes through its parts.
    folders: RefCell<HashMap<OsString, Rc<Folder>>>,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    youngest_link: Option<Moment>,
}

/// When a file was last changed in any way, its owner and mode included; no program can set it.
#[must_use]
pub fn changed(about: &Metadata) -> Moment {
    about.ctime().saturating_mul(1_000_000).saturating_add(about.ctime_nsec() / 1000)
}

/// When a file or the list of a folder was last written; any program can set it.
#[must_use]
pub fn modified(about: &Metadata) -> Moment {
    about.mtime().saturating_mul(1_000_000).saturating_add(about.mtime_nsec() / 1000)
}

impl<'a> Resolver<'a> {
    /// For paths below `root`.
    #[must_use]
    pub fn new(root: &'a Root) -> Self {
        Self { root, unchanging: None, folders: RefCell::default() }
    }

    /// The same, with a folder below which nothing changes: times there mean nothing and do not count.
    #[must_use]
    pub fn unchanging(self, folder: &Path) -> Self {
        Self { unchanging: Some(folder.to_owned()), ..self }
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &'a Root {
        self.root
    }

    /// Where an absolute path leads.
    #[must_use]
    pub fn follow(&self, path: &Path) -> Place {
        self.step(path, 0)
    }

    /// The same for a link that leads to `end`, a path of the folder where nothing changes: the kernel follows it from there
    /// in one call. That is taken where the root is the real one and the file looks as nothing but that folder's do: of the
    /// time 1, and writable by nobody. All else is followed step by step.
    #[must_use]
    pub fn follow_to(&self, link: &Path, end: &Path) -> Place {
        self.at_once(link, end).unwrap_or_else(|| self.follow(link))
    }

    fn at_once(&self, link: &Path, end: &Path) -> Option<Place> {
        let unchanging = self.unchanging.as_ref().filter(|_| self.root.is_real())?;
        let folder = self.folder(link.parent()?, 0).ok()?;
        let own = fs::symlink_metadata(link).ok().filter(Metadata::is_symlink)?;
        let about = fs::metadata(end).ok()?;
        let is_sealed = about.is_file() && about.mtime() == 1 && about.mode() & 0o222 == 0;
        (is_sealed && is_below(end, unchanging) && !is_below(&folder.path, unchanging)).then(|| {
            let youngest_link = folder.youngest_link.max(Some(changed(&own)));
            Place::Found(Found { path: end.to_owned(), about, youngest_link, is_unchanging: true })
        })
    }

    /// The folder that a path stands in, without any link, and the name in it: the path itself is not followed.
    /// `None` where there is no such folder.
    #[must_use]
    pub fn place(&self, path: &Path) -> Option<PathBuf> {
        let folder = self.folder(path.parent()?, 0).ok()?;
        Some(folder.path.join(path.file_name()?))
    }

    /// The absolute path that the text of a link at `link` stands for. Its folder has no link in it.
    #[must_use]
    pub fn target(link: &Path, text: &Path) -> PathBuf {
        link.parent().unwrap_or(Path::new("/")).join(text)
    }

    fn step(&self, path: &Path, links: usize) -> Place {
        if path.as_os_str() == NULL {
            return Place::Null;
        }
        let last = path.components().next_back();
        if !matches!(last, Some(Component::Normal(_) | Component::ParentDir)) {
            return self.look(PathBuf::from("/"), None, links);
        }
        let folder = match self.folder(path.parent().unwrap_or(Path::new("/")), links) {
            Ok(folder) => folder,
            Err(place) => return *place,
        };
        let next = match last {
            Some(Component::Normal(name)) => folder.path.join(name),
            _ => folder.path.parent().unwrap_or(Path::new("/")).to_owned(),
        };
        self.look(next, folder.youngest_link, links)
    }

    /// `path` has no link before its last name.
    fn look(&self, path: PathBuf, youngest_link: Option<Moment>, links: usize) -> Place {
        if path.as_os_str() == NULL {
            return Place::Null;
        }
        let is_unchanging = self.unchanging.as_ref().is_some_and(|folder| is_below(&path, folder));
        let real = self.root.at(&path);
        // Where nothing changes the time of a link does not count, and most are links.
        if is_unchanging && let Ok(text) = fs::read_link(&real) {
            return if links >= MOST_LINKS {
                Place::Loop(path)
            } else {
                self.beyond(&Self::target(&path, &text), links, youngest_link)
            };
        }
        let about = match fs::symlink_metadata(&real) {
            Ok(about) => about,
            Err(error) => {
                drop(real);
                return lost(path, &error);
            }
        };
        if !about.is_symlink() {
            drop(real);
            return Place::Found(Found { path, about, youngest_link, is_unchanging });
        }
        if links >= MOST_LINKS {
            drop(real);
            return Place::Loop(path);
        }
        let text = match fs::read_link(&real) {
            Ok(text) => text,
            Err(error) => {
                drop(real);
                return lost(path, &error);
            }
        };
        self.beyond(&Self::target(&path, &text), links, youngest_link.max(Some(changed(&about))))
    }

    /// Behind a link, with the youngest one on the way to it and of it.
    fn beyond(&self, target: &Path, links: usize, youngest_link: Option<Moment>) -> Place {
        match self.step(target, links + 1) {
            Place::Found(found) => {
                let youngest_link = found.youngest_link.max(youngest_link);
                Place::Found(Found { youngest_link, ..found })
            }
            other => other,
        }
    }

    fn folder(&self, path: &Path, links: usize) -> Result<Rc<Folder>, Box<Place>> {
        if let Some(folder) = self.folders.borrow().get(path.as_os_str()) {
            return Ok(Rc::clone(folder));
        }
        let folder = match self.step(path, links) {
            Place::Found(found) if found.about.is_dir() => {
                Rc::new(Folder { path: found.path, youngest_link: found.youngest_link })
            }
            Place::Found(found) => return Err(Box::new(Place::Missing(found.path))),
            Place::Null => return Err(Box::new(Place::Missing(PathBuf::from(NULL)))),
            other => return Err(Box::new(other)),
        };
        self.folders.borrow_mut().insert(path.as_os_str().to_owned(), Rc::clone(&folder));
        Ok(folder)
    }
}

impl Found {
    /// When it, or a link on the way to it, last changed.
    #[must_use]
    pub fn changed(&self) -> Moment {
        let own =
            if self.is_unchanging { Moment::MIN } else { changed(&self.about).max(modified(&self.about)) };
        own.max(self.youngest_link.unwrap_or(Moment::MIN))
    }

    /// Whether it is a device that gives and takes nothing, or an empty file: both are a mask to systemd.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let kind = self.about.file_type();
        kind.is_char_device() || (kind.is_file() && self.about.len() == 0)
    }
}

/// [`Path::starts_with`] for two plain absolute paths, by their bytes.
fn is_below(path: &Path, folder: &Path) -> bool {
    let rest = path.as_os_str().as_encoded_bytes().strip_prefix(folder.as_os_str().as_encoded_bytes());
    rest.is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'/'))
}

fn lost(path: PathBuf, error: &std::io::Error) -> Place {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Place::Missing(path),
        _ if error.raw_os_error() == Some(libc::ELOOP) => Place::Loop(path),
        _ => {
            let reason = error.to_string();
            Place::Unreadable(path, reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Result, bail};
    use std::os::unix::fs::symlink;

    fn tree() -> Result<(tempfile::TempDir, Root)> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("store/a/etc"))?;
        fs::write(tree.path().join("store/a/etc/x"), "x")?;
        fs::create_dir(tree.path().join("etc"))?;
        let root = Root::new(tree.path());
        Ok((tree, root))
    }

    fn found(resolver: &Resolver<'_>, path: &str) -> Result<PathBuf> {
        match resolver.follow(Path::new(path)) {
            Place::Found(found) => Ok(found.path),
            other => bail!("{path}: {other:?}"),
        }
    }

    #[test]
    fn an_absolute_link_stays_below_the_root() -> Result<()> {
        let (tree, root) = tree()?;
        symlink("/store/a/etc", tree.path().join("etc/static"))?;
        symlink("static/x", tree.path().join("etc/x"))?;
        symlink("../../../../store/../store/a/etc/x", tree.path().join("etc/up"))?;
        let resolver = Resolver::new(&root);
        for path in ["/etc/x", "/etc/static/x", "/etc/up", "/etc/../etc/./x"] {
            assert_eq!(found(&resolver, path)?, Path::new("/store/a/etc/x"), "{path}");
        }
        assert_eq!(found(&resolver, "/")?, Path::new("/"));
        assert_eq!(resolver.place(Path::new("/etc/static/new")), Some(PathBuf::from("/store/a/etc/new")));
        Ok(())
    }

    #[test]
    fn a_path_that_leads_nowhere_says_where_it_ends() -> Result<()> {
        let (tree, root) = tree()?;
        symlink("/store/gone/x", tree.path().join("etc/x"))?;
        symlink("/etc/b", tree.path().join("etc/a"))?;
        symlink("a", tree.path().join("etc/b"))?;
        symlink("/dev/null", tree.path().join("etc/masked"))?;
        symlink("masked", tree.path().join("etc/also"))?;
        let resolver = Resolver::new(&root);
        let end = |path: &str| resolver.follow(Path::new(path));
        assert!(matches!(end("/etc/x"), Place::Missing(at) if at == Path::new("/store/gone")));
        assert!(matches!(end("/store/a/etc/x/y"), Place::Missing(_)));
        assert!(matches!(end("/etc/a"), Place::Loop(_)));
        assert!(matches!(end("/etc/a/b/c"), Place::Loop(_)));
        assert!(matches!(end("/etc/also"), Place::Null));
        assert_eq!(resolver.place(Path::new("/nothing/x")), None);
        Ok(())
    }

    #[test]
    fn the_youngest_link_on_the_way_is_known() -> Result<()> {
        let (tree, root) = tree()?;
        symlink("/store/a", tree.path().join("etc/link"))?;
        let link = changed(&fs::symlink_metadata(tree.path().join("etc/link"))?);
        let resolver = Resolver::new(&root);
        let Place::Found(found) = resolver.follow(Path::new("/etc/link/etc/x")) else { bail!("not found") };
        assert_eq!(found.youngest_link, Some(link));
        let resolver = Resolver::new(&root).unchanging(Path::new("/store"));
        let Place::Found(found) = resolver.follow(Path::new("/etc/link/etc/x")) else { bail!("not found") };
        assert_eq!(found.changed(), link);
        Ok(())
    }
}
