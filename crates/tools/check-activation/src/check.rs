//! One run: look, judge, tell.

use std::io::Write as _;

use activation::judge;
use anyhow::{Context as _, Result};
use nix_host::{Platform, boot};
use oneshot::{Exit, Report, refuse};

use crate::arguments::Arguments;
use crate::gather::gather;
use crate::{brief, decide, evidence, snippet};

/// Checks the host, or prints what a shell needs for it.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    if let Some(shell) = arguments.shell {
        return answer(&snippet::of(shell));
    }
    let root = arguments.common.root();
    if let Some(stamp) = &arguments.once {
        return once(&root, stamp, report);
    }
    let gathered = gather(arguments, &root)?;
    let facts = &gathered.facts;
    if facts.look.platform == Platform::Other && !facts.look.is_managed && !facts.ground.has_store() {
        return Err(refuse(
            Exit::Unavailable,
            "there is no Nix here, and no system that it could have activated",
        ));
    }
    let troubles = judge(facts);
    // Without the start of the boot nobody can say which log is of it.
    let logs = match boot::read(&root) {
        Ok(boot) => evidence::read(&root, &boot, &troubles)?,
        Err(_) => Vec::new(),
    };
    let seen = decide::Seen { facts, troubles: &troubles, logs: &logs, silent: gathered.silent.as_ref() };
    for finding in decide::findings(&seen) {
        report.finding(finding);
    }
    Ok(())
}

/// The short form for shells.
fn once(root: &oneshot::Root, stamp: &str, report: &mut Report) -> Result<()> {
    let Some(said) = brief::look(root)? else { return Ok(()) };
    report.ends(Exit::Failed);
    let boot = boot::read(root).map(|boot| boot.stamp()).unwrap_or_default();
    let new = format!("{boot} {}", said.cause);
    if new == stamp {
        return Ok(());
    }
    for line in said.lines {
        report.warn(&line);
    }
    answer(&format!("{new}\n"))
}

fn answer(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("writing to standard output")
}
