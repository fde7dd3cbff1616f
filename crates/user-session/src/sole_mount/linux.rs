//! Asking the kernel.

use oneshot::Root;

use super::judge::{Seen, Told, judge};
use super::{SoleMount, sys};
use crate::Mount;
use crate::directory::{self, Directory};
use crate::namespace;

/// What statmount(2) is asked for (`include/uapi/linux/mount.h`).
const SUPERBLOCK: u64 = 0x1;
const MOUNT: u64 = 0x2;
const ROOT: u64 = 0x8;
const POINT: u64 = 0x10;
const TYPE: u64 = 0x20;
/// Since Linux 6.11.
const OPTIONS: u64 = 0x80;
const ALL: u64 = SUPERBLOCK | MOUNT | ROOT | POINT | TYPE | OPTIONS;

/// `MOUNT_ATTR_…` of the same header: which bits, what they must be, and the word that the table has for it, in its order
/// (`fs/proc_namespace.c`, `show_mnt_opts`).
const FLAGS: [(u64, u64, &str); 10] = [
    (0x1, 0x0, "rw"),
    (0x1, 0x1, "ro"),
    (0x2, 0x2, "nosuid"),
    (0x4, 0x4, "nodev"),
    (0x8, 0x8, "noexec"),
    (0x70, 0x10, "noatime"),
    (0x80, 0x80, "nodiratime"),
    (0x70, 0x0, "relatime"),
    (0x0020_0000, 0x0020_0000, "nosymfollow"),
    (0x0010_0000, 0x0010_0000, "idmapped"),
];

/// `SB_RDONLY` (`include/linux/fs.h`).
const SUPER_READ_ONLY: u32 = 1;

/// How many mounts are listed at once.
const LISTED: usize = 64;

/// The one mount at `path`, which is held open as `place`, with the directory above it. `None` where anything else than
/// one mount stands there, where the kernel does not tell (before Linux 6.11, or a filter of system calls), and where a
/// call fails: then the table is read, and that one's errors are told.
#[must_use]
pub fn look(root: &Root, above: &Directory, place: &Directory, path: &str) -> Option<SoleMount> {
    let place = directory::spot_of(&place.fd).ok()??.mount;
    let above = directory::spot_of(&above.fd).ok()??.mount;
    let told = told(place)?;
    let others = others(&told)?;
    judge(Seen { shares_root: namespace::shares_root(root), above, place, told, others }, path)
}

/// Where else the file system of this mount is shown. One that is gone again ends it: it is not known what it was.
fn others(told: &Told) -> Option<Vec<String>> {
    let mut points = Vec::new();
    let mut numbers = [0; LISTED];
    let mut after = 0;
    loop {
        let count = sys::list(after, &mut numbers).ok()?;
        let listed = numbers.get(..count)?;
        for &number in listed.iter().filter(|number| **number != told.id) {
            if sys::ask_head(number, SUPERBLOCK).ok()?.device() == told.mount.device {
                let answer = sys::ask(number, POINT).ok()?;
                points.push(answer.string(answer.point)?.to_owned());
            }
        }
        match listed.last() {
            Some(last) if count == LISTED => after = *last,
            _ => return Some(points),
        }
    }
}

fn told(mount: u64) -> Option<Told> {
    let answer = sys::ask(mount, ALL).ok()?;
    if answer.head.mask & ALL != ALL {
        return None;
    }
    let word = if answer.super_flags & SUPER_READ_ONLY == 0 { "rw" } else { "ro" };
    let mount = Mount {
        id: answer.id_in_table,
        parent: answer.parent_in_table,
        device: answer.head.device(),
        root: answer.string(answer.root)?.to_owned(),
        point: answer.string(answer.point)?.to_owned(),
        options: flags(answer.attributes),
        peer_group: u32::try_from(answer.peer_group).ok().filter(|group| *group != 0),
        fstype: answer.string(answer.fstype)?.to_owned(),
        source: String::new(),
        super_options: [word, answer.string(answer.head.options)?].join(","),
    };
    Some(Told { id: answer.id, parent: answer.parent, mount })
}

/// The flags in the words of the table.
fn flags(attributes: u64) -> String {
    let mut words = String::new();
    for (bits, value, word) in FLAGS {
        if attributes & bits == value {
            if !words.is_empty() {
                words.push(',');
            }
            words.push_str(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;
    use crate::MountTable;

    /// Words of the superblock that the table takes from elsewhere than the file system.
    const OF_ALL: [&str; 4] = ["sync", "dirsync", "mand", "lazytime"];

    #[test]
    fn each_mount_is_told_as_the_table_has_it() -> anyhow::Result<()> {
        let table = MountTable::read(&Root::default())?;
        let mut numbers = [0; 4096];
        // Linux before 6.8, or a filter of system calls: there is nothing to compare.
        let Ok(count) = sys::list(0, &mut numbers) else { return Ok(()) };
        let told: Vec<_> = numbers.iter().take(count).filter_map(|number| told(*number)).collect();
        for Told { mount, .. } in &told {
            let Some(row) = table.0.iter().find(|row| row.id == mount.id) else { continue };
            let words = row.super_options.split(',').filter(|word| !OF_ALL.contains(word));
            let row = Mount {
                source: String::new(),
                super_options: words.collect::<Vec<_>>().join(","),
                ..row.clone()
            };
            // A type like `fuse.sshfs` has a second part, which is asked for apart.
            assert_eq!(Mount { fstype: row.fstype.clone(), ..mount.clone() }, row);
            assert!(row.fstype.starts_with(&mount.fstype));
        }
        Ok(())
    }

    #[test]
    fn flags_have_the_words_of_the_table() {
        assert_eq!(flags(0x2 | 0x4), "rw,nosuid,nodev,relatime");
        assert_eq!(flags(0x1 | 0x8 | 0x10 | 0x80), "ro,noexec,noatime,nodiratime");
        assert_eq!(flags(0x20 | 0x0020_0000), "rw,nosymfollow");
    }

    #[test]
    fn the_others_of_a_mount_are_the_rows_of_its_file_system() -> anyhow::Result<()> {
        let mut numbers = [0; 1];
        let Ok(1) = sys::list(0, &mut numbers) else { return Ok(()) };
        let [Some(told)] = numbers.map(told) else { return Ok(()) };
        let table = MountTable::read(&Root::default())?;
        let rows = table.0.iter().filter(|row| row.device == told.mount.device && row.id != told.mount.id);
        let mut expected: Vec<_> = rows.map(|row| row.point.clone()).collect();
        let mut found = others(&told).context("listing")?;
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
        Ok(())
    }
}
