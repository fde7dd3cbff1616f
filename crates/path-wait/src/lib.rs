//! Waiting until paths are there. The kernel tells when a look is worth its price (mounts and names that appear), so
//! nothing runs meanwhile; what it told proves nothing, the look afterwards does.
//!
//! No facts crate: it waits. It prints nothing and ends no process; a signal has the action that its caller left it.

mod look;
mod rounds;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use oneshot::text::printable;
use oneshot::{Deadline, Root};

/// What is to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// An absolute path, of anything. A link at its end counts by what it leads to.
    pub path: PathBuf,
    /// Whether it must also lie on a file system that is mounted on the path itself or on a folder above it, `/` apart: the
    /// bare folder that a volume is mounted on is there without the volume.
    pub mounted: bool,
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All paths were there, at one and the same time.
    There,
    /// The deadline passed, and these were not.
    Over(Vec<Missing>),
}

/// A path that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// As it was asked for.
    pub path: PathBuf,
    /// What is lacking.
    pub why: Why,
}

/// What is lacking of a path. The paths in here are below the root, without any link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The first name on the way that is not there.
    From(PathBuf),
    /// Something on the way is no folder.
    NoFolder(PathBuf),
    /// It is there, but not on a mount of its own; where it really is.
    NotMounted(PathBuf),
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is {}", printable(&self.path.to_string_lossy()), self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &PathBuf| printable(&path.to_string_lossy());
        match self {
            Self::From(at) => write!(out, "missing from {} on", name(at)),
            Self::NoFolder(at) => write!(out, "missing: {} is no folder", name(at)),
            Self::NotMounted(_) => out.write_str("there, but not on a mount of its own"),
        }
    }
}

/// Waits until everything that is wanted is there, or until the deadline (`None`: for ever). `tell` is called before the
/// wait really begins and whenever something else is missing than before.
///
/// Not there is what stat(2) calls so (ENOENT, ENOTDIR). Everything else that keeps a path from being looked at is an error
/// at once, as waiting would not help: 77 for a denied permission, 78 for links in a circle and names that are too long, 69
/// for a kernel that does not tell mount points, 1 for the rest.
pub fn wait(
    root: &Root,
    wanted: &[Wanted],
    deadline: Option<Deadline>,
    tell: &mut dyn FnMut(&[Missing]),
) -> Result<Outcome> {
    // Before the first look: what happens from here on is told.
    let mut watch = platform::Watch::new()?;
    let left = || deadline.map(|deadline| deadline.remaining());
    rounds::run(&mut watch, &left, &|| look::all(root, wanted), tell)
}
