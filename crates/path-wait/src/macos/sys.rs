//! statfs(2): the crates that we use leave out where a file system is mounted.

#![expect(unsafe_code, reason = "a system call")]

use std::ffi::{CStr, OsStr};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::NixPath as _;
use nix::errno::Errno;

/// Where the file system of a path is mounted.
pub(super) fn mount_point(path: &Path) -> nix::Result<PathBuf> {
    let about = ask(path)?;
    // SAFETY: the kernel ends the name with a zero, and the zeroed structure had one at its end before.
    let name = unsafe { CStr::from_ptr(about.f_mntonname.as_ptr()) };
    Ok(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

/// Whether only this host writes to the file system of a path; one that cannot be asked is gone, and the look that follows
/// sees it.
pub(super) fn is_local(path: &Path) -> bool {
    ask(path).map_or(true, |about| about.f_flags & libc::MNT_LOCAL.cast_unsigned() != 0)
}

fn ask(path: &Path) -> nix::Result<libc::statfs> {
    let mut about = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the path is a C string, and the kernel writes at most the structure that the pointer leads to.
    let result = path.with_nix_path(|path| unsafe { libc::statfs(path.as_ptr(), about.as_mut_ptr()) })?;
    Errno::result(result)?;
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    Ok(unsafe { about.assume_init() })
}
