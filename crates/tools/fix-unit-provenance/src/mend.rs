//! One run: look, decide, take the steps, look again.

use anyhow::Result;
use oneshot::report::Step as Record;
use oneshot::{Exit, Finding, Report, Root, StepState, exit, refuse, text};
use provenance::survey::{Survey, Units, look};
use provenance::{Request, Whose, whose};

use crate::apply::{Here, apply};
use crate::arguments::Arguments;
use crate::decide::{Plan, Wish, decide, restartable, running_old};
use crate::held::Held;
use crate::restart;
use crate::step::Step;

/// Repairs the units that were asked for.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    let whose = match whose::choose(&root, arguments.user.as_ref(), arguments.system)? {
        Ok(whose) => whose,
        Err(reason) => {
            report.finding(Finding::skip("account", reason));
            return Ok(());
        }
    };
    if whose == Whose::System && arguments.generation.is_some() {
        return Err(refuse(
            Exit::Config,
            "a generation of Home Manager ships no units of the system manager; add --user",
        ));
    }
    let is_both = arguments.restore == arguments.reload;
    let wish = Wish {
        restores: arguments.restore || is_both,
        // What runs anew is what the manager has read.
        reloads: arguments.reload || is_both || arguments.restart,
        is_named: !arguments.units.is_empty(),
        removes: &arguments.remove_foreign,
        failed: &[],
    };
    let mut survey = gather(arguments, &root, &whose)?;
    let mut plan = decide(&survey, &wish);
    let old: Vec<String> = running_old(&survey, &plan).into_iter().map(str::to_owned).collect();
    if arguments.write.dry_run {
        for step in &plan.steps {
            report.step(Record::new(step.kind(), step.target(), step, StepState::Would));
        }
        let units = restartable(&plan, &old);
        if arguments.restart && !units.is_empty() {
            report.step(restart::step(&units, StepState::Would));
        }
        return tell(report, plan);
    }
    let (mut done, mut failed): (Vec<Step>, Vec<Step>) = (Vec::new(), Vec::new());
    let mut held = Held::default();
    while !plan.steps.is_empty() {
        if held.extend(&root, &whose, &plan.steps)? {
            // Another run may have ended between the look and the lock.
        } else if let Some(again) = plan.steps.iter().find(|step| done.contains(step)) {
            let text = format!("it was done and does not last: {again}; something undoes it");
            report.finding(Finding::fail("unit-file", text).exits(Exit::Contradicted));
            return tell(report, plan);
        } else {
            take(arguments, (&root, &whose), plan.steps, (&mut done, &mut failed), report);
        }
        survey = gather(arguments, &root, &whose)?;
        plan = decide(&survey, &Wish { failed: &failed, ..wish });
    }
    if let (Err(reason), false) = (&survey.host.manager, done.is_empty()) {
        report.info(&format!(
            "the manager was not asked, and reads the files when it starts or is reloaded: {reason}"
        ));
    }
    if !old.is_empty() && !done.is_empty() {
        let anew = if arguments.restart && !failed.contains(&Step::Reload) {
            restartable(&plan, &old)
        } else {
            Vec::new()
        };
        let rest: Vec<&str> = old.iter().map(String::as_str).filter(|unit| !anew.contains(unit)).collect();
        if !rest.is_empty() {
            report.finding(running(&whose, &rest));
        }
        if !anew.is_empty() {
            // The links are in order: another run may work on them while this one watches.
            drop(held);
            restart::run(arguments, &whose, &anew, report)?;
        }
    }
    tell(report, plan)
}

/// Takes each step, whatever becomes of the others.
fn take(
    arguments: &Arguments,
    (root, whose): (&Root, &Whose),
    steps: Vec<Step>,
    (done, failed): (&mut Vec<Step>, &mut Vec<Step>),
    report: &mut Report,
) {
    let here =
        Here { root, whose, backup_dir: arguments.backup_dir.as_deref(), patience: arguments.patience() };
    for step in steps {
        match apply(&here, &step) {
            Ok(kept) => {
                let text =
                    kept.map_or_else(|| step.to_string(), |kept| format!("{step}: {}", kept.display()));
                report.step(Record::new(step.kind(), step.target(), text, StepState::Done));
                done.push(step);
            }
            Err(error) => {
                let finding = match step {
                    Step::Restore { .. } => Finding::fail("unit-file", format!("{error:#}")),
                    Step::Remove { .. } => Finding::fail("unit-drop-in", format!("{error:#}")),
                    Step::Reload => Finding::fail("unit-manager", format!("{error:#}")),
                };
                report.finding(finding.exits(exit::of(&error)));
                failed.push(step);
            }
        }
    }
}

/// What runs is not what was read now; whether and when it may be restarted is not for a timer to say.
fn running(whose: &Whose, units: &[&str]) -> Finding {
    let text = format!("what runs is from before, and goes on: {}", units.join(", "));
    let words: Vec<String> = units.iter().map(|unit| text::word(unit)).collect();
    let restart = format!("when it may be: {} restart {}", whose.systemctl(), words.join(" "));
    Finding::warn("unit-running", text).hint(restart)
}

fn tell(report: &mut Report, plan: Plan) -> Result<()> {
    for finding in plan.findings {
        report.finding(finding);
    }
    Ok(())
}

fn gather(arguments: &Arguments, root: &Root, whose: &Whose) -> Result<Survey> {
    let units = match arguments.units.as_slice() {
        [] => Units::Shipped,
        names => Units::Named(names.iter().map(|name| name.as_str().to_owned()).collect()),
    };
    let generation = arguments.generation.as_deref();
    look(&Request { root, whose, is_offline: false, units, owner: None, generation })
}
