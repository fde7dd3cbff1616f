//! How large logind lets a runtime directory grow (logind.conf(5), `RuntimeDirectorySize=` and
//! `RuntimeDirectoryInodesMax=`), read from its files so that no bus is needed.

use anyhow::Result;
use oneshot::Root;

/// Folders of `logind.conf` and `logind.conf.d`, the first has the highest priority (logind.conf(5)).
const FOLDERS: [&str; 4] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// systemd gives a directory 10 % of the memory (`src/login/logind.c`, `manager_reset_config`).
const PERCENT: u64 = 10;

/// One inode for every 4096 bytes (`src/login/logind-dbus.c`, `RuntimeDirectoryInodesMax`).
const BYTES_PER_INODE: u64 = 4096;

/// The limits of one runtime directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `size=` in bytes.
    pub size: u64,
    /// `nr_inodes=`.
    pub inodes: u64,
}

/// The physical memory. systemd scales it in whole pages, so that a limit is one too (`src/basic/limits-util.c`,
/// `physical_memory_scale`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// How many pages.
    pub pages: u64,
    /// Bytes of one.
    pub page: u64,
}

impl Memory {
    fn share(self, part: u64, of: u64) -> u64 {
        self.pages.saturating_mul(part) / of * self.page
    }
}

/// The limits on a host with this memory.
pub fn read(root: &Root, memory: Memory) -> Result<Limits> {
    let mut size = None;
    let mut inodes = None;
    for text in texts(root)? {
        for (key, value) in settings(&text) {
            match key {
                "RuntimeDirectorySize" => size = parse_size(value, memory),
                "RuntimeDirectoryInodesMax" => inodes = parse_bytes(value),
                _ => {}
            }
        }
    }
    let size = size.unwrap_or(memory.share(PERCENT, 100));
    Ok(Limits { size, inodes: inodes.unwrap_or(size / BYTES_PER_INODE) })
}

/// The main file, then the drop-ins by name; a drop-in in a higher folder hides one of the same name in a lower.
fn texts(root: &Root) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for folder in FOLDERS {
        if let Some(text) = root.read(format!("{folder}/logind.conf"))? {
            texts.push(text);
            break;
        }
    }
    let mut drop_ins: Vec<(String, String)> = Vec::new();
    for folder in FOLDERS {
        let folder = format!("{folder}/logind.conf.d");
        for name in root.list(&folder)?.into_iter().filter(|name| name.ends_with(".conf")) {
            if !drop_ins.iter().any(|(known, _)| *known == name) {
                let path = format!("{folder}/{name}");
                drop_ins.push((name, path));
            }
        }
    }
    drop_ins.sort_unstable();
    for (_, path) in drop_ins {
        texts.extend(root.read(path)?);
    }
    Ok(texts)
}

/// `key = value` lines; the file has one section only.
fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';', '[']));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim()))
}

/// Bytes with a suffix to the base 1024, or a percentage of the memory; `None` (the default) where it is neither.
fn parse_size(value: &str, memory: Memory) -> Option<u64> {
    let Some(percent) = value.strip_suffix('%') else { return parse_bytes(value) };
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    let hundredths = match part.len() {
        1 => part.parse::<u64>().ok()? * 10,
        2 => part.parse().ok()?,
        _ => return None,
    };
    let share = whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(hundredths)?;
    (1..=10_000).contains(&share).then_some(memory.share(share, 10_000))
}

fn parse_bytes(value: &str) -> Option<u64> {
    let digits = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let exponent = match value.get(digits.len()..)?.trim() {
        "" | "B" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(1024u64.pow(exponent)).filter(|bytes| *bytes > 0)
}

/// What a mounted file system allows now, 0 for no limit (statvfs(3): its numbers have one type with each libc, those of
/// statfs(2) have not).
#[cfg(target_os = "linux")]
pub fn allowed(directory: impl std::os::fd::AsFd) -> nix::Result<Limits> {
    let about = nix::sys::statvfs::fstatvfs(directory)?;
    Ok(Limits { size: about.blocks().saturating_mul(about.fragment_size()), inodes: about.files() })
}

/// The physical memory, from sysconf(3).
#[cfg(target_os = "linux")]
pub fn physical_memory() -> Result<Memory> {
    use anyhow::Context;
    use nix::unistd::{SysconfVar, sysconf};
    let read = |variable, name: &'static str| -> Result<u64> {
        let value = sysconf(variable).with_context(|| format!("reading {name}"))?;
        u64::try_from(value.unwrap_or_default()).with_context(|| format!("reading {name}"))
    };
    Ok(Memory {
        pages: read(SysconfVar::_PHYS_PAGES, "the number of pages")?,
        page: read(SysconfVar::PAGE_SIZE, "the page size")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn pages(pages: u64) -> Memory {
        Memory { pages, page: 4096 }
    }

    #[test]
    fn without_a_file_it_is_a_tenth_of_the_pages() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let limits = read(&Root::new(tree.path()), pages(1009))?;
        assert_eq!(limits, Limits { size: 100 * 4096, inodes: 100 });
        Ok(())
    }

    #[test]
    fn a_drop_in_wins_over_the_file_and_a_higher_folder_over_a_lower() -> Result<()> {
        let tree = tempfile::tempdir()?;
        for folder in ["etc/systemd/logind.conf.d", "usr/lib/systemd/logind.conf.d"] {
            fs::create_dir_all(tree.path().join(folder))?;
        }
        fs::write(
            tree.path().join("etc/systemd/logind.conf"),
            "[Login]\n#RuntimeDirectorySize=1%\nRuntimeDirectorySize=20%\n",
        )?;
        fs::write(
            tree.path().join("usr/lib/systemd/logind.conf.d/a.conf"),
            "[Login]\nRuntimeDirectorySize=1K\n",
        )?;
        fs::write(
            tree.path().join("etc/systemd/logind.conf.d/a.conf"),
            "[Login]\nRuntimeDirectorySize = 8M\nRuntimeDirectoryInodesMax=2K\n",
        )?;
        assert_eq!(read(&Root::new(tree.path()), pages(1 << 18))?, Limits { size: 8 << 20, inodes: 2048 });
        Ok(())
    }

    #[test]
    fn sizes_are_read_as_systemd_reads_them() {
        assert_eq!(parse_size("12.5%", pages(8)), Some(4096));
        assert_eq!(parse_size("512M", pages(0)), Some(512 << 20));
        for bad in ["", "0", "101%", "-1", "5X", "1.234%", "99999999999999999999G"] {
            assert_eq!(parse_size(bad, pages(8)), None, "{bad}");
        }
    }
}
