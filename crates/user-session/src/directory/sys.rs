//! statx(2), which tells the mount of a descriptor and has no safe wrapper in the crates that we use.

#![expect(unsafe_code, reason = "a system call")]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::libc;

use super::{Spot, Status};

/// Ask for the number of a mount that no later one gets; since Linux 6.8 (`include/uapi/linux/stat.h`).
const STATX_MNT_ID_UNIQUE: u32 = 0x4000;

/// What statx(2) says of an open descriptor, an `O_PATH` one included.
pub(super) fn statx(fd: BorrowedFd<'_>) -> nix::Result<Status> {
    let found = ask(fd.as_raw_fd(), c"", libc::AT_EMPTY_PATH, libc::STATX_BASIC_STATS | libc::STATX_MNT_ID)?;
    Ok(Status {
        uid: found.stx_uid,
        gid: found.stx_gid,
        mode: u32::from(found.stx_mode) & 0o7777,
        device: device(&found),
        mount: (found.stx_mask & libc::STATX_MNT_ID != 0).then_some(found.stx_mnt_id),
    })
}

/// Where an open descriptor is; `None` before Linux 6.8.
pub(super) fn spot_of(fd: BorrowedFd<'_>) -> nix::Result<Option<Spot>> {
    ask(fd.as_raw_fd(), c"", libc::AT_EMPTY_PATH, libc::STATX_INO | STATX_MNT_ID_UNIQUE).map(spot)
}

/// Where an absolute path leads; `None` before Linux 6.8.
pub(super) fn spot_at(path: &CStr) -> nix::Result<Option<Spot>> {
    ask(libc::AT_FDCWD, path, 0, libc::STATX_INO | STATX_MNT_ID_UNIQUE).map(spot)
}

fn spot(found: libc::statx) -> Option<Spot> {
    (found.stx_mask & STATX_MNT_ID_UNIQUE != 0).then(|| Spot {
        mount: found.stx_mnt_id,
        device: device(&found),
        inode: found.stx_ino,
    })
}

fn device(found: &libc::statx) -> (u64, u64) {
    (u64::from(found.stx_dev_major), u64::from(found.stx_dev_minor))
}

fn ask(fd: RawFd, path: &CStr, flags: i32, mask: u32) -> nix::Result<libc::statx> {
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: a descriptor is open while its owner is borrowed, the path is a C string, which AT_EMPTY_PATH allows to be
    // empty, and the kernel writes at most the structure that the pointer leads to.
    let result = unsafe { libc::statx(fd, path.as_ptr(), flags, mask, found.as_mut_ptr()) };
    Errno::result(result)?;
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    Ok(unsafe { found.assume_init() })
}
