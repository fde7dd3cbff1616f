//! Where the files stand, and the way there.
//!
//! Root reads what a user wrote, and a user can make any folder of the own runtime directory a link at any moment. So the
//! way from there on is walked by descriptor and through no link.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use oneshot::Root;

/// Below the runtime directory, with the mode that each folder is made with: what a program says of its run may have
/// lines of logs in it, which are not for everybody.
const FOLDERS: [(&str, Mode); 2] = [("mendutils", SHARED), ("evidence", Mode::S_IRWXU)];

/// Everybody may look for the folder of the suite; locks stand in it, too.
const SHARED: Mode =
    Mode::S_IRWXU.union(Mode::S_IRGRP).union(Mode::S_IXGRP).union(Mode::S_IROTH).union(Mode::S_IXOTH);

const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// The runtime directory of the manager whose units are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// That of units of the system manager.
    #[must_use]
    pub fn system() -> Self {
        Self(PathBuf::from("/run"))
    }

    /// That of units of a user's manager, by the user's runtime directory.
    pub fn user(runtime_directory: impl Into<PathBuf>) -> Self {
        Self(runtime_directory.into())
    }

    /// The folder of one unit, opened. `None` where there is none that could be read, or something else in its place, and
    /// of a name that is no unit's: a unit name holds no slash (systemd.unit(5)).
    pub(crate) fn open(&self, root: &Root, unit: &str) -> Result<Option<OwnedFd>> {
        if !is_name(unit) {
            return Ok(None);
        }
        let base = root.join(&self.0);
        let mut folder = match File::open(&base) {
            Ok(base) => OwnedFd::from(base),
            Err(error) if is_nothing(&error) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("opening {}", base.display())),
        };
        for name in FOLDERS.map(|(name, _)| name).into_iter().chain([unit]) {
            folder = match openat(folder.as_fd(), name, OFlag::O_RDONLY | FOLDER, Mode::empty()) {
                Ok(inner) => inner,
                Err(error) if is_nothing(&error.into()) => return Ok(None),
                Err(error) => {
                    let at = base.display();
                    return Err(error).with_context(|| format!("opening {name} of the evidence in {at}"));
                }
            };
        }
        Ok(Some(folder))
    }

    /// The same, made where it is missing.
    pub(crate) fn make(&self, root: &Root, unit: &str) -> Result<OwnedFd> {
        anyhow::ensure!(is_name(unit), "{unit} is no unit's name");
        let base = root.join(&self.0);
        let mut folder =
            OwnedFd::from(File::open(&base).with_context(|| format!("opening {}", base.display()))?);
        for (name, mode) in FOLDERS.into_iter().chain([(unit, Mode::S_IRWXU)]) {
            match mkdirat(folder.as_fd(), name, mode) {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("making {name} in {}", base.display()));
                }
            }
            folder = openat(folder.as_fd(), name, OFlag::O_RDONLY | FOLDER, Mode::empty())
                .with_context(|| format!("opening {name} in {}", base.display()))?;
        }
        Ok(folder)
    }
}

fn is_name(unit: &str) -> bool {
    !unit.is_empty() && !unit.contains('/') && unit != "." && unit != ".."
}

/// Not there, no folder, a link, or not for this user to see.
pub(crate) fn is_nothing(error: &std::io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(code, Some(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EACCES | Errno::EPERM))
}
