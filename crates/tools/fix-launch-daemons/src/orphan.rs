//! Definitions that carry the configuration's prefix and that the configuration does not have: an earlier one left them.

use std::path::PathBuf;

use anyhow::Result;
use launchd::{Change, Class};
use oneshot::report::Step as Record;
use oneshot::{Backoff, Deadline, Finding, Report, StepState};

use crate::apply::apply;
use crate::decide::TEARDOWN;
use crate::facts::{Guard, Loaded};
use crate::gather::Whole;
use crate::mend::Run;
use crate::place;
use crate::step::Step;
use crate::wanted::Read;
use crate::words;

/// Jobs with such a prefix that are the installer's and not the configuration's.
const FOREIGN: [&str; 2] = ["org.nixos.nix-daemon", "systems.determinate.nix-installer.nix-hook"];

/// Where the programs of this suite are installed on a Mac: their jobs stand outside of the configuration on purpose.
const SUITE: &str = "/usr/local/libexec/mendutils/";

/// A definition that nobody wants.
#[derive(Debug)]
pub(crate) struct Orphan {
    pub(crate) label: String,
    pub(crate) place: PathBuf,
}

/// Finds them, by the labels in the files.
pub(crate) fn find(run: &Run<'_>, read: &Read) -> Result<Vec<Orphan>> {
    let (mac, prefix) = (run.mac, &run.arguments.label_prefix);
    let mut orphans = Vec::new();
    for standing in place::standing(mac.root, mac.scope)? {
        let label = standing.label;
        let has_prefix = label.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let is_wanted = read.wanted.iter().any(|wanted| {
            wanted.definition.label == label || wanted.place.file_name() == Some(standing.name.as_ref())
        });
        let is_bad = read.bad.iter().any(|(name, _)| *name == standing.name);
        let is_suite = standing.executable.is_some_and(|path| path.starts_with(SUITE));
        let is_foreign = FOREIGN.contains(&label.as_str()) || mac.guard(&label) != Guard::None;
        if has_prefix && !is_wanted && !is_bad && !is_suite && !is_foreign {
            orphans.push(Orphan { label, place: mac.scope.place.join(standing.name) });
        }
    }
    Ok(orphans)
}

/// Unloads one and takes its definition away, in this order: killed in between, it is found again.
pub(crate) fn remove(
    run: &Run<'_>,
    orphan: &Orphan,
    whole: &Whole,
    report: &mut Report,
) -> Result<Option<Finding>> {
    let mac = run.mac;
    let domain = mac.scope.domain.filter(|_| !whole.has_no_domain());
    let remove = Step::Remove { place: orphan.place.clone() };
    let mut steps = Vec::new();
    if let Some(domain) = domain
        && mac.loaded(domain, &orphan.label)? != Loaded::No
    {
        steps.push(Step::Launchctl(Change::Bootout { domain, label: orphan.label.clone() }));
    }
    steps.push(remove);
    if run.arguments.write.dry_run {
        for step in &steps {
            report.step(Record::new(step.kind(), step.target(), step, StepState::Would));
        }
        return Ok(None);
    }
    for step in &steps {
        if let Some(reply) = apply(mac, step, &[])? {
            let is_ending =
                matches!(reply.class(), Class::Done | Class::NotLoaded | Class::Transient | Class::Ambiguous);
            if !is_ending || !ends(run, orphan)? {
                return Ok(Some(words::orphan_stays(orphan, &reply)));
            }
        }
        report.step(Record::new(step.kind(), step.target(), step, StepState::Done));
    }
    Ok(None)
}

/// Waits until launchd has it no more.
fn ends(run: &Run<'_>, orphan: &Orphan) -> Result<bool> {
    let Some(domain) = run.mac.scope.domain else { return Ok(true) };
    let limit = Deadline::after(TEARDOWN.min(run.deadline().remaining()));
    let mut backoff = Backoff::default();
    while run.mac.loaded(domain, &orphan.label)? != Loaded::No {
        if !backoff.pause(&limit) {
            return Ok(false);
        }
    }
    Ok(true)
}
