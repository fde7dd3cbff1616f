//! statfs(2) tells where the file system of a folder is mounted.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use oneshot::Root;

use super::{Mounted, Source};

mod sys;

/// `MNT_REMOVABLE` of `sys/mount.h`: "file system is stored on removable media".
const REMOVABLE: u32 = 0x200;

/// Looks at a folder that has no link in its path.
pub(super) fn mounted(root: &Root, folder: &Path) -> Result<Mounted> {
    let path = root.join(folder);
    let context = || format!("looking at {}", path.display());
    let name = CString::new(path.as_os_str().as_bytes()).with_context(context)?;
    let found = sys::statfs(&name).with_context(context)?;
    if found.point != name.as_bytes() {
        return Ok(Mounted::Part);
    }
    let device = String::from_utf8_lossy(&found.source).into_owned();
    // It says so of media in a drive. Of a disk in a case of its own it says nothing.
    let is_removable = (found.flags & REMOVABLE != 0).then_some(true);
    Ok(Mounted::Own(Source { device: Some(device), is_removable }))
}

/// What statfs(2) says.
struct FileSystem {
    point: Vec<u8>,
    source: Vec<u8>,
    flags: u32,
}

/// The bytes of a C string.
fn bytes(text: &CStr) -> Vec<u8> {
    text.to_bytes().to_vec()
}
