//! The machine's own cgroup: where cgroup2 is, making, emptying and removing a tree, and reaping what a killed lab
//! left behind.
//!
//! The name is `mendutils-lab.<namespace>.<pid>.<start>.<n>`: the owner's PID namespace (a lab in a container must
//! not judge the owners of another), the owner, its start time in ticks since boot (so that a reused pid is told
//! apart), and a number.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::mountinfo;

/// Reaping is by name: it must be nobody else's.
const PREFIX: &str = "mendutils-lab.";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The host's cgroup2 mount, wherever it is: `/sys/fs/cgroup` when unified, `/sys/fs/cgroup/unified` when hybrid.
pub fn mount_point() -> Result<PathBuf> {
    let rows = mountinfo::read(Path::new("/proc/self/mountinfo"))?;
    match rows.into_iter().find(|row| row.kind == "cgroup2" && row.root == "/") {
        Some(row) => Ok(PathBuf::from(row.path)),
        None => bail!("finding a cgroup2 mount: none in /proc/self/mountinfo"),
    }
}

/// Whether the host's cgroup2 has a controller at all; [`crate::Machine::squat`] needs one.
pub fn has_controller() -> Result<bool> {
    let path = mount_point()?.join("cgroup.controllers");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(!text.trim().is_empty())
}

/// A path for a new cgroup of this process. Nothing is made yet.
pub(crate) fn name() -> Result<PathBuf> {
    let pid = std::process::id();
    let Some(start) = start_time(pid)? else { bail!("reading the start time of pid {pid}: no such process") };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    Ok(mount_point()?.join(format!("{PREFIX}{}.{pid}.{start}.{number}", pid_namespace()?)))
}

/// The inode of this process's PID namespace (namespaces(7)).
fn pid_namespace() -> Result<u64> {
    let path = "/proc/self/ns/pid";
    fs::metadata(path).map(|metadata| metadata.ino()).with_context(|| format!("looking at {path}"))
}

/// Kills and removes the cgroups of labs whose owner is dead; returns them.
pub fn reap() -> Result<Vec<PathBuf>> {
    let mut reaped = Vec::new();
    for (path, pid, start) in list()? {
        if start_time(pid)? != Some(start) {
            remove(&path)?;
            reaped.push(path);
        }
    }
    Ok(reaped)
}

/// The cgroups of one process's machines.
pub fn of_owner(owner: u32) -> Result<Vec<PathBuf>> {
    Ok(list()?.into_iter().filter(|(_, pid, _)| *pid == owner).map(|(path, ..)| path).collect())
}

/// The cgroups of machines of this PID namespace, with the owner and the owner's start time.
fn list() -> Result<Vec<(PathBuf, u32, u64)>> {
    let (base, namespace) = (mount_point()?, pid_namespace()?);
    let mut found = Vec::new();
    for entry in fs::read_dir(&base).with_context(|| format!("listing {}", base.display()))? {
        let name = entry.with_context(|| format!("listing {}", base.display()))?.file_name();
        if let Some((of, pid, start)) = name.to_str().and_then(owner)
            && of == namespace
        {
            found.push((base.join(name), pid, start));
        }
    }
    Ok(found)
}

fn owner(name: &str) -> Option<(u64, u32, u64)> {
    let mut parts = name.strip_prefix(PREFIX)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Field 22 of `/proc/PID/stat` (proc_pid_stat(5)); `None` when there is no such process.
fn start_time(pid: u32) -> Result<Option<u64>> {
    let path = format!("/proc/{pid}/stat");
    let stat = match fs::read_to_string(&path) {
        Ok(stat) => stat,
        Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("reading {path}")),
    };
    // The second field is the program's name in parentheses and may hold anything.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    match after_name.split_whitespace().nth(19).and_then(|field| field.parse().ok()) {
        Some(ticks) => Ok(Some(ticks)),
        None => bail!("reading {path}: no start time in {stat:?}"),
    }
}

/// Kills what is in the tree, waits until it is empty, and removes it bottom up. One that is gone is no error.
pub fn remove(cgroup: &Path) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    kill_all(cgroup)?;
    loop {
        if !is_populated(cgroup)? {
            match remove_tree(cgroup) {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
                result => return result.with_context(|| format!("removing {}", cgroup.display())),
            }
        }
        if Instant::now() > deadline {
            bail!("removing {}: still populated after 10 s", cgroup.display());
        }
        sleep(Duration::from_millis(5));
        kill_all(cgroup)?;
    }
}

/// Whether a process lives anywhere in the tree.
pub fn is_populated(cgroup: &Path) -> Result<bool> {
    let path = cgroup.join("cgroup.events");
    let events = or_gone(fs::read_to_string(&path)).with_context(|| format!("reading {}", path.display()))?;
    Ok(events.is_some_and(|events| events.lines().any(|line| line == "populated 1")))
}

fn kill_all(cgroup: &Path) -> Result<()> {
    let file = cgroup.join("cgroup.kill");
    match fs::write(&file, "1") {
        Ok(()) => return Ok(()),
        // Before Linux 5.14 there is no such file.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.raw_os_error() == Some(libc::ENODEV) => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("writing {}", file.display())),
    }
    for_each(cgroup, &mut |directory| {
        let procs = or_gone(fs::read_to_string(directory.join("cgroup.procs")))?.unwrap_or_default();
        for pid in procs.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0) {
            // It may have ended by itself meanwhile.
            kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
        }
        Ok(())
    })
    .with_context(|| format!("killing what is in {}", cgroup.display()))
}

fn remove_tree(cgroup: &Path) -> io::Result<()> {
    for_each(cgroup, &mut |directory| or_gone(fs::remove_dir(directory)).map(drop))
}

/// Children first.
fn for_each(directory: &Path, act: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let Some(entries) = or_gone(fs::read_dir(directory))? else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            for_each(&entry.path(), act)?;
        }
    }
    act(directory)
}

/// A cgroup can go away between two looks at it: NotFound, or ENODEV from an open file.
fn or_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(libc::ENODEV) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_read_from_the_name() {
        assert_eq!(owner("mendutils-lab.4026531836.12.3456.0"), Some((4_026_531_836, 12, 3456)));
        assert_eq!(owner("lab.slice"), None);
        assert_eq!(owner("user.slice"), None);
    }

    #[test]
    fn a_process_has_one_start_time_and_a_missing_one_has_none() -> Result<()> {
        let own = start_time(std::process::id())?;
        assert!(own.is_some());
        assert_eq!(own, start_time(std::process::id())?);
        assert_eq!(start_time(u32::MAX)?, None);
        Ok(())
    }
}
