//! `/proc` (random(4), proc_stat(5)).

use anyhow::{Context as _, Result};
use oneshot::Root;

use super::Boot;

/// A random UUID, made anew at each boot.
const ID: &str = "/proc/sys/kernel/random/boot_id";

/// Its line `btime` is the start.
const STAT: &str = "/proc/stat";

pub(super) fn read(root: &Root) -> Result<Boot> {
    let id = root.read(ID)?.map(|text| text.trim().to_owned()).filter(|id| !id.is_empty());
    let stat = root.read(STAT)?.unwrap_or_default();
    let started = stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
    Ok(Boot { id, started: started.with_context(|| format!("reading {STAT}: it has no line btime"))? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_files_are_read_below_the_root() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        assert!(read(&root).is_err());
        fs::create_dir_all(tree.path().join("proc/sys/kernel/random"))?;
        fs::write(tree.path().join("proc/stat"), "cpu 1 2\nbtime 1700000000\nprocesses 1\n")?;
        assert_eq!(read(&root)?, Boot { id: None, started: 1_700_000_000 });
        fs::write(tree.path().join("proc/sys/kernel/random/boot_id"), "u-u-i-d\n")?;
        assert_eq!(read(&root)?.stamp(), "u-u-i-d");
        Ok(())
    }
}
