//! `--lint`: reads and restarts nothing.

use anyhow::Result;
use oneshot::Report;
use systemd::unit::{Load, Name};
use systemd::{Scope, files};
use unit_restart::{Flaw, lint};

use crate::arguments::Arguments;
use crate::whose::Manager;
use crate::words;

/// Reports the flaws of each unit: as loaded where there is a manager to ask, from the files of another tree.
pub(crate) fn lint(arguments: &Arguments, manager: &Manager, report: &mut Report) -> Result<()> {
    for (unit, load, flaws) in gather(arguments, manager)? {
        if load != Load::Loaded {
            report.finding(words::not_loaded(&unit, &load));
        } else if flaws.is_empty() {
            report.finding(words::no_flaw(&unit));
        }
        for flaw in &flaws {
            report.finding(words::flaw(&unit, flaw, &manager.systemctl));
        }
    }
    Ok(())
}

fn gather(arguments: &Arguments, manager: &Manager) -> Result<Vec<(String, Load, Vec<Flaw>)>> {
    let root = arguments.common.root();
    let mut found = Vec::new();
    if root.is_real() {
        for detail in unit_restart::loaded(&manager.scope, &arguments.units)? {
            let flaws = lint::loaded(&root, &detail)?;
            found.push((detail.unit.id, detail.unit.load, flaws));
        }
        return Ok(found);
    }
    let paths: &[&str] = match manager.scope {
        Scope::System => &files::SYSTEM_PATHS,
        Scope::User { .. } => &files::USER_PATHS,
    };
    for name in arguments.units.iter().map(Name::as_str) {
        let (load, flaws) = lint::on_disk(&root, paths, name)?.unwrap_or((Load::NotFound, Vec::new()));
        found.push((name.to_owned(), load, flaws));
    }
    Ok(found)
}
