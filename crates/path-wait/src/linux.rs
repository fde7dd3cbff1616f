//! Linux: the mount table tells of mounts (poll(2) on `/proc/self/mountinfo`, proc_pid_mountinfo(5)), inotify(7) of names.

mod mounted;
mod sys;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use nix::sys::statfs::{self, FsType, statfs};

use crate::look::Sight;
use crate::rounds::Listen;

pub(crate) use mounted::is_on_own_mount;

/// The mounts of this process's namespace.
const MOUNTS: &str = "/proc/self/mountinfo";

/// A name that appears, and a folder that goes or changes its mode. The folder that comes in the place of one that went
/// appears in the folder above, which is watched as well: the end of a folder is not told while somebody holds it open.
const CHANGES: AddWatchFlags = AddWatchFlags::IN_CREATE
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_DELETE_SELF)
    .union(AddWatchFlags::IN_MOVE_SELF)
    .union(AddWatchFlags::IN_ONLYDIR);

/// File systems whose names appear without an event, because the kernel itself or another host makes them. statfs(2) has
/// the numbers; SMB's later ones and 9P's are in `include/uapi/linux/magic.h`, Ceph's in `fs/ceph/super.h`.
const SILENT: [FsType; 11] = [
    statfs::PROC_SUPER_MAGIC,
    statfs::SYSFS_MAGIC,
    statfs::NFS_SUPER_MAGIC,
    statfs::SMB_SUPER_MAGIC,
    FsType(0xff53_4d42),
    FsType(0xfe53_4d42),
    statfs::FUSE_SUPER_MAGIC,
    FsType(0x0102_1997),
    FsType(0x00c3_6400),
    statfs::AFS_SUPER_MAGIC,
    statfs::CODA_SUPER_MAGIC,
];

/// What is listened to.
#[derive(Debug)]
pub(crate) struct Watch {
    mounts: Option<File>,
    inotify: Option<Inotify>,
    watched: BTreeMap<PathBuf, WatchDescriptor>,
    is_deaf: bool,
}

impl Watch {
    /// Listens to mounts from now on.
    pub(crate) fn new() -> Result<Self> {
        let mounts = match File::open(MOUNTS) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("opening {MOUNTS}")),
        };
        Ok(Self { mounts, inotify: None, watched: BTreeMap::new(), is_deaf: true })
    }
}

impl Listen for Watch {
    fn arm(&mut self, sight: &Sight) -> Result<bool> {
        if self.inotify.is_none() {
            // A user has 128 of them by default. Where they are used up, one may be free at the next look.
            self.inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok();
        }
        let Some(inotify) = &self.inotify else { return Ok(false) };
        let before = std::mem::take(&mut self.watched);
        for folder in &sight.folders {
            // Every time anew, as another folder may stand there by now: the descriptor is the same exactly while the
            // folder is. One that cannot be watched (no more watches, no right to read it, gone) makes deaf.
            if let Ok(watch) = inotify.add_watch(folder, CHANGES) {
                self.watched.insert(folder.clone(), watch);
            }
        }
        for watch in before.values().filter(|old| !self.watched.values().any(|new| new == *old)) {
            // The kernel has taken it away already where the folder is gone.
            let _ = inotify.rm_watch(*watch);
        }
        self.is_deaf = self.mounts.is_none()
            || self.watched.len() < sight.folders.len()
            || sight.next.iter().any(|folder| is_silent(folder));
        Ok(before != self.watched)
    }

    fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    fn pause(&mut self, span: Duration) -> Result<()> {
        let mut waiting = Vec::with_capacity(2);
        waiting.extend(self.mounts.as_ref().map(|file| PollFd::new(file.as_fd(), PollFlags::POLLPRI)));
        waiting.extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify.as_fd(), PollFlags::POLLIN)));
        // Rounded up: a pause of less than a millisecond would turn in a circle.
        let span = PollTimeout::try_from(span + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut waiting, span) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error).context("waiting for an event"),
        }
        self.drain()
    }
}

impl Watch {
    /// Takes what inotify has told. What it was is of no interest: the look that follows sees it.
    fn drain(&self) -> Result<()> {
        let Some(inotify) = &self.inotify else { return Ok(()) };
        let mut events = [0; 4096];
        loop {
            match nix::unistd::read(inotify, &mut events) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(nix::Error::EAGAIN) => return Ok(()),
                Err(error) => return Err(error).context("reading the events of inotify"),
            }
        }
    }
}

/// One that cannot be asked is gone: the look that follows sees it.
fn is_silent(folder: &Path) -> bool {
    statfs(folder).is_ok_and(|about| SILENT.contains(&about.filesystem_type()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next name is to appear in the last one.
    fn sight(folders: &[&Path]) -> Sight {
        let all = folders.iter().map(|folder| folder.to_path_buf());
        let next = folders.last().map(|folder| folder.to_path_buf());
        Sight { folders: all.collect(), next: next.into_iter().collect(), ..Sight::default() }
    }

    #[test]
    fn it_hears_everything_of_folders_that_it_can_listen_to_and_knows_where_it_does_not() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let mut watch = Watch::new()?;
        assert!(watch.is_deaf(), "before it listens to any");
        let (above, below) = (tree.path(), tree.path().join("a"));
        std::fs::create_dir(&below)?;
        assert!(watch.arm(&sight(&[above, &below]))?);
        assert!(!watch.is_deaf());
        assert!(!watch.arm(&sight(&[above, &below]))?, "nothing is new");
        std::fs::remove_dir(&below)?;
        assert!(watch.arm(&sight(&[above, &below]))? && watch.is_deaf());
        std::fs::create_dir(&below)?;
        assert!(watch.arm(&sight(&[above, &below]))? && !watch.is_deaf());
        assert!(watch.arm(&sight(&[Path::new("/proc")]))? && watch.is_deaf());
        Ok(())
    }

    #[test]
    fn a_folder_that_another_one_has_replaced_is_another() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let (one, two) = (tree.path().join("one"), tree.path().join("two"));
        std::fs::create_dir(&one)?;
        std::fs::create_dir(&two)?;
        let mut watch = Watch::new()?;
        assert!(watch.arm(&sight(&[&one]))?);
        std::fs::rename(&one, tree.path().join("old"))?;
        std::fs::rename(&two, &one)?;
        assert!(watch.arm(&sight(&[&one]))?);
        assert!(!watch.arm(&sight(&[&one]))?);
        Ok(())
    }
}
