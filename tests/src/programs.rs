//! The programs under test and the files that are installed with them.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::host;
use crate::spec::Payload;

/// Where they go inside. Units call them by bare name; systemd's fixed search path has it.
const BIN: &str = "/usr/local/bin";

/// Folders of a program's `units/`, and where the files in them go.
const UNITS: [(&str, &str); 2] =
    [("units/system", "/usr/lib/systemd/system"), ("units/user", "/usr/lib/systemd/user")];

/// The folder of the programs: `MENDUTILS_BIN`, from the top of the source tree when it is relative, or where cargo
/// put this program.
pub fn programs() -> Result<PathBuf> {
    match env::var_os("MENDUTILS_BIN") {
        Some(folder) => Ok(host::workspace().join(folder)),
        None => host::target_folder(),
    }
}

/// Whether every program of the workspace is there.
pub fn have_programs() -> Result<bool> {
    have_programs_in(&programs()?)
}

/// Whether every program of the workspace is in this folder.
pub fn have_programs_in(folder: &Path) -> Result<bool> {
    Ok(tools()?.iter().all(|tool| folder.join(name(tool)).exists()))
}

/// All of them with their unit files, to be put into a machine.
pub(crate) fn payload() -> Result<Vec<Payload>> {
    let folder = programs()?;
    let mut payload = Vec::new();
    for tool in tools()? {
        let host = folder.join(name(&tool));
        if !host.exists() {
            bail!("installing {}: not there, build the workspace or set MENDUTILS_BIN", host.display());
        }
        payload.push(Payload::Copy { host, path: Path::new(BIN).join(name(&tool)) });
        for (from, to) in UNITS {
            files(&tool.join(from), Path::new(to), &mut payload)?;
        }
    }
    Ok(payload)
}

/// The folders of the programs in the source tree.
fn tools() -> Result<Vec<PathBuf>> {
    let folder = host::workspace().join("crates/tools");
    let mut tools = list(&folder)?;
    tools.retain(|path| path.join("Cargo.toml").exists());
    tools.sort();
    Ok(tools)
}

fn name(tool: &Path) -> &Path {
    tool.file_name().map_or(tool, Path::new)
}

fn files(from: &Path, to: &Path, payload: &mut Vec<Payload>) -> Result<()> {
    for host in list(from)? {
        let path = to.join(name(&host));
        if host.is_dir() {
            files(&host, &path, payload)?;
        } else {
            payload.push(Payload::Copy { host, path });
        }
    }
    Ok(())
}

/// What is in a folder; nothing when it is missing.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("listing {}", folder.display())),
    };
    entries.map(|entry| Ok(entry.with_context(|| format!("listing {}", folder.display()))?.path())).collect()
}
