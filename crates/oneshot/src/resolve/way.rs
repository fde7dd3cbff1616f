//! One path, and how far it was followed.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};

use super::{Folder, Moment};

/// A path on its way.
#[derive(Debug)]
pub(super) struct Way {
    /// What was reached, without any link.
    pub(super) at: PathBuf,
    /// What the kernel says of that; `None` before the first step, which begins in a folder.
    pub(super) about: Option<Metadata>,
    /// When the youngest link so far was made.
    pub(super) youngest_link: Option<Moment>,
    /// How many there were, those in the texts of others included.
    pub(super) links: usize,
    /// The part of the path that leads there.
    pub(super) text: PathBuf,
    /// The rest of it, the next name last.
    rest: Vec<OsString>,
}

impl Way {
    /// From the root.
    pub(super) fn new(path: &Path) -> Self {
        Self::of(Path::new("/"), path)
    }

    /// From a folder on it that is known.
    pub(super) fn from(above: &Path, folder: &Folder, path: &Path) -> Self {
        let way = Self::of(above, path.strip_prefix(above).unwrap_or(path));
        Self { at: folder.path.clone(), youngest_link: folder.youngest_link, links: folder.links, ..way }
    }

    fn of(above: &Path, below: &Path) -> Self {
        let parts = below.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        let mut rest: Vec<OsString> = parts.collect();
        rest.reverse();
        let (at, text) = (PathBuf::from("/"), above.to_owned());
        Self { at, about: None, youngest_link: None, links: 0, text, rest }
    }

    /// Whether nothing of it is left.
    pub(super) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether there is more of it, but what was reached is no folder.
    pub(super) fn is_blocked(&self) -> bool {
        !self.is_over() && self.about.as_ref().is_some_and(|about| !about.is_dir())
    }

    /// The next name as a path without any link; `None` at the end.
    pub(super) fn next(&mut self) -> Option<PathBuf> {
        let name = self.rest.pop()?;
        self.text.push(&name);
        Some(if name == OsStr::new("..") {
            self.at.parent().unwrap_or(Path::new("/")).to_owned()
        } else {
            self.at.join(&name)
        })
    }

    /// Goes to what is no link.
    pub(super) fn enter(&mut self, at: PathBuf, about: Metadata) {
        (self.at, self.about) = (at, Some(about));
    }

    /// Comes to a link, which was made then.
    pub(super) fn pass(&mut self, made: Option<Moment>) {
        self.links += 1;
        self.youngest_link = self.youngest_link.max(made);
    }

    /// Goes to where that link led.
    pub(super) fn arrive(&mut self, link: Way, about: Metadata) {
        self.links += link.links;
        self.youngest_link = self.youngest_link.max(link.youngest_link);
        self.enter(link.at, about);
    }

    /// What was reached, where it is a folder.
    pub(super) fn folder(&self) -> Option<Folder> {
        let is_folder = self.about.as_ref().is_some_and(Metadata::is_dir);
        is_folder.then(|| Folder {
            path: self.at.clone(),
            youngest_link: self.youngest_link,
            links: self.links,
        })
    }
}
