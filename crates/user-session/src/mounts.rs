//! `/proc/self/mountinfo` (proc_pid_mountinfo(5)): which mounts stand at a path, in which order.

use anyhow::{Context, Result, bail};
use oneshot::{Exit, Root, refuse};

use crate::fields::Fields;
use crate::fstab::is_at_or_below;
use crate::octal::unescape;

/// The table of the process's own mount namespace.
const OWN: &str = "/proc/self/mountinfo";

/// The table that the service manager sees; only root may read it.
const OF_PID_1: &str = "/proc/1/mountinfo";

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Unique while it is mounted.
    pub id: u32,
    /// The mount it stands on.
    pub parent: u32,
    /// `major:minor` of the superblock, as `st_dev` tells it.
    pub device: (u64, u64),
    /// The directory of the file system that is shown; not `/` for a bind of a part.
    pub root: String,
    /// Where it stands.
    pub point: String,
    /// Flags of this mount alone.
    pub options: String,
    /// Peer group, where the mount is shared.
    pub peer_group: Option<u32>,
    /// Type of the file system.
    pub fstype: String,
    /// What was mounted.
    pub source: String,
    /// Options of the superblock, the same at every mount of it.
    pub super_options: String,
}

impl Mount {
    /// Whether this mount has the flag, such as `noexec`.
    #[must_use]
    pub fn has_flag(&self, flag: &str) -> bool {
        self.options.split(',').any(|option| option == flag)
    }

    /// The value of a `name=value` option of the superblock.
    #[must_use]
    pub fn super_option(&self, name: &str) -> Option<&str> {
        self.super_options.split(',').find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }
}

/// All rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountTable(pub Vec<Mount>);

impl MountTable {
    /// Reads the table of this process.
    pub fn read(root: &Root) -> Result<Self> {
        Self::parse(&text(root, OWN)?).with_context(|| format!("reading {OWN}"))
    }

    /// Reads what the service manager sees of `path`: the mounts on the way to it, and every mount of the file systems
    /// that stand there. A table may have thousands of rows that matter to nobody here.
    pub fn read_around(root: &Root, path: &str) -> Result<Self> {
        Self::parse_around(&text(root, OF_PID_1)?, path).with_context(|| format!("reading {OF_PID_1}"))
    }

    /// Parses the text of the table.
    pub fn parse(text: &str) -> Result<Self> {
        Self::rows(Fields::lines(text).enumerate())
    }

