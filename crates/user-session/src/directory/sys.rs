//! statx(2), which tells the mount of a descriptor and has no safe wrapper in the crates that we use.

#![expect(unsafe_code, reason = "a system call")]

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;

use super::Status;

/// What statx(2) says of an open descriptor, an `O_PATH` one included.
pub(super) fn statx(fd: BorrowedFd<'_>) -> nix::Result<Status> {
    let mask = libc::STATX_BASIC_STATS | libc::STATX_MNT_ID;
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the descriptor is open while it is borrowed, the path is an empty C string, which AT_EMPTY_PATH allows,
    // and the kernel writes at most the structure that the pointer leads to.
    let result =
        unsafe { libc::statx(fd.as_raw_fd(), c"".as_ptr(), libc::AT_EMPTY_PATH, mask, found.as_mut_ptr()) };
    Errno::result(result)?;
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    let found = unsafe { found.assume_init() };
    Ok(Status {
        uid: found.stx_uid,
        gid: found.stx_gid,
        mode: u32::from(found.stx_mode) & 0o7777,
        device: (u64::from(found.stx_dev_major), u64::from(found.stx_dev_minor)),
        mount: (found.stx_mask & libc::STATX_MNT_ID != 0).then_some(found.stx_mnt_id),
    })
}
