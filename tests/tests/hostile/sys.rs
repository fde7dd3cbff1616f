//! renameat2(2), which the nix crate has for glibc only.

#![expect(unsafe_code, reason = "a system call")]

use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd as _;

use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::libc;

/// Exchanges two names in a folder at once.
pub(crate) fn exchange(folder: &File, one: &str, two: &str) -> Result<()> {
    let (one, two) = (CString::new(one)?, CString::new(two)?);
    let fd = folder.as_raw_fd();
    // SAFETY: the descriptor is open while the file is borrowed, and both names are C strings that outlive the call.
    let result = unsafe {
        libc::syscall(libc::SYS_renameat2, fd, one.as_ptr(), fd, two.as_ptr(), libc::RENAME_EXCHANGE)
    };
    Errno::result(result).map(drop).context("exchanging two names")
}
