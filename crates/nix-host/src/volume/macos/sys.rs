//! statfs(2), whose names have no safe wrapper in the crates that we use.

#![expect(unsafe_code, reason = "a system call")]

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;

use super::{FileSystem, bytes};

/// Where the file system of a path is mounted, and from what.
pub(super) fn statfs(path: &CStr) -> io::Result<FileSystem> {
    let mut found = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the path is a C string, and the kernel writes at most the structure that the pointer leads to.
    if unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    let found = unsafe { found.assume_init() };
    // SAFETY: the kernel ends both names with a zero, within their arrays.
    let (point, source) =
        unsafe { (CStr::from_ptr(found.f_mntonname.as_ptr()), CStr::from_ptr(found.f_mntfromname.as_ptr())) };
    Ok(FileSystem { point: bytes(point), source: bytes(source), flags: found.f_flags })
}
