//! statx(2) tells whether a folder is where a mount begins.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use oneshot::Root;

use super::{Mounted, Source};

mod sys;

/// Looks at a folder that has no link in its path.
pub(super) fn mounted(root: &Root, folder: &Path) -> Result<Mounted> {
    let path = root.join(folder);
    let context = || format!("looking at {}", path.display());
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let opened = File::options().read(true).custom_flags(flags).open(&path).with_context(context)?;
    if !sys::is_mount_root(opened.as_fd()).with_context(context)? {
        return Ok(Mounted::Part);
    }
    let device = opened.metadata().with_context(context)?.dev();
    let (major, minor) = (libc::major(device), libc::minor(device));
    // File systems without a block device have numbers with the major 0, which name nothing (proc_pid_mountinfo(5)).
    if major == 0 {
        return Ok(Mounted::Own(Source::default()));
    }
    let number = format!("{major}:{minor}");
    let is_removable = removable(&root.join(format!("/sys/dev/block/{number}")));
    Ok(Mounted::Own(Source { device: Some(number), is_removable }))
}

/// `removable` of a disk, or of the one that a partition is on, and whether it hangs on USB: a disk in a case of its own
/// counts as fixed (kernel `Documentation/ABI/stable/sysfs-block`).
fn removable(device: &Path) -> Option<bool> {
    let device = device.canonicalize().ok()?;
    let said = [device.as_path(), device.parent()?]
        .into_iter()
        .find_map(|folder| std::fs::read_to_string(folder.join("removable")).ok())?;
    let is_usb = device.iter().any(|part| part.as_encoded_bytes().starts_with(b"usb"));
    Some(said.trim() == "1" || is_usb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn proc_is_a_mount_and_a_folder_in_it_is_none() -> Result<()> {
        let root = Root::default();
        assert_eq!(mounted(&root, Path::new("/proc"))?, Mounted::Own(Source::default()));
        assert_eq!(mounted(&root, Path::new("/proc/sys"))?, Mounted::Part);
        Ok(())
    }

    #[test]
    fn a_partition_is_as_removable_as_its_disk() -> Result<()> {
        let tree = tempfile::tempdir()?;
        for (disk, flag, expected) in [
            ("pci0/ata1/block/sda", "0\n", Some(false)),
            ("pci0/mmc/block/mmcblk0", "1\n", Some(true)),
            ("pci0/usb2/block/sdb", "0\n", Some(true)),
        ] {
            let disk = tree.path().join(disk);
            fs::create_dir_all(disk.join("part1"))?;
            fs::write(disk.join("removable"), flag)?;
            for folder in [disk.clone(), disk.join("part1")] {
                let link = tree.path().join("link");
                symlink(&folder, &link)?;
                assert_eq!(removable(&link), expected, "{}", folder.display());
                fs::remove_file(link)?;
            }
        }
        assert_eq!(removable(&tree.path().join("none")), None);
        Ok(())
    }
}
