//! Whether a process may mount: a container often may not, and systemd then leaves a plain directory.

use anyhow::Result;
use oneshot::Root;

/// capabilities(7): `CAP_SYS_ADMIN` is number 21.
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// Whose capabilities, and which set of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// What this process may do now (`CapEff`).
    OwnNow,
    /// What PID 1 and all that it starts may ever do (`CapBnd`).
    OfPid1,
}

/// Whether it has `CAP_SYS_ADMIN` (proc_pid_status(5)); `None` where the kernel does not say.
pub fn may_mount(root: &Root, whose: Whose) -> Result<Option<bool>> {
    let (path, set) = match whose {
        Whose::OwnNow => ("/proc/self/status", "CapEff:"),
        Whose::OfPid1 => ("/proc/1/status", "CapBnd:"),
    };
    let status = root.read(path)?.unwrap_or_default();
    let digits = status.lines().find_map(|line| line.strip_prefix(set));
    let capabilities = digits.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    Ok(capabilities.map(|capabilities| capabilities & CAP_SYS_ADMIN != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_process_is_asked_for_its_own_set() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        assert_eq!(may_mount(&root, Whose::OwnNow)?, None);
        for (process, text) in [
            ("self", "CapEff:\t0000000000200000\nCapBnd:\t0\n"),
            ("1", "CapEff:\tff\nCapBnd:\t00000000000000ff\n"),
        ] {
            fs::create_dir_all(tree.path().join("proc").join(process))?;
            fs::write(tree.path().join("proc").join(process).join("status"), text)?;
        }
        assert_eq!(may_mount(&root, Whose::OwnNow)?, Some(true));
        assert_eq!(may_mount(&root, Whose::OfPid1)?, Some(false));
        Ok(())
    }
}
