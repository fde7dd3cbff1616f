//! Commands that run `reset-failed` for every unit, and the scripts that commands run.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use oneshot::Root;

use super::{Command, Flaw, Trap, shell};

/// A script with more is no script of a unit.
const MOST_BYTES: u64 = 256 * 1024;

/// So many paths are looked at for one command, those that its scripts name included.
const MOST_PATHS: usize = 64;

/// Where no script stands, and where a look may have an effect.
const NOT_HERE: [&str; 3] = ["/dev/", "/proc/", "/sys/"];

/// Where a command, or a script on its way, resets the failures of all units.
pub(super) fn resets(root: &Root, command: &Command) -> Result<Vec<Flaw>> {
    if !command.list.starts_with("ExecSt") && command.list != "ExecReload" {
        return Ok(Vec::new());
    }
    if !shell::unscoped_resets(&command.line).is_empty() {
        return Ok(vec![command.flaw(Trap::ResetFailed)]);
    }
    let mut found = Vec::new();
    let mut waiting = shell::paths(&command.line);
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if seen.len() >= MOST_PATHS || !seen.insert(path.clone()) {
            continue;
        }
        let Some(text) = script(root, Path::new(&path))? else { continue };
        for line in shell::unscoped_resets(&text) {
            let what = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
            let says = format!("{what} (run by {}=)", command.list);
            found.push(Flaw { trap: Trap::ResetFailed, place: Some((path.clone().into(), line)), says });
        }
        waiting.extend(shell::paths(&text));
    }
    Ok(found)
}

/// The text of a script; `None` for what is none or cannot be read.
fn script(root: &Root, path: &Path) -> Result<Option<String>> {
    let real = root.join(path);
    let is_elsewhere = NOT_HERE.iter().any(|folder| path.starts_with(folder));
    // Opening a device may do something; what is no file is not opened.
    if is_elsewhere || !fs::metadata(&real).is_ok_and(|about| about.is_file() && about.len() <= MOST_BYTES) {
        return Ok(None);
    }
    // Between the two looks it may have become a fifo, which holds nobody up.
    let Ok(file) = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&real) else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).with_context(|| format!("reading {}", real.display()))?;
    Ok(bytes.starts_with(b"#!").then(|| String::from_utf8_lossy(&bytes).into_owned()))
}
