//! Whether this is WSL, which version, and where it keeps its mounts; without running a Windows program.

use anyhow::Result;
use oneshot::Root;

/// WSL's init gives systemd `container=wsl`, `container_host_id=windows` and `container_host_version_id=VERSION`
/// (WSL `src/linux/init/init.cpp`); systemd keeps the first in this file.
const CONTAINER: &str = "/run/systemd/container";
const ENVIRONMENT: &str = "/proc/1/environ";
const KERNEL: &str = "/proc/sys/kernel/osrelease";
const CONFIGURATION: &str = "/etc/wsl.conf";

/// What is known of the WSL host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wsl {
    /// Where the version can be read (as root), such as 2.6.3.
    pub version: Option<Version>,
    /// `automount.root` of wsl.conf, without a trailing slash; `/mnt` by default.
    pub automount_root: String,
    /// WSL 1 has no Linux kernel and no systemd.
    pub is_wsl1: bool,
}

impl Wsl {
    /// The folder that the user's and the system distribution share.
    #[must_use]
    pub fn shared_folder(&self) -> String {
        format!("{}/wslg", self.automount_root)
    }

    /// Where WSLg puts its sockets; missing when `guiApplications=false`.
    #[must_use]
    pub fn runtime_directory(&self) -> String {
        format!("{}/wslg/runtime-dir", self.automount_root)
    }
}

/// The first three numbers of a WSL version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl std::fmt::Display for Version {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// `None` where this is no WSL.
pub fn detect(root: &Root) -> Result<Option<Wsl>> {
    let container = root.read(CONTAINER)?.unwrap_or_default();
    // Only WSL 2 runs systemd, so the kernel needs no look where systemd has written that.
    let kernel = if container.trim() == "wsl" { None } else { Some(root.read(KERNEL)?.unwrap_or_default()) };
    if kernel.as_ref().is_some_and(|kernel| !kernel.to_ascii_lowercase().contains("microsoft")) {
        return Ok(None);
    }
    // "4.4.0-19041-Microsoft" against "6.6.87.2-microsoft-standard-WSL2".
    let is_wsl1 = kernel.is_some_and(|kernel| kernel.trim_end().ends_with("-Microsoft"));
    let configuration = root.read(CONFIGURATION)?.unwrap_or_default();
    Ok(Some(Wsl { version: version(root), automount_root: automount_root(&configuration), is_wsl1 }))
}

/// The version from the environment of PID 1; `None` for anyone but root, and where WSL is too old to say.
fn version(root: &Root) -> Option<Version> {
    // Only root may read it, and it only informs: any failure means "not known".
    let environment = root.read(ENVIRONMENT).ok()??;
    let value = environment.split('\0').find_map(|pair| pair.strip_prefix("container_host_version_id="))?;
    let mut numbers = value.split('.').map(|number| number.parse().ok());
    Some(Version(numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)))
}

/// wsl.conf is an ini file; the key counts only in its section (WSL `src/linux/init/WslDistributionConfig.cpp`).
fn automount_root(configuration: &str) -> String {
    let mut section = String::new();
    let mut found = None;
    for line in configuration.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_ascii_lowercase();
        } else if section == "automount"
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("root")
        {
            found = Some(value.trim().trim_matches('"').trim_end_matches('/').to_owned());
        }
    }
    found.filter(|path| path.is_empty() || path.starts_with('/')).unwrap_or_else(|| "/mnt".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[(&str, &str)]) -> Result<tempfile::TempDir> {
        let tree = tempfile::tempdir()?;
        for (path, text) in files {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(tree.path()))?;
            fs::write(path, text)?;
        }
        Ok(tree)
    }

    fn host(files: &[(&str, &str)]) -> Result<Option<Wsl>> {
        detect(&Root::new(tree(files)?.path()))
    }

    #[test]
    fn a_plain_host_is_no_wsl() -> Result<()> {
        assert_eq!(host(&[("proc/sys/kernel/osrelease", "6.18.0-amd64\n")])?, None);
        assert_eq!(host(&[("run/systemd/container", "lxc\n")])?, None);
        Ok(())
    }

    #[test]
    fn the_version_comes_from_the_environment_of_pid_1() -> Result<()> {
        let environment = "TERM=linux\0container=wsl\0container_host_version_id=2.6.3.0\0";
        let tree = tree(&[("run/systemd/container", "wsl\n"), ("proc/1/environ", environment)])?;
        let root = Root::new(tree.path());
        assert_eq!(detect(&root)?.and_then(|wsl| wsl.version), Some(Version(2, 6, 3)));
        assert!(Version(2, 5, 9) < Version(2, 5, 10));
        Ok(())
    }

    #[test]
    fn the_kernel_alone_tells_it_too_and_wsl_1_apart() -> Result<()> {
        let two = host(&[("proc/sys/kernel/osrelease", "6.6.87.2-microsoft-standard-WSL2\n")])?;
        assert_eq!(two.map(|wsl| wsl.is_wsl1), Some(false));
        let one = host(&[("proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n")])?;
        assert_eq!(one.map(|wsl| wsl.is_wsl1), Some(true));
        Ok(())
    }

    #[test]
    fn the_automount_root_is_read_in_its_section_only() {
        assert_eq!(automount_root(""), "/mnt");
        assert_eq!(automount_root("[boot]\nroot=/x\n[automount]\nRoot = \"/windir/\"\n"), "/windir");
        assert_eq!(automount_root("[automount]\nroot=/\n"), "");
        assert_eq!(automount_root("[automount]\nroot=relative\n"), "/mnt");
    }
}