    fn parse_around(text: &str, path: &str) -> Result<Self> {
        let lines: Vec<_> = Fields::lines(text).map(Line::of).collect();
        let is_there = |line: &&Line<'_>| unescape(line.point) == path;
        let devices: Vec<_> = lines.iter().filter(is_there).map(|line| line.device).collect();
        let matters = |line: &Line<'_>| {
            // A row that breaks off early is read too, and then is an error.
            line.point.is_empty() || line.is_on_the_way_to(path) || devices.contains(&line.device)
        };
        Self::rows(
            lines
                .iter()
                .enumerate()
                .filter(|(_, line)| matters(line))
                .map(|(number, line)| (number, line.text)),
        )
    }

    fn rows<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<Self> {
        let rows = lines.map(|(number, line)| {
            row(line).with_context(|| format!("line {}: {line:?} is no mountinfo row", number + 1))
        });
        let table = Self(rows.collect::<Result<_>>()?);
        if table.0.is_empty() {
            bail!("the table is empty");
        }
        Ok(table)
    }

    /// The mounts that stand at `path` as a lookup sees them, lowest first; the last one is visible.
    ///
    /// A row with this mount point that hangs on a covered mount cannot be reached and is not in the stack.
    #[must_use]
    pub fn stack(&self, path: &str) -> Vec<&Mount> {
        let Some(mut current) = self.top_root() else { return Vec::new() };
        let mut here = if path == "/" { vec![current] } else { Vec::new() };
        let prefixes = path.match_indices('/').skip(1).map(|(end, _)| end).chain([path.len()]);
        for prefix in prefixes.filter_map(|end| path.get(..end)) {
            while let Some(next) = self.child(current, prefix) {
                current = next;
                if prefix == path {
                    here.push(next);
                }
            }
        }
        here
    }

    /// The mount that a lookup of `path` ends on, whether or not it stands there itself.
    #[must_use]
    pub fn visible(&self, path: &str) -> Option<&Mount> {
        let mut current = self.top_root()?;
        let prefixes = path.match_indices('/').skip(1).map(|(end, _)| end).chain([path.len()]);
        for prefix in prefixes.filter_map(|end| path.get(..end)) {
            while let Some(next) = self.child(current, prefix) {
                current = next;
            }
        }
        Some(current)
    }

    /// Other mounts of the same directory of the same superblock: on WSL the twin below `/mnt/wslg/run/user`.
    pub fn twins<'a>(&'a self, mount: &'a Mount) -> impl Iterator<Item = &'a Mount> {
        self.0.iter().filter(move |row| {
            row.device == mount.device
                && row.root == mount.root
                && row.point != mount.point
                && row.id != mount.id
        })
    }

    fn top_root(&self) -> Option<&Mount> {
        let lowest = self.0.iter().find(|row| {
            row.point == "/" && !self.0.iter().any(|other| other.id == row.parent && other.id != row.id)
        });
        let mut current = lowest?;
        while let Some(next) = self.child(current, "/") {
            current = next;
        }
        Some(current)
    }

    fn child(&self, parent: &Mount, point: &str) -> Option<&Mount> {
        self.0.iter().find(|row| row.parent == parent.id && row.point == point && row.id != parent.id)
    }
}

fn text(root: &Root, path: &str) -> Result<String> {
    root.read(path)?.ok_or_else(|| {
        refuse(Exit::Unavailable, format!("{path} does not exist; mount /proc, nothing is judged without it"))
    })
}

/// What of a row tells whether it matters.
struct Line<'a> {
    text: &'a str,
    device: &'a str,
    point: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Self {
        let mut fields = Fields::of(text, b' ');
        let device = fields.nth(2).unwrap_or_default();
        Self { text, device, point: fields.nth(1).unwrap_or_default() }
    }

    /// Whether it is mounted at `path` or above it.
    fn is_on_the_way_to(&self, path: &str) -> bool {
        self.point == "/" || is_at_or_below(path, &unescape(self.point))
    }
}

