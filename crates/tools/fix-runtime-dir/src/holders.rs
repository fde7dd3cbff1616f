//! Who keeps a mount busy (proc_pid_cwd(5), proc_pid_root(5), proc_pid_fd(5)).

use std::fs;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use nix::sys::stat::{major, minor};
use oneshot::text;

/// At most this many are named.
const MOST: usize = 8;

/// The processes with a working directory, root or open file on a superblock, as `name (pid)`. A bound socket does
/// not show here. Only words for a message: what cannot be read is passed over.
pub(crate) fn of(device: (u64, u64)) -> Vec<String> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| holds(*pid, device)).take(MOST).map(name).collect()
}

fn holds(pid: u32, device: (u64, u64)) -> bool {
    let process = format!("/proc/{pid}");
    let stands_on = |path: &Path| fs::metadata(path).is_ok_and(|stat| on(stat.st_dev(), device));
    if ["cwd", "root"].iter().any(|link| stands_on(&Path::new(&process).join(link))) {
        return true;
    }
    let Ok(opened) = fs::read_dir(format!("{process}/fd")) else { return false };
    opened.flatten().any(|entry| stands_on(&entry.path()))
}

fn on(number: u64, device: (u64, u64)) -> bool {
    (major(number), minor(number)) == device
}

fn name(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    format!("{} ({pid})", text::printable(name.trim()))
}
