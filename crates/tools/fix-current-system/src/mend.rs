//! One run: look, wait for the store, decide, take the steps, look again.

use anyhow::Result;
use oneshot::report::Step as Record;
use oneshot::{Exit, Log, Report, Root, StepState, lock, refuse};

use crate::apply::{apply, explained};
use crate::arguments::{Arguments, Stale};
use crate::decide::{self, Plan, decide};
use crate::gather::gather;
use crate::step::Step;
use crate::wait::Store;
use crate::words;

/// Links what is to be linked.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    keep_log(arguments, &root, report);
    let store = Store::new(&root, arguments)?;
    let missing = store.missing()?;
    let facts = gather(&root, arguments)?;
    report.detail(&format!("missing: {missing:?}; {facts:?}"));
    // No wait brings /run.
    if let Some(finding) = decide::run(&facts) {
        report.finding(finding);
        return Ok(());
    }
    let dry = arguments.write.dry_run;
    if missing.is_empty() {
        let plan = decide(&facts, arguments.stale);
        if plan.steps.is_empty() || dry {
            tell(report, plan);
            return Ok(());
        }
    } else if dry {
        report.finding(store.away(&missing));
        return Ok(());
    }
    if root.is_real() && !nix::unistd::geteuid().is_root() {
        let text = "linking the current system needs root: run it with sudo, or in a job of the system";
        return Err(refuse(Exit::NoPermission, text));
    }
    let _lock = lock::take(&root, "fix-current-system").map_err(explained)?;
    let missing = store.wait(report)?;
    if !missing.is_empty() {
        report.finding(store.away(&missing));
        return Ok(());
    }
    mend(&root, arguments, report)
}

/// Takes steps until none is left, and claims only what was read back.
fn mend(root: &Root, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let (mut done, mut lost, mut notes) = (Vec::<Step>::new(), Vec::<Step>::new(), Vec::new());
    loop {
        // A link that was made has to lead there still: another one by now is no stale one.
        let was_linked = done.iter().any(|step| matches!(step, Step::Link { .. }));
        let stale = if was_linked { Stale::Always } else { arguments.stale };
        let mut plan = decide(&gather(root, arguments)?, stale);
        plan.steps.retain(|step| !lost.iter().any(|lost| step.is_again(lost)));
        if let Some(again) = plan.steps.iter().find(|step| done.iter().any(|done| step.is_again(done))) {
            report.finding(words::contradicted(again));
            return Ok(());
        }
        if plan.steps.is_empty() {
            plan.notes.append(&mut notes);
            tell(report, plan);
            return Ok(());
        }
        for step in plan.steps {
            match (apply(root, &step), &step) {
                (Ok(()), _) => {
                    report.step(Record::new(step.kind(), step.target(), &step, StepState::Done));
                    done.push(step);
                }
                (Err(error), Step::Link { .. }) => return Err(error),
                (Err(error), Step::Root { path, .. }) => {
                    report.finding(words::root_failed(path, &error));
                    lost.push(step);
                }
            }
        }
        notes.append(&mut plan.notes);
    }
}

fn tell(report: &mut Report, plan: Plan) {
    for step in &plan.steps {
        report.step(Record::new(step.kind(), step.target(), step, StepState::Would));
    }
    for finding in plan.findings.into_iter().chain(plan.notes) {
        report.finding(finding);
    }
}

/// A log that cannot be kept is told, and does not keep the link from being made.
fn keep_log(arguments: &Arguments, root: &Root, report: &mut Report) {
    let Some(path) = arguments.log_file.as_ref().filter(|_| !arguments.write.dry_run) else { return };
    match Log::open(&root.join(path)) {
        Ok(log) => report.keep(log),
        Err(error) => report.finding(words::no_log(&error)),
    }
}
