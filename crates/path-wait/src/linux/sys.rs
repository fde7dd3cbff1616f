//! statx(2), which has no safe wrapper in the crates that we use.

#![expect(unsafe_code, reason = "a system call")]

use std::mem::MaybeUninit;
use std::path::Path;

use nix::NixPath as _;
use nix::errno::Errno;

/// `STATX_ATTR_MOUNT_ROOT` (`include/uapi/linux/stat.h`, Linux 5.8).
const MOUNT_ROOT: u64 = 0x2000;

/// Whether a path, which is not followed if it is a link, is where a mount begins; `None` where the kernel does not tell.
pub(super) fn is_mount_root(path: &Path) -> nix::Result<Option<bool>> {
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    let result = path.with_nix_path(|path| {
        let flags = libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT;
        // SAFETY: the path is a C string, and the kernel writes at most the structure that the pointer leads to.
        unsafe { libc::statx(libc::AT_FDCWD, path.as_ptr(), flags, 0, found.as_mut_ptr()) }
    })?;
    Errno::result(result)?;
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    let found = unsafe { found.assume_init() };
    let is_told = found.stx_attributes_mask & MOUNT_ROOT != 0;
    Ok(is_told.then_some(found.stx_attributes & MOUNT_ROOT != 0))
}
