//! statmount(2) and listmount(2), which no crate wraps.

#![expect(unsafe_code, reason = "system calls")]

use std::ffi::CStr;

use nix::errno::Errno;
use nix::libc;

/// The same on every architecture that we build for (`include/uapi/asm-generic/unistd.h`, Linux 6.8).
const SYS_STATMOUNT: libc::c_long = 457;
const SYS_LISTMOUNT: libc::c_long = 458;

/// Start at the root of the namespace.
const LSMT_ROOT: u64 = u64::MAX;

/// Room for the strings of a mount whose paths and options are short; more is an error.
const ROOM: usize = 512;

/// `struct mnt_id_req` in its first version.
#[repr(C)]
struct Request {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
}

/// How `struct statmount` begins (`include/uapi/linux/mount.h`, Linux 6.18).
#[repr(C)]
pub(super) struct Head {
    size: u32,
    pub(super) options: u32,
    /// What of the mask that was asked for is told.
    pub(super) mask: u64,
    device_major: u32,
    device_minor: u32,
}

/// All of it. Strings are told by their distance from the end of the fixed part.
#[repr(C)]
pub(super) struct Answer {
    pub(super) head: Head,
    magic: u64,
    pub(super) super_flags: u32,
    pub(super) fstype: u32,
    pub(super) id: u64,
    pub(super) parent: u64,
    pub(super) id_in_table: u32,
    pub(super) parent_in_table: u32,
    pub(super) attributes: u64,
    propagation: u64,
    pub(super) peer_group: u64,
    master: u64,
    propagate_from: u64,
    pub(super) root: u32,
    pub(super) point: u32,
    spare: [u64; 50],
    strings: [u8; ROOM],
}

impl Head {
    pub(super) fn device(&self) -> (u64, u64) {
        (u64::from(self.device_major), u64::from(self.device_minor))
    }
}

impl Answer {
    /// The string at a distance; `None` where it is not whole or no UTF-8.
    pub(super) fn string(&self, distance: u32) -> Option<&str> {
        let bytes = self.strings.get(usize::try_from(distance).ok()?..)?;
        CStr::from_bytes_until_nul(bytes).ok()?.to_str().ok()
    }
}

impl Request {
    fn new(mount: u64, parameter: u64) -> Self {
        // 24 bytes, `MNT_ID_REQ_SIZE_VER0`.
        Self { size: 24, spare: 0, mount, parameter }
    }
}

/// What the kernel tells of a mount of this namespace.
pub(super) fn ask(mount: u64, mask: u64) -> nix::Result<Answer> {
    // SAFETY: it is a structure of integers in the order of the kernel's.
    unsafe { statmount(mount, mask) }
}

/// The same without what comes later: where many mounts are asked about, the room for it counts.
pub(super) fn ask_head(mount: u64, mask: u64) -> nix::Result<Head> {
    // SAFETY: as above; the kernel cuts its structure to the room that there is.
    unsafe { statmount(mount, mask) }
}

/// # Safety
///
/// `T` is `struct statmount` or the beginning of it, so that all bytes are valid.
unsafe fn statmount<T>(mount: u64, mask: u64) -> nix::Result<T> {
    let request = Request::new(mount, mask);
    let mut answer = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: the kernel reads as many bytes of the request as its size says, and writes at most as many to the answer
    // as the third argument says.
    let result = unsafe {
        libc::syscall(
            SYS_STATMOUNT,
            &raw const request,
            answer.as_mut_ptr(),
            size_of::<T>(),
            libc::c_ulong::default(),
        )
    };
    Errno::result(result)?;
    // SAFETY: the caller promises that zeroes and whatever the kernel writes are valid.
    Ok(unsafe { answer.assume_init() })
}

/// The numbers of the mounts of this namespace that can be reached from this process's root, those after `after`, as
/// many as there is room for.
pub(super) fn list(after: u64, numbers: &mut [u64]) -> nix::Result<usize> {
    let request = Request::new(LSMT_ROOT, after);
    // SAFETY: as above; the kernel writes at most as many numbers as the slice has.
    let result = unsafe {
        libc::syscall(
            SYS_LISTMOUNT,
            &raw const request,
            numbers.as_mut_ptr(),
            numbers.len(),
            libc::c_ulong::default(),
        )
    };
    let count = Errno::result(result)?;
    usize::try_from(count).map_err(|_| Errno::EOVERFLOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn the_structures_are_laid_out_as_the_kernels() {
        assert_eq!(size_of::<Request>(), 24);
        assert_eq!(offset_of!(Head, mask), 8);
        assert_eq!(size_of::<Head>(), 24);
        assert_eq!(offset_of!(Answer, parent), 48);
        assert_eq!(offset_of!(Answer, attributes), 64);
        assert_eq!(offset_of!(Answer, point), 108);
        assert_eq!(offset_of!(Answer, strings), 512);
    }
}
