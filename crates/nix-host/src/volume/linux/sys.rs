//! statx(2), whose attributes have no safe wrapper in the crates that we use.

#![expect(unsafe_code, reason = "a system call")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// Whether a mount begins at an open folder; an error before Linux 5.8, which does not tell.
pub(super) fn is_mount_root(folder: BorrowedFd<'_>) -> io::Result<bool> {
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the descriptor is open while it is borrowed, AT_EMPTY_PATH allows the path, a C string, to be empty, and the
    // kernel writes at most the structure that the pointer leads to.
    let result = unsafe {
        libc::statx(
            folder.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            libc::STATX_TYPE,
            found.as_mut_ptr(),
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    let found = unsafe { found.assume_init() };
    let flag = u64::from(libc::STATX_ATTR_MOUNT_ROOT.unsigned_abs());
    if found.stx_attributes_mask & flag == 0 {
        return Err(io::Error::other("this kernel does not tell where a mount begins"));
    }
    Ok(found.stx_attributes & flag != 0)
}
