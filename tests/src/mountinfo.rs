//! The mount table, as `/proc/PID/mountinfo` shows it (proc_pid_mountinfo(5)).
//!
//! A reader of its own, not that of the programs: a fault in theirs must not hide itself here.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Mount id.
    pub id: u32,
    /// Id of the mount that it is mounted on.
    pub parent: u32,
    /// `major:minor` of the superblock.
    pub device: String,
    /// What of the file system is shown: not `/` for a bind of a folder.
    pub root: String,
    /// Where it is mounted.
    pub path: String,
    /// Options of this mount.
    pub options: String,
    /// The peer group of `shared:N`.
    pub shared: Option<u32>,
    /// File system type.
    pub kind: String,
    /// What was mounted, `none` for many.
    pub source: String,
    /// Options of the superblock.
    pub superblock: String,
}

/// Reads a mount table.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    parse(&text)
}

/// The rows of a mount table, oldest first within a path.
pub fn parse(text: &str) -> Result<Vec<Row>> {
    text.lines().map(|line| row(line).with_context(|| format!("parsing the mount {line:?}"))).collect()
}

fn row(line: &str) -> Option<Row> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ');
    let mut after = after.split(' ');
    Some(Row {
        id: before.next()?.parse().ok()?,
        parent: before.next()?.parse().ok()?,
        device: before.next()?.to_owned(),
        root: unescape(before.next()?),
        path: unescape(before.next()?),
        options: before.next()?.to_owned(),
        shared: before.find_map(|field| field.strip_prefix("shared:")?.parse().ok()),
        kind: after.next()?.to_owned(),
        source: unescape(after.next()?),
        superblock: after.next()?.to_owned(),
    })
}

/// The kernel writes space, tab, newline and backslash as `\040`, `\011`, `\012` and `\134`.
fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read() -> Result<()> {
        let rows = parse(
            "776 743 0:111 /run/user /run/a\\040b rw,relatime shared:37 - tmpfs none rw\n\
             22 27 0:21 / /proc rw - proc proc rw\n",
        )?;
        let [first, second] = rows.as_slice() else { anyhow::bail!("not two rows: {rows:?}") };
        assert_eq!((first.id, first.parent, first.shared), (776, 743, Some(37)));
        assert_eq!((first.root.as_str(), first.path.as_str()), ("/run/user", "/run/a b"));
        assert_eq!((first.kind.as_str(), first.source.as_str()), ("tmpfs", "none"));
        assert_eq!((second.path.as_str(), second.shared), ("/proc", None));
        Ok(())
    }
}
