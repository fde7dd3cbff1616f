//! The links from the runtime directory to WSLg's sockets (WSL `src/linux/init/init.cpp`, `wslg-session.service`).

use std::os::fd::{AsFd, BorrowedFd};

use anyhow::{Context, Result};
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, setfsgid, setfsuid, symlinkat, unlinkat};
use user_session::Account;
use user_session::directory::Directory;

use crate::facts::Link;

/// The only folder among them.
const FOLDER: &str = "pulse";

/// A link is made under this name and renamed, so that no client finds a gap.
const TEMPORARY: &str = ".fix-runtime-dir.link";

/// Makes one link as the user: with the user's own rights nothing can be reached that the user could not reach, however
/// the names in the user's directory change meanwhile.
pub(crate) fn make(place: &Directory, account: &Account, link: &Link) -> Result<()> {
    let _user = AsUser::of(account);
    let place = place.fd.as_fd();
    let Some((folder, name)) = link.name.split_once('/') else {
        return replace(place, link.name, &link.target);
    };
    debug_assert_eq!(folder, FOLDER);
    match mkdirat(place, FOLDER, Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(nix::Error::EEXIST) => {}
        Err(error) => return Err(error).context("making the folder pulse"),
    }
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let folder = openat(place, FOLDER, flags, Mode::empty()).context("opening the folder pulse")?;
    replace(folder.as_fd(), name, &link.target)
}

fn replace(folder: BorrowedFd<'_>, name: &str, target: &str) -> Result<()> {
    // One may be left of a run that was killed.
    match unlinkat(folder, TEMPORARY, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(nix::Error::ENOENT) => {}
        Err(error) => return Err(error).context("removing a link that an earlier run left"),
    }
    symlinkat(target, folder, TEMPORARY).with_context(|| format!("making the link {name}"))?;
    renameat(folder, TEMPORARY, folder, name).with_context(|| format!("putting the link {name} in its place"))
}

/// The file system rights of a user, until it is dropped (setfsuid(2); the kernel drops the file capabilities with it).
struct AsUser(Uid, Gid);

impl AsUser {
    fn of(account: &Account) -> Self {
        let gid = setfsgid(Gid::from_raw(account.gid));
        let uid = setfsuid(Uid::from_raw(account.uid));
        Self(uid, gid)
    }
}

impl Drop for AsUser {
    fn drop(&mut self) {
        setfsuid(self.0);
        setfsgid(self.1);
    }
}
