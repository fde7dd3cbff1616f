//! Where a path leads when every link in it is followed below the [`Root`], as the system would follow it there: an
//! absolute link in an image stays in the image.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::Root;

mod way;

use way::Way;

/// More links than this in one path are a loop (`MAXSYMLINKS` of the kernel).
const MOST_LINKS: usize = 40;

/// More names than this are not looked at for one path, those in the texts of its links included: each text may have
/// 4096 bytes, and whoever makes the links decides what a look costs.
const MOST_PARTS: usize = 1024;

/// Only folders with short names are remembered, for the same reason.
const LONGEST_REMEMBERED: usize = 256;

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
    Unreadable(PathBuf, io::Error),
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
    passed: Option<RefCell<BTreeSet<PathBuf>>>,
}

/// One name on the way.
enum Look {
    /// A link: its text, and when it was made where that counts.
    Link(PathBuf, Option<Moment>),
    /// Anything else.
    Other(Metadata),
}

/// Where a path leads that is a folder.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    youngest_link: Option<Moment>,
    /// How many links are on the way.
    links: usize,
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
        Self { root, unchanging: None, folders: RefCell::default(), passed: None }
    }

    /// The same, with a folder below which nothing changes: times there mean nothing and do not count.
    #[must_use]
    pub fn unchanging(self, folder: &Path) -> Self {
        Self { unchanging: Some(folder.to_owned()), ..self }
    }

    /// The same, which also keeps the folders that it comes through, for [`passed`](Self::passed).
    #[must_use]
    pub fn noting(self) -> Self {
        Self { passed: Some(RefCell::default()), ..self }
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &'a Root {
        self.root
    }

    /// Where an absolute path leads.
    #[must_use]
    pub fn follow(&self, path: &Path) -> Place {
        if path.as_os_str() == NULL {
            return Place::Null;
        }
        // The path, and above it the texts of the links that it came to, each to be followed before the one below.
        let mut ways = vec![self.way(path)];
        let mut parts = 0_usize;
        while let Some(way) = ways.last_mut() {
            if way.is_blocked() {
                return Place::Missing(way.at.clone());
            }
            let Some(next) = way.next() else {
                match self.end(&mut ways) {
                    Some(place) => return place,
                    None => continue,
                }
            };
            if next.as_os_str() == NULL {
                return null(&ways);
            }
            parts += 1;
            if parts > MOST_PARTS {
                return Place::Unreadable(
                    next,
                    io::Error::other(format!("more than {MOST_PARTS} parts lead there")),
                );
            }
            if let (Some(passed), Some(folder)) = (&self.passed, next.parent()) {
                passed.borrow_mut().insert(folder.to_owned());
            }
            let text = match self.look(&next) {
                Ok(Look::Link(text, made)) => {
                    way.pass(made);
                    text
                }
                Ok(Look::Other(about)) => {
                    way.enter(next, about);
                    self.remember(way);
                    continue;
                }
                Err(error) => return lost(next, error),
            };
            match Self::target(&next, &text) {
                target if target.as_os_str() == NULL => return null(&ways),
                target => ways.push(self.way(&target)),
            }
            if ways.iter().map(|way| way.links).sum::<usize>() > MOST_LINKS {
                return Place::Loop(next);
            }
        }
        // A way is only taken off where another is below it.
        Place::Missing(path.to_owned())
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
        let folder = self.folder(link.parent()?)?;
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
        let (folder, name) = (path.parent()?, path.file_name()?);
        Some(self.folder(folder)?.path.join(name))
    }

    /// The folders that it came through, without any link, and those of the links that it followed: where nothing is made,
    /// removed or exchanged in any of them, its paths lead where they led. Nothing without [`noting`](Self::noting).
    #[must_use]
    pub fn passed(&self) -> BTreeSet<PathBuf> {
        self.passed.as_ref().map(|passed| passed.borrow().clone()).unwrap_or_default()
    }

    /// The absolute path that the text of a link at `link` stands for. Its folder has no link in it.
    #[must_use]
    pub fn target(link: &Path, text: &Path) -> PathBuf {
        link.parent().unwrap_or(Path::new("/")).join(text)
    }

    /// What a path is that has no link before its last name.
    fn look(&self, path: &Path) -> io::Result<Look> {
        let (real, is_unchanging) = (self.root.at(path), self.is_unchanging(path));
        // Where nothing changes the time of a link does not count, and most are links.
        if is_unchanging && let Ok(text) = fs::read_link(&real) {
            return Ok(Look::Link(text, None));
        }
        let about = fs::symlink_metadata(&real)?;
        if !about.is_symlink() {
            return Ok(Look::Other(about));
        }
        Ok(Look::Link(fs::read_link(&real)?, (!is_unchanging).then(|| changed(&about))))
    }

    /// The way of a path, from the last folder on it that is known.
    fn way(&self, path: &Path) -> Way {
        let above = path.ancestors().skip(1);
        let known = above.filter_map(|above| Some((above, self.known(above)?))).next();
        match known {
            Some((above, folder)) => Way::from(above, &folder, path),
            None => Way::new(path),
        }
    }

    /// The uppermost way has come to its end: the end of all, or that of a link of the way below.
    fn end(&self, ways: &mut Vec<Way>) -> Option<Place> {
        let mut way = ways.pop()?;
        let about = match way.about.take() {
            Some(about) => about,
            // It has not gone a step.
            None => match fs::symlink_metadata(self.root.join(&way.at)) {
                Ok(about) => about,
                Err(error) => return Some(lost(way.at, error)),
            },
        };
        let Some(below) = ways.last_mut() else {
            let is_unchanging = self.is_unchanging(&way.at);
            return Some(Place::Found(Found {
                path: way.at,
                about,
                youngest_link: way.youngest_link,
                is_unchanging,
            }));
        };
        below.arrive(way, about);
        self.remember(below);
        None
    }

    fn is_unchanging(&self, path: &Path) -> bool {
        self.unchanging.as_ref().is_some_and(|folder| is_below(path, folder))
    }

    /// Where a path leads, if that is a folder.
    fn folder(&self, path: &Path) -> Option<Rc<Folder>> {
        if let Some(known) = self.known(path) {
            return Some(known);
        }
        match self.follow(path) {
            Place::Found(found) if found.about.is_dir() => {
                let Found { path, youngest_link, .. } = found;
                Some(Rc::new(Folder { path, youngest_link, links: 0 }))
            }
            _ => None,
        }
    }

    fn known(&self, path: &Path) -> Option<Rc<Folder>> {
        if path.as_os_str().len() > LONGEST_REMEMBERED {
            return None;
        }
        self.folders.borrow().get(path.as_os_str()).map(Rc::clone)
    }

    fn remember(&self, way: &Way) {
        if way.text.as_os_str().len() <= LONGEST_REMEMBERED
            && let Some(folder) = way.folder()
        {
            self.folders.borrow_mut().insert(way.text.clone().into_os_string(), Rc::new(folder));
        }
    }
}

/// The null device was come to, or named: in an image there is none to come to.
fn null(ways: &[Way]) -> Place {
    if ways.iter().all(Way::is_over) { Place::Null } else { Place::Missing(PathBuf::from(NULL)) }
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

fn lost(path: PathBuf, error: io::Error) -> Place {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Place::Missing(path),
        _ if error.raw_os_error() == Some(libc::ELOOP) => Place::Loop(path),
        _ => Place::Unreadable(path, error),
    }
}

#[cfg(test)]
mod tests;
