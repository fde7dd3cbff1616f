//! What a manager has loaded for a unit: from which files, and what it would run.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{Active, Load};
use crate::Scope;
use crate::show::{self, Block};

/// What is asked for. Each unit costs the manager nearly a millisecond, however few the properties.
const PROPERTIES: &str = "Id,Names,LoadState,LoadError,ActiveState,FragmentPath,DropInPaths,\
NeedDaemonReload,Transient,ExecStart";

/// A unit as a manager has it in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Its primary name.
    pub id: String,
    /// All its names, the primary one included.
    pub names: Vec<String>,
    /// Whether its file was found and read.
    pub load: Load,
    /// What systemd says of a file that it could not use.
    pub error: Option<String>,
    /// Whether it is up.
    pub active: Active,
    /// The unit file: the path at which it was found, a link not followed.
    pub fragment: Option<PathBuf>,
    /// The drop-ins, in the order in which they apply.
    pub drop_ins: Vec<PathBuf>,
    /// What the manager thinks of its files: it compares the times at which they were written, which are all the same
    /// in a Nix store.
    pub needs_reload: bool,
    /// Made over the bus, and not by a file.
    pub is_transient: bool,
    /// What it would run: the arguments of each `ExecStart=`, joined by spaces.
    pub exec_start: Vec<String>,
}

/// The units of these names that are in memory; the others are left out, and not loaded by being asked for.
pub fn in_memory<S: AsRef<str>>(scope: &Scope, units: &[S]) -> Result<Vec<Loaded>> {
    // Only a pattern passes over what is not in memory: the first letter as a set of one makes a name into one.
    let patterns = units.iter().filter_map(|unit| {
        let mut letters = unit.as_ref().chars();
        let first = letters.next()?;
        // In a set a backslash stands for itself (glob(7)), behind it it must be doubled.
        let rest = letters.as_str().replace('\\', "\\\\");
        Some(if first == '\\' { format!("\\\\{rest}") } else { format!("[{first}]{rest}") })
    });
    ask(scope, patterns.collect())
}

/// These units; the manager loads those that it does not have in memory.
pub fn of<S: AsRef<str>>(scope: &Scope, units: &[S]) -> Result<Vec<Loaded>> {
    ask(scope, units.iter().map(|unit| unit.as_ref().to_owned()).collect())
}

fn ask(scope: &Scope, names: Vec<String>) -> Result<Vec<Loaded>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    // Without --all a pattern fits only what is active, failed or has a job.
    let command =
        scope.systemctl()?.args(["show", "--all", "--timestamp=us+utc", "-p", PROPERTIES, "--"]).args(names);
    let outcome = command.run()?;
    if !outcome.status.success() {
        bail!("systemctl show ended with {}: {}", outcome.status, outcome.words());
    }
    Ok(parse(&String::from_utf8_lossy(&outcome.stdout)))
}

fn parse(text: &str) -> Vec<Loaded> {
    show::blocks(text).iter().map(Loaded::from_block).collect()
}

impl Loaded {
    fn from_block(block: &Block<'_>) -> Self {
        let commands = block.commands().iter().filter(|(list, _)| *list == "ExecStart");
        Self {
            id: block.owned("Id"),
            names: block.words("Names"),
            load: Load::from(block.text("LoadState").unwrap_or_default()),
            // `Name "words"` of a D-Bus error; empty where there is none.
            error: block
                .text("LoadError")
                .map(str::trim)
                .filter(|text| !matches!(*text, "" | "\"\""))
                .map(str::to_owned),
            active: Active::from(block.text("ActiveState").unwrap_or_default()),
            fragment: block.path("FragmentPath"),
            drop_ins: block.paths("DropInPaths"),
            needs_reload: block.flag("NeedDaemonReload").unwrap_or_default(),
            is_transient: block.flag("Transient").unwrap_or_default(),
            exec_start: commands.map(|(_, exec)| exec.argv.clone()).collect(),
        }
    }

    /// In memory whatever happens: nothing that is up is let go of.
    #[must_use]
    pub fn is_up(&self) -> bool {
        !matches!(self.active, Active::Inactive | Active::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Systemd 262.
    const TEXT: &str = "ExecStart={ path=/bin/echo ; argv[]=/bin/echo a  b c;d ; ignore_errors=yes ; \
        start_time=[Fri 2026-11-20 12:51:43 UTC] ; stop_time=[Fri 2026-11-20 12:51:43 UTC] ; pid=68 ; code=exited ; status=0 }\n\
        ExecStart={ path=/bin/true ; argv[]=zero one li\nne =x ; ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; \
        pid=0 ; code=(null) ; status=0/0 }\n\
        Id=n.service\nNames=n.service al.service\nLoadState=loaded\nActiveState=active\n\
        FragmentPath=/etc/systemd/system/n.service\n\
        DropInPaths=\"/etc/systemd/system/n.service.d/a b.conf\" /etc/systemd/system/al.service.d/al.conf\n\
        NeedDaemonReload=no\nLoadError=\nTransient=no\n\n\
        Id=gone.service\nNames=gone.service\nLoadState=not-found\nActiveState=inactive\n\
        LoadError=org.freedesktop.systemd1.NoSuchUnit \"Unit gone.service not found.\"\n";

    #[test]
    fn a_unit_tells_its_files_and_its_commands() {
        let units = parse(TEXT);
        let [loaded, gone] = units.as_slice() else { panic!("{units:#?}") };
        assert_eq!(loaded.names, ["n.service", "al.service"]);
        assert_eq!(loaded.exec_start, ["/bin/echo a  b c;d", "zero one li\nne =x ;"]);
        assert_eq!(
            loaded.drop_ins,
            ["/etc/systemd/system/n.service.d/a b.conf", "/etc/systemd/system/al.service.d/al.conf"]
                .map(PathBuf::from)
        );
        assert!(loaded.is_up() && loaded.error.is_none());
        assert_eq!((&gone.load, gone.fragment.is_none(), gone.is_up()), (&Load::NotFound, true, false));
        assert!(gone.error.as_deref().is_some_and(|error| error.contains("not found")));
    }
}
