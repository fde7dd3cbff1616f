//! macOS: kqueue(2) tells of mounts (`EVFILT_FS`, as Apple's wait4path listens to them) and of changes in folders
//! (`EVFILT_VNODE`).

mod sys;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use oneshot::Root;

use crate::look::Sight;
use crate::rounds::Listen;

/// A name that appears in a folder, and a folder that goes, moves, changes its mode, or is unmounted.
const CHANGES: FilterFlag = FilterFlag::NOTE_WRITE
    .union(FilterFlag::NOTE_DELETE)
    .union(FilterFlag::NOTE_RENAME)
    .union(FilterFlag::NOTE_ATTRIB)
    .union(FilterFlag::NOTE_REVOKE);

/// Events that are taken at once; more come with the next call.
const TAKEN: usize = 16;

/// What is listened to.
#[derive(Debug)]
pub(crate) struct Watch {
    queue: Kqueue,
    watched: BTreeMap<PathBuf, Folder>,
    is_deaf: bool,
}

/// A folder that is listened to. While it is held open no other one gets its numbers.
#[derive(Debug)]
struct Folder {
    place: (u64, u64),
    #[expect(dead_code, reason = "held open: the queue forgets a folder that is closed")]
    file: File,
}

impl Watch {
    /// Listens to mounts from now on.
    pub(crate) fn new() -> Result<Self> {
        let queue = Kqueue::new().context("making a queue for events")?;
        let mounts = event(0, EventFilter::EVFILT_FS, FilterFlag::empty());
        queue.kevent(&[mounts], &mut [], None).context("listening to mounts")?;
        Ok(Self { queue, watched: BTreeMap::new(), is_deaf: true })
    }

    /// `None` where it cannot be listened to: no descriptor is left, it may not be read, it is gone.
    fn folder(&self, path: &Path) -> Option<Folder> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_EVTONLY | libc::O_DIRECTORY | libc::O_CLOEXEC);
        let file = options.open(path).ok()?;
        let about = file.metadata().ok()?;
        let number = usize::try_from(file.as_raw_fd()).ok()?;
        self.queue.kevent(&[event(number, EventFilter::EVFILT_VNODE, CHANGES)], &mut [], None).ok()?;
        Some(Folder { place: (about.dev(), about.ino()), file })
    }
}

impl Listen for Watch {
    fn arm(&mut self, sight: &Sight) -> Result<bool> {
        let mut known = std::mem::take(&mut self.watched);
        let before = places(&known);
        let mut watched = BTreeMap::new();
        for path in &sight.folders {
            let place = fs::symlink_metadata(path).ok().map(|about| (about.dev(), about.ino()));
            let folder = known.remove(path).filter(|folder| Some(folder.place) == place);
            if let Some(folder) = folder.or_else(|| self.folder(path)) {
                watched.insert(path.clone(), folder);
            }
        }
        self.watched = watched;
        self.is_deaf = self.watched.len() < sight.folders.len()
            || sight.next.iter().any(|folder| !sys::is_local(folder));
        Ok(before != places(&self.watched))
    }

    fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    fn pause(&mut self, span: Duration) -> Result<()> {
        let span = libc::timespec {
            tv_sec: libc::time_t::try_from(span.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::from(span.subsec_nanos()),
        };
        let mut taken = [event(0, EventFilter::EVFILT_FS, FilterFlag::empty()); TAKEN];
        match self.queue.kevent(&[], &mut taken, Some(span)) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error).context("waiting for an event"),
        }
    }
}

/// Whether the file system of a path without links is mounted on the path itself or on a folder above it, `/` apart.
/// `/Users` lies on a volume that is mounted elsewhere and is only shown there (a firmlink): that is none of its own.
pub(crate) fn is_on_own_mount(root: &Root, path: &Path) -> Result<bool> {
    let place = root.join(path);
    let point = match sys::mount_point(&place) {
        Ok(point) => point,
        // Gone since the look: the next one sees it.
        Err(nix::Error::ENOENT | nix::Error::ENOTDIR) => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("looking at {}", place.display())),
    };
    let mut own = path.ancestors().filter(|above| *above != Path::new("/"));
    Ok(own.any(|above| root.join(above) == point))
}

/// Which folders they are.
fn places(watched: &BTreeMap<PathBuf, Folder>) -> BTreeMap<PathBuf, (u64, u64)> {
    watched.iter().map(|(path, folder)| (path.clone(), folder.place)).collect()
}

fn event(number: usize, filter: EventFilter, changes: FilterFlag) -> KEvent {
    KEvent::new(number, filter, EvFlags::EV_ADD | EvFlags::EV_CLEAR, changes, 0, 0)
}
