//! sysctlbyname(3), which has no safe wrapper in the crates that we use.

#![expect(unsafe_code, reason = "a system call")]

use std::ffi::CStr;
use std::io;
use std::mem::{MaybeUninit, size_of};

/// Room for a UUID and its zero.
const ROOM: usize = 64;

/// The seconds of a value that is a time.
pub(super) fn time(name: &CStr) -> io::Result<i64> {
    let mut value = MaybeUninit::<libc::timeval>::zeroed();
    let mut size = size_of::<libc::timeval>();
    // SAFETY: the name is a C string, the kernel writes at most `size` bytes to a structure that has as many, and nothing
    // is to be set.
    let result = unsafe {
        libc::sysctlbyname(name.as_ptr(), value.as_mut_ptr().cast(), &raw mut size, std::ptr::null_mut(), 0)
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed bytes are a valid value of this structure of integers, and the call filled it.
    Ok(unsafe { value.assume_init() }.tv_sec)
}

/// A value that is a text.
pub(super) fn text(name: &CStr) -> io::Result<String> {
    let mut value = [0_u8; ROOM];
    let mut size = ROOM;
    // SAFETY: the name is a C string, the kernel writes at most `size` bytes to an array that has as many, and nothing is
    // to be set.
    let result = unsafe {
        libc::sysctlbyname(name.as_ptr(), value.as_mut_ptr().cast(), &raw mut size, std::ptr::null_mut(), 0)
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let text = CStr::from_bytes_until_nul(&value).map_err(io::Error::other)?;
    Ok(text.to_string_lossy().into_owned())
}
