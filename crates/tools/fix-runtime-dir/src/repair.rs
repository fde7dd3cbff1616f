//! One run: every user in turn, each looked at, mended under the lock, and looked at again.

use anyhow::Result;
use oneshot::report::Step as Record;
use oneshot::{Exit, Finding, Report, Root, Status, StepState, lock, refuse};
use user_session::directory;
use user_session::{Account, Target, account};

use crate::apply::apply;
use crate::arguments::{Arguments, Wishes};
use crate::decide::{self, Plan};
use crate::facts::Facts;
use crate::gather::{Handles, gather};
use crate::manager;
use crate::step::Step;

/// A repair takes at most a few rounds: the parent, an upper layer or two, the directory. More means that something
/// undoes it.
const ROUNDS: usize = 8;

/// Mends the runtime directory of every user that is named; one that fails does not keep the others from it.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    if !systemd::manager::is_running(&root)? {
        report.info("skipped: systemd is not running here, so there is no /run/user to mend");
        return Ok(());
    }
    if !nix::unistd::geteuid().is_root() {
        return Err(refuse(
            Exit::NoPermission,
            "only root may mend /run/user: run it with sudo or in a system unit",
        ));
    }
    for target in &arguments.users {
        if let Err(error) = mend(&root, target, arguments, report) {
            let exit = oneshot::exit::of(&error);
            if arguments.users.len() == 1 {
                return Err(error);
            }
            report.finding(
                Finding::fail("runtime-dir", format!("{target}: {error:#}"))
                    .about(target.to_string())
                    .exits(exit),
            );
        }
    }
    Ok(())
}

fn mend(root: &Root, target: &Target, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let wishes = arguments.wishes();
    let Some(account) = account::find(root, target)? else {
        report.info(&format!("skipped: {target} has no account, so its primary group is unknown"));
        return Ok(());
    };
    let (facts, handles) = gather(root, &account, &wishes)?;
    drop(handles);
    if !decide::is_in_order(&facts, &wishes) {
        let plan = decide::plan(&facts, &wishes);
        if plan.steps.is_empty() || arguments.write.dry_run {
            tell(&facts, &plan, report);
        } else {
            mend_under_lock(root, &account, &wishes, report)?;
        }
    } else {
        report.detail(&format!("{} is in order", directory::path(account.uid)));
    }
    say(decide::held_up(&facts), &account, report);
    let is_refused = |finding: &Finding| {
        finding.status == Status::Fail && finding.subject.as_deref() == Some(account.name.as_str())
    };
    if wishes.start_manager && !report.findings().iter().any(is_refused) {
        let (facts, handles) = gather(root, &account, &wishes)?;
        drop(handles);
        manager::bring_up(root, &facts, arguments, report)?;
    }
    Ok(())
}

/// A plan that is not carried out: a dry run, or nothing but reasons.
fn tell(facts: &Facts, plan: &Plan, report: &mut Report) {
    for step in &plan.steps {
        report.step(record(step, facts, StepState::Would));
    }
    say(plan.findings.iter().cloned(), &facts.account, report);
    if let Some(idle) = &plan.idle {
        report.detail(idle);
    }
}

fn mend_under_lock(root: &Root, account: &Account, wishes: &Wishes, report: &mut Report) -> Result<()> {
    let _lock = lock::take(root, &format!("fix-runtime-dir.{}", account.uid))?;
    let mut done: Vec<Step> = Vec::new();
    for _ in 0..ROUNDS {
        let (facts, mut handles) = gather(root, account, wishes)?;
        let plan = decide::plan(&facts, wishes);
        // "Mended" is claimed of what was read back, not of calls that returned 0.
        if plan.steps.is_empty() {
            say(plan.findings, account, report);
            return Ok(());
        }
        if let Some(again) = plan.steps.iter().find(|step| !may_repeat(step) && done.contains(step)) {
            let sentence = again.sentence(&directory::path(account.uid));
            return Err(refuse(
                Exit::Contradicted,
                format!("it did not last: {sentence} is needed again; something undoes it"),
            ));
        }
        for step in plan.steps {
            take(&step, &facts, &mut handles, report)?;
            let moves_ground = step.moves_ground();
            done.push(step);
            if moves_ground {
                break;
            }
        }
        say(plan.findings, account, report);
    }
    Err(refuse(
        Exit::Contradicted,
        format!("{} was mended {ROUNDS} times and is still not in order", directory::path(account.uid)),
    ))
}

/// What an earlier round told is not told again.
pub(crate) fn say(findings: impl IntoIterator<Item = Finding>, account: &Account, report: &mut Report) {
    for finding in findings {
        let finding = finding.about(&account.name);
        if !report.findings().contains(&finding) {
            report.finding(finding);
        }
    }
}

/// Several layers are unmounted one by one, and a fresh mount has a label of its own.
fn may_repeat(step: &Step) -> bool {
    matches!(step, Step::Unmount | Step::Relabel)
}

fn take(step: &Step, facts: &Facts, handles: &mut Handles, report: &mut Report) -> Result<()> {
    apply(step, facts, handles)?;
    report.step(record(step, facts, StepState::Done));
    Ok(())
}

fn record(step: &Step, facts: &Facts, state: StepState) -> Record {
    let path = directory::path(facts.account.uid);
    let target = match step {
        Step::ParentOwner | Step::ParentMode => directory::PARENT.to_owned(),
        Step::Child(name) | Step::RemoveSocket(name) => format!("{path}/{name}"),
        Step::Link(link) => format!("{path}/{}", link.name),
        Step::StartDirectoryUnit => format!("user-runtime-dir@{}.service", facts.account.uid),
        _ => path.clone(),
    };
    Record::new(step.kind(), target, step.sentence(&path), state)
}
