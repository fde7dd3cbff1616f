//! Whether this process sees the mounts that the service manager sees.
//!
//! WSL has two mount namespaces, of the elevated and of the other shells (WSL `src/linux/init/config.cpp`,
//! `g_ElevatedMountNamespace`); a repair in the wrong one mends nothing.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result};
use oneshot::{Exit, Root, refuse};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::shares_root;

/// How this process's mount namespace compares with that of PID 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountNamespace {
    /// The same.
    OfPid1,
    /// Another one.
    Other,
    /// Only root may look.
    Unknown,
}

/// Compares the two links.
pub fn of_this_process(root: &Root) -> Result<MountNamespace> {
    let [own, first] = ["/proc/self/ns/mnt", "/proc/1/ns/mnt"].map(|path| root.join(path));
    let own = match fs::read_link(&own) {
        Ok(own) => own,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(refuse(Exit::Unavailable, "/proc is not mounted here; nothing is judged without it"));
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", own.display())),
    };
    match fs::read_link(&first) {
        Ok(of_first) if of_first == own => Ok(MountNamespace::OfPid1),
        Ok(_) => Ok(MountNamespace::Other),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(MountNamespace::Unknown),
        Err(error) => Err(error).with_context(|| format!("reading {}", first.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_links_are_compared() -> Result<()> {
        let tree = tempfile::tempdir()?;
        for process in ["self", "1"] {
            fs::create_dir_all(tree.path().join("proc").join(process).join("ns"))?;
        }
        let root = Root::new(tree.path());
        symlink("mnt:[1]", tree.path().join("proc/self/ns/mnt"))?;
        assert!(of_this_process(&root).is_err());
        symlink("mnt:[1]", tree.path().join("proc/1/ns/mnt"))?;
        assert_eq!(of_this_process(&root)?, MountNamespace::OfPid1);
        fs::remove_file(tree.path().join("proc/1/ns/mnt"))?;
        symlink("mnt:[2]", tree.path().join("proc/1/ns/mnt"))?;
        assert_eq!(of_this_process(&root)?, MountNamespace::Other);
        Ok(())
    }
}
