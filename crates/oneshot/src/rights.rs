//! Doing a user's work with that user's rights.

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

/// The file system rights of a user, until it is dropped (setfsuid(2); the kernel drops the file capabilities with it):
/// with the user's own rights nothing can be reached that the user could not reach, however the names in the user's
/// directories change meanwhile. Without root it changes nothing.
#[derive(Debug)]
#[must_use = "the rights are given back when it is dropped"]
pub struct AsUser(Uid, Gid);

impl AsUser {
    /// Takes the rights of a user.
    pub fn of(uid: u32, gid: u32) -> Self {
        let gid = setfsgid(Gid::from_raw(gid));
        let uid = setfsuid(Uid::from_raw(uid));
        Self(uid, gid)
    }
}

impl Drop for AsUser {
    fn drop(&mut self) {
        setfsuid(self.0);
        setfsgid(self.1);
    }
}
