//! One run: ask for the job, judge, tell.

use std::time::Duration;

use anyhow::Result;
use oneshot::progress::Live;
use oneshot::report::Step as Record;
use oneshot::{Exit, Report, StepState, refuse};
use systemd::unit::Name;
use unit_restart::{Judgement, Request, Verb, Verdict};

use crate::arguments::Arguments;
use crate::lint::lint;
use crate::whose::Manager;
use crate::words;

/// Restarts the units and judges each, or lints them.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let manager = Manager::of(arguments)?;
    if arguments.lint {
        return lint(arguments, &manager, report);
    }
    let request = Request {
        scope: &manager.scope,
        verb: if arguments.start { Verb::Start } else { Verb::Restart },
        units: &arguments.units,
        timeout: Duration::from_secs(u64::from(arguments.timeout)),
        stable: Duration::from_secs(u64::from(arguments.stable)),
        accept_ignored: arguments.accept_ignored,
        // A signal ends it at once: it has nothing to put in order.
        is_asked_to_end: || false,
    };
    let is_real = arguments.common.root().is_real();
    if arguments.write.dry_run {
        let unfit = if is_real { unit_restart::unfit(&request)? } else { Vec::new() };
        for judgement in &unfit {
            words::findings(judgement, &manager.systemctl)
                .into_iter()
                .for_each(|finding| report.finding(finding));
        }
        let named = arguments.units.iter().map(Name::as_str);
        let fit: Vec<&str> =
            named.filter(|name| !unfit.iter().any(|judgement| judgement.unit == **name)).collect();
        if !fit.is_empty() {
            report.step(step(arguments, &fit, StepState::Would));
        }
        return Ok(());
    }
    if !is_real {
        return Err(refuse(Exit::Unavailable, "no service manager runs the units of another tree"));
    }
    let progress = Live::start(report, "looking at the units");
    let transaction = unit_restart::run(&request, &mut |text| progress.say(text))?;
    drop(progress);
    let is_new = |judged: &Vec<_>| judged.iter().any(|one: &Judgement| one.verdict != Verdict::AlreadyUp);
    let has_run = transaction.judgements.as_ref().map_or(true, is_new);
    if !transaction.asked.is_empty() && has_run {
        let asked: Vec<&str> = transaction.asked.iter().map(String::as_str).collect();
        report.step(step(arguments, &asked, StepState::Done));
    }
    for judgement in &transaction.judgements? {
        report.detail(&format!("{judgement:?}"));
        words::findings(judgement, &manager.systemctl)
            .into_iter()
            .for_each(|finding| report.finding(finding));
    }
    Ok(())
}

fn step(arguments: &Arguments, units: &[&str], state: StepState) -> Record {
    let (target, list) = (units.join(" "), units.join(", "));
    if arguments.start {
        Record::new("start-units", target, format!("start {list}"), state)
    } else {
        Record::new("restart-units", target, format!("restart {list}"), state)
    }
}
