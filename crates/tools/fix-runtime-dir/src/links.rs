//! The links from the runtime directory to WSLg's sockets (WSL `src/linux/init/init.cpp`, `wslg-session.service`).

use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use oneshot::link::replace;
use oneshot::rights::AsUser;
use user_session::Account;
use user_session::directory::Directory;

use crate::facts::Link;

/// The only folder among them.
const FOLDER: &str = "pulse";

/// A link is made under this name and renamed, so that no client finds a gap.
const TEMPORARY: &str = ".fix-runtime-dir.link";

/// Makes one link as the user.
pub(crate) fn make(place: &Directory, account: &Account, link: &Link) -> Result<()> {
    let _user = AsUser::of(account.uid, account.gid);
    let place = place.fd.as_fd();
    let Some((folder, name)) = link.name.split_once('/') else {
        return replace(place, link.name, &link.target, TEMPORARY);
    };
    debug_assert_eq!(folder, FOLDER);
    match mkdirat(place, FOLDER, Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(nix::Error::EEXIST) => {}
        Err(error) => return Err(error).context("making the folder pulse"),
    }
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let folder = openat(place, FOLDER, flags, Mode::empty()).context("opening the folder pulse")?;
    replace(folder.as_fd(), name, &link.target, TEMPORARY)
}
