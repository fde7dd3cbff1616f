//! `--start-manager`: a push for `user@UID.service`, then a bounded wait until its bus answers.

use std::time::Duration;

use anyhow::Result;
use oneshot::progress::Still;
use oneshot::report::Step as Record;
use oneshot::{Backoff, Deadline, Exit, Finding, Report, Root, StepState};
use systemd::Scope;
use systemd::unit::{self, Active};
use user_session::bus::{self, Answer};
use user_session::{causes, cgroup, directory};

use crate::arguments::Arguments;
use crate::decide::{self, ManagerStep, manager_step};
use crate::facts::Facts;
use crate::repair;

/// A look at the bus is one system call; a look at the unit is a process, so it comes less often.
const UNIT_LOOK: Duration = Duration::from_millis(400);

/// Does what [`manager_step`] says.
pub(crate) fn bring_up(root: &Root, facts: &Facts, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let Some(session) = &facts.session else { return Ok(()) };
    let uid = facts.account.uid;
    let manager = format!("user@{uid}.service");
    let dry_run = arguments.write.dry_run;
    let state = if dry_run { StepState::Would } else { StepState::Done };
    match manager_step(facts, session) {
        ManagerStep::Nothing => report.detail(&format!("{manager} runs and its bus answers")),
        ManagerStep::Unneeded(reason) => report.info(&reason),
        ManagerStep::Refuse(finding) => report.finding(finding.about(&facts.account.name)),
        ManagerStep::Wait => wait(root, facts, arguments, report)?,
        ManagerStep::Start { failed } => {
            repair::say(decide::causes(session), &facts.account, report);
            if !dry_run {
                if !failed.is_empty() {
                    Scope::System.systemctl()?.args(["reset-failed", "--"]).args(failed).output()?;
                }
                Scope::System.systemctl()?.args(["start", "--no-block", "--", &manager]).output()?;
            }
            report.step(Record::new("start-unit", &manager, format!("start {manager}"), state));
            if !dry_run {
                wait(root, facts, arguments, report)?;
            }
        }
        ManagerStep::RestartBus => {
            // Through systemd/private, which needs no bus. dbus.service goes and comes with its socket; user services
            // that do not depend on the bus stay.
            if !dry_run {
                let scope = Scope::user(uid, facts.account.gid);
                scope.systemctl()?.args(["restart", "dbus.socket"]).output()?;
            }
            let text = format!("restart dbus.socket of {}", facts.account.name);
            report.step(Record::new("restart-unit", "dbus.socket", text, state));
            if !dry_run {
                wait(root, facts, arguments, report)?;
            }
        }
    }
    Ok(())
}

/// Good as soon as the bus answers and the unit is up, bad as soon as the unit has failed, undecided at the deadline.
fn wait(root: &Root, facts: &Facts, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let uid = facts.account.uid;
    let manager = format!("user@{uid}.service");
    let socket = root.join(directory::path(uid)).join(bus::BUS);
    let deadline = arguments.wait.deadline();
    let progress = Still::start(report, &format!("waiting for the bus of {}", facts.account.name));
    let mut pause = Backoff::default();
    let mut next_look = Deadline::after(UNIT_LOOK);
    loop {
        let mut answers = false;
        match bus::ask(&socket) {
            Answer::Listens { uid: owner } if owner == uid => answers = true,
            Answer::Listens { uid: owner } => {
                let text = format!("somebody with uid {owner} listens at {}", socket.display());
                report.finding(Finding::fail("bus", text).compared(uid, owner));
                return Ok(());
            }
            _ => {}
        }
        if answers || next_look.is_over() || deadline.is_over() {
            let state = unit::show_one(&Scope::System, &manager)?;
            if answers && state.is_up() {
                break;
            }
            if state.active == Active::Failed {
                drop(progress);
                report.finding(failed(root, facts, &state)?);
                return Ok(());
            }
            if deadline.is_over() {
                drop(progress);
                report.finding(undecided(facts, &state, arguments.wait.timeout));
                return Ok(());
            }
            next_look = Deadline::after(UNIT_LOOK);
        }
        pause.pause(&deadline);
    }
    drop(progress);
    report.detail(&format!("{manager} runs and its bus answers"));
    Ok(())
}

fn failed(root: &Root, facts: &Facts, state: &unit::Unit) -> Result<Finding> {
    let uid = facts.account.uid;
    if let cgroup::Population::Foreign { path } = cgroup::of_manager(root, uid)? {
        let (text, hints) = causes::foreign_cgroup(&path);
        return Ok(Finding::fail("cgroup-collision", text).shape("RF12").hints(hints).exits(Exit::Busy));
    }
    let text = format!("user@{uid}.service failed again: {}", state.summary());
    let hint = format!("see why: journalctl -b -u user@{uid}.service -u user-runtime-dir@{uid}.service");
    Ok(Finding::fail("user-manager", text).shape("RF10").hint(hint))
}

fn undecided(facts: &Facts, state: &unit::Unit, seconds: u32) -> Finding {
    let uid = facts.account.uid;
    let text =
        format!("after {seconds} s user@{uid}.service is {} and its bus does not answer", state.summary());
    let finding = Finding::fail("user-manager", text).exits(Exit::Undecided);
    finding.hint(format!("see what it waits for: systemctl list-jobs; journalctl -b -u user@{uid}.service"))
}
