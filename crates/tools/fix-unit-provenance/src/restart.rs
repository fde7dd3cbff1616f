//! `--restart`: one job for the units that run what was read before, judged as `restart-and-verify` judges it.

use std::time::Duration;

use anyhow::{Context, Result};
use oneshot::progress::Live;
use oneshot::report::Step as Record;
use oneshot::{Report, StepState};
use provenance::Whose;
use systemd::unit::Name;
use unit_restart::{Request, Verb, words};

use crate::arguments::Arguments;

/// How long what runs is watched after the job, as `restart-and-verify` does by default.
const STABLE: Duration = Duration::from_secs(2);

/// Restarts the units and tells what became of each.
pub(crate) fn run(arguments: &Arguments, whose: &Whose, units: &[&str], report: &mut Report) -> Result<()> {
    let scope = whose.scope();
    let parsed = units.iter().map(|unit| unit.parse::<Name>().map_err(anyhow::Error::msg));
    let names = parsed.collect::<Result<Vec<Name>>>().context("restarting units")?;
    let request = Request {
        scope: &scope,
        verb: Verb::Restart,
        units: &names,
        timeout: arguments.patience(),
        stable: STABLE,
        accept_ignored: false,
        is_asked_to_end: || false,
    };
    let progress = Live::start(report, "looking at the units");
    let transaction = unit_restart::run(&request, &mut |text| progress.say(text))?;
    drop(progress);
    if !transaction.asked.is_empty() {
        let asked: Vec<&str> = transaction.asked.iter().map(String::as_str).collect();
        report.step(step(&asked, StepState::Done));
    }
    for judgement in &transaction.judgements? {
        for finding in words::findings(judgement, &whose.systemctl()) {
            report.finding(finding);
        }
    }
    Ok(())
}

/// The restart as a step of the report.
pub(crate) fn step(units: &[&str], state: StepState) -> Record {
    Record::new("restart-units", units.join(" "), format!("restart {}", units.join(", ")), state)
}
