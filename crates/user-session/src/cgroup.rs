//! Whether processes run in the control group of a user manager, and whether they can be seen from here.
//!
//! Up to WSL 2.9.4 all distributions share one cgroup tree: a second one with the same uid finds `user@UID.service`
//! populated by processes of another PID namespace, which `cgroup.procs` shows as 0 or not at all
//! (microsoft/WSL#40593, cgroups(7)).

use anyhow::Result;
use oneshot::Root;

/// Where the hierarchy that systemd uses may stand: unified, hybrid, legacy.
const HIERARCHIES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

/// Who is in the group.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Population {
    /// Nobody, or there is no such group.
    #[default]
    Empty,
    /// Processes of this PID namespace.
    Local,
    /// Processes that only another PID namespace can see.
    Foreign {
        /// The group.
        path: String,
    },
}

/// Looks at the group of `user@UID.service`.
pub fn of_manager(root: &Root, uid: u32) -> Result<Population> {
    for hierarchy in HIERARCHIES {
        let group = format!("{hierarchy}/user.slice/user-{uid}.slice/user@{uid}.service");
        let Some(processes) = root.read(format!("{group}/cgroup.procs"))? else { continue };
        let mut pids = Pids::default();
        pids.add(&processes);
        if !pids.local {
            visit(root, &group, &mut pids, 0)?;
        }
        let events = root.read(format!("{group}/cgroup.events"))?;
        let populated =
            events.as_deref().is_some_and(|events| events.lines().any(|line| line == "populated 1"));
        return Ok(match (pids.local, populated || pids.foreign) {
            (true, _) => Population::Local,
            (false, true) => Population::Foreign { path: group },
            (false, false) => Population::Empty,
        });
    }
    Ok(Population::Empty)
}

#[derive(Default)]
struct Pids {
    local: bool,
    foreign: bool,
}

impl Pids {
    fn add(&mut self, text: &str) {
        for line in text.lines() {
            if line == "0" {
                self.foreign = true;
            } else {
                self.local = true;
            }
        }
    }
}

/// systemd nests four levels below a manager (slice, slice, service, a container's own): ten are plenty.
fn visit(root: &Root, group: &str, pids: &mut Pids, depth: usize) -> Result<()> {
    if depth > 10 {
        return Ok(());
    }
    for name in root.list(group)? {
        let child = format!("{group}/{name}");
        // Files of the group have no cgroup.procs below them and a group may go away meanwhile: both read as none.
        let Some(processes) = root.read(format!("{child}/cgroup.procs"))? else { continue };
        pids.add(&processes);
        if pids.local {
            return Ok(());
        }
        visit(root, &child, pids, depth + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(procs: &str, init: &str, populated: u8) -> Result<(tempfile::TempDir, Root)> {
        let tree = tempfile::tempdir()?;
        let group = tree.path().join("sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service");
        fs::create_dir_all(group.join("init.scope"))?;
        fs::write(group.join("cgroup.procs"), procs)?;
        fs::write(group.join("init.scope/cgroup.procs"), init)?;
        fs::write(group.join("cgroup.events"), format!("populated {populated}\nfrozen 0\n"))?;
        let root = Root::new(tree.path());
        Ok((tree, root))
    }

    #[test]
    fn processes_that_are_seen_are_local() -> Result<()> {
        let (_tree, root) = tree("", "77\n", 1)?;
        assert_eq!(of_manager(&root, 1000)?, Population::Local);
        Ok(())
    }

    #[test]
    fn populated_without_a_pid_or_with_zeros_is_foreign() -> Result<()> {
        for init in ["", "0\n0\n"] {
            let (_tree, root) = tree("", init, 1)?;
            assert!(matches!(of_manager(&root, 1000)?, Population::Foreign { .. }));
        }
        Ok(())
    }

    #[test]
    fn an_empty_or_missing_group_is_empty() -> Result<()> {
        let (_tree, root) = tree("", "", 0)?;
        assert_eq!(of_manager(&root, 1000)?, Population::Empty);
        assert_eq!(of_manager(&root, 1001)?, Population::Empty);
        Ok(())
    }
}
