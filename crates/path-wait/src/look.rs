//! One look at every path: what is missing, and where to listen for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Result;
use oneshot::resolve::{Place, Resolver};
use oneshot::{Exit, Root, refuse};

use crate::{Missing, Wanted, Why, platform};

/// What a look at all paths saw.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// What is not there; empty when everything is.
    pub(crate) missing: Vec<Missing>,
    /// The folders in which a change may bring it, without links, as this process reaches them.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// Those of them in which the next name is to appear.
    pub(crate) next: BTreeSet<PathBuf>,
}

/// Looks at everything.
pub(crate) fn all(root: &Root, wanted: &[Wanted]) -> Result<Sight> {
    let mut sight = Sight::default();
    for wanted in wanted {
        one(root, wanted, &mut sight)?;
    }
    Ok(sight)
}

fn one(root: &Root, wanted: &Wanted, sight: &mut Sight) -> Result<()> {
    let path = &wanted.path;
    // Of the real root the kernel knows best: of what lies below /proc it follows links that have no text.
    let seen = if root.is_real() { stat(path)? } else { Seen::Unknown };
    if seen == Seen::There && !wanted.mounted {
        return Ok(());
    }
    let resolver = Resolver::new(root);
    let why = match resolver.follow(path) {
        Place::Found(found) if seen == Seen::Missing => {
            // It has come just now, or it is written as a folder ("x/") and is none.
            if found.about.is_dir() { Why::From(found.path) } else { Why::NoFolder(found.path) }
        }
        Place::Found(found) => {
            if !wanted.mounted || platform::is_on_own_mount(root, &found.path)? {
                return Ok(());
            }
            Why::NotMounted(found.path)
        }
        // The same in every tree.
        Place::Null if !wanted.mounted && seen != Seen::Missing => return Ok(()),
        Place::Null => Why::NotMounted(path.clone()),
        Place::Missing(at) if fs::symlink_metadata(root.join(&at)).is_ok_and(|about| !about.is_dir()) => {
            Why::NoFolder(at)
        }
        Place::Missing(at) => Why::From(at),
        Place::Loop(at) => return Err(lost(&at, Error::from_raw_os_error(libc::ELOOP))),
        Place::Unreadable(at, error) => return Err(lost(&at, error)),
    };
    let (Why::From(at) | Why::NoFolder(at) | Why::NotMounted(at)) = &why;
    sight.next.insert(root.join(at.parent().unwrap_or(at)));
    sight.folders.extend(resolver.passed().iter().map(|folder| root.join(folder)));
    sight.missing.push(Missing { path: path.clone(), why });
    Ok(())
}

/// What the kernel says of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    There,
    Missing,
    Unknown,
}

fn stat(path: &Path) -> Result<Seen> {
    match fs::metadata(path) {
        Ok(_) => Ok(Seen::There),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Seen::Missing)
        }
        Err(error) => {
            // Which folder it is that cannot be looked into.
            match Resolver::new(&Root::default()).follow(path) {
                Place::Unreadable(at, error) => Err(lost(&at, error)),
                _ => Err(lost(path, error)),
            }
        }
    }
}

/// Why a path cannot be looked at, with its exit code.
fn lost(path: &Path, error: Error) -> anyhow::Error {
    let text = format!("looking at {}", path.display());
    if matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENAMETOOLONG)) {
        return refuse(Exit::Config, format!("{text}: {error}"));
    }
    anyhow::Error::new(error).context(text)
}