fn row(line: &str) -> Option<Mount> {
    let mut fields = Fields::of(line, b' ');
    let id = fields.next()?.parse().ok()?;
    let parent = fields.next()?.parse().ok()?;
    let (major, minor) = fields.next()?.split_once(':')?;
    let device = (major.parse().ok()?, minor.parse().ok()?);
    let root = unescape(fields.next()?).into_owned();
    let point = unescape(fields.next()?).into_owned();
    let options = fields.next()?.to_owned();
    let mut peer_group = None;
    // Optional fields, any number of them, end with a lone hyphen.
    for field in fields.by_ref() {
        if field == "-" {
            let fstype = fields.next()?.to_owned();
            let source = unescape(fields.next()?).into_owned();
            let super_options = fields.next()?.to_owned();
            return Some(Mount {
                id,
                parent,
                device,
                root,
                point,
                options,
                peer_group,
                fstype,
                source,
                super_options,
            });
        }
        if let Some(group) = field.strip_prefix("shared:") {
            peer_group = group.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A healthy WSL 2 host, kernel 6.6.87.2.
    const WSL: &str = "\
60 1 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard
691 60 0:30 / /mnt rw,relatime - tmpfs none rw
692 691 0:111 / /mnt/wslg rw,relatime shared:37 - tmpfs none rw
737 60 0:177 / /run rw,nosuid,nodev shared:59 - tmpfs none rw,mode=755
743 737 0:180 / /run/user rw,nosuid,nodev,noexec,noatime shared:62 - tmpfs none rw,mode=755
776 743 0:111 /run/user /run/user rw,relatime shared:37 - tmpfs none rw
979 776 0:200 / /run/user/1000 rw,nosuid,nodev,relatime shared:340 - tmpfs tmpfs rw,size=1612k,nr_inodes=403,mode=700,uid=1000,gid=1000
996 692 0:200 / /mnt/wslg/run/user/1000 rw,nosuid,nodev,relatime shared:340 - tmpfs tmpfs rw,size=1612k,nr_inodes=403,mode=700,uid=1000,gid=1000
";

    fn ids(stack: &[&Mount]) -> Vec<u32> {
        stack.iter().map(|mount| mount.id).collect()
    }

    #[test]
    fn healthy_is_two_layers_at_the_parent_and_one_below_with_its_twin() -> Result<()> {
        let table = MountTable::parse(WSL)?;
        assert_eq!(ids(&table.stack("/run/user")), [743, 776]);
        let stack = table.stack("/run/user/1000");
        assert_eq!(ids(&stack), [979]);
        let twins: Vec<_> = table.twins(stack[0]).map(|twin| twin.id).collect();
        assert_eq!(twins, [996]);
        assert_eq!(stack[0].super_option("size"), Some("1612k"));
        assert!(stack[0].has_flag("nosuid") && !stack[0].has_flag("noexec"));
        Ok(())
    }

    #[test]
    fn a_stack_is_ordered_by_parents_not_by_rows() -> Result<()> {
        let table =
            MountTable::parse(&format!("1001 979 0:9 / /run/user/1000 rw - tmpfs none rw,mode=755\n{WSL}"))?;
        assert_eq!(ids(&table.stack("/run/user/1000")), [979, 1001]);
        Ok(())
    }

    #[test]
    fn a_mount_on_a_covered_layer_is_not_seen() -> Result<()> {
        let table = MountTable::parse(&format!("{WSL}1002 743 0:9 / /run/user/1001 rw - tmpfs none rw\n"))?;
        assert!(table.stack("/run/user/1001").is_empty());
        assert_eq!(table.visible("/run/user/1001").map(|mount| mount.id), Some(776));
        Ok(())
    }

    #[test]
    fn escapes_and_any_number_of_optional_fields_are_read() -> Result<()> {
        let table = MountTable::parse(
            "1 0 0:1 / / rw shared:1 master:2 propagate_from:3 unbindable - ext4 /dev/a\\040b rw\n2 1 0:2 / /a\\040b rw - tmpfs none rw\n",
        )?;
        assert_eq!(table.0[0].source, "/dev/a b");
        assert_eq!(ids(&table.stack("/a b")), [2]);
        Ok(())
    }

    #[test]
    fn around_a_path_the_table_says_the_same_as_the_whole() -> Result<()> {
        let text = format!(
            "{WSL}1003 60 0:77 / /boot rw - ext4 /dev/sda rw\n1004 60 0:200 / /srv/run/user/1000 rw - tmpfs tmpfs rw\n"
        );
        let (whole, around) = (MountTable::parse(&text)?, MountTable::parse_around(&text, "/run/user/1000")?);
        let stack = whole.stack("/run/user/1000");
        assert_eq!(stack, around.stack("/run/user/1000"));
        assert_eq!(whole.twins(stack[0]).collect::<Vec<_>>(), around.twins(stack[0]).collect::<Vec<_>>());
        assert!(!around.0.iter().any(|row| row.point == "/boot"));
        assert!(MountTable::parse_around("nonsense\n", "/run/user/1000").is_err());
        Ok(())
    }

    #[test]
    fn a_broken_row_is_an_error_with_its_line() {
        let error = MountTable::parse("1 0 0:1 / / rw - ext4 a rw\nnonsense\n").unwrap_err();
        assert!(format!("{error:#}").starts_with("line 2"), "{error:#}");
        assert!(MountTable::parse("").is_err());
        assert!(MountTable::parse("1 0 0:1 / / rw shared:1").is_err());
    }
}
