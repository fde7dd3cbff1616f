//! The way of one user: look, decide, take a step, look again, until it is in order or cannot be.

use std::time::Duration;

use anyhow::Result;
use oneshot::lock::{self, Lock};
use oneshot::progress::Live;
use oneshot::report::Step as Record;
use oneshot::{Backoff, Exit, Finding, Report, Root, StepState, refuse};
use systemd::manager;
use user_session::{Account, Target, account, causes, wsl};

use crate::apply::apply;
use crate::arguments::Arguments;
use crate::decide::{Plan, Step, decide};
use crate::facts::Facts;
use crate::gather::gather;
use crate::words;

/// logind starts the directory and then the manager; for an instant in between neither has a job.
const BETWEEN_JOBS: Duration = Duration::from_millis(250);

/// Mends the linger of every user that is named.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    if !manager::is_running(&root)? {
        report.finding(Finding::skip("systemd", "systemd is not PID 1 here, so nobody can linger"));
        return Ok(());
    }
    if let Some(version) = wsl::detect(&root)?.and_then(|wsl| wsl.version)
        && let Some(advice) = causes::login_mount_advisory(version)
    {
        let text = format!("this is WSL {version}: {}", advice.text);
        report.finding(Finding::warn("wsl-version", text).shape(advice.shape));
    }
    for target in &arguments.users {
        if let Err(error) = one(arguments, target, report) {
            // The others get their turn; the exit code tells of this one.
            let exit = oneshot::exit::of(&error);
            report
                .finding(Finding::fail("linger", format!("{error:#}")).about(target.to_string()).exits(exit));
        }
    }
    Ok(())
}

fn one(arguments: &Arguments, target: &Target, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    let Some(found) = account::find(&root, target)? else {
        report.finding(
            Finding::skip("linger", format!("{target} has no account, so nothing is done"))
                .about(target.to_string()),
        );
        return Ok(());
    };
    // logind goes by the uid: of two names with one uid it uses the first.
    let account = account::find(&root, &Target::Uid(found.uid))?.unwrap_or(found);
    refuse_no_file_name(&account)?;
    mend(arguments, &root, &account, report)
}

/// A name that cannot be a file name would make logind's file stand elsewhere.
fn refuse_no_file_name(account: &Account) -> Result<()> {
    if account.name.contains('/') || matches!(account.name.as_str(), "." | "..") {
        let name = oneshot::text::quoted(&account.name);
        return Err(oneshot::refuse(
            Exit::Config,
            format!("user {name} cannot linger: the name is no file name"),
        ));
    }
    Ok(())
}

fn mend(arguments: &Arguments, root: &Root, account: &Account, report: &mut Report) -> Result<()> {
    let mut run = Run { arguments, root, account, lock: None, done: Vec::new(), looked_twice: false };
    let progress = Live::start(report, &format!("{}: looking", account.name));
    let deadline = arguments.wait.deadline();
    let mut backoff = Backoff::default();
    loop {
        let facts = gather(root, account)?;
        let plan = decide(account, &facts, arguments.until_next_switch);
        report.detail(&format!("{}: {plan:?} from {facts:?}", account.name));
        let finding = match plan {
            Plan::Do(step) if run.done.contains(&step) => {
                if backoff.pause(&deadline) {
                    continue;
                }
                words::contradicted(account, &step)
            }
            Plan::Do(step) => {
                if run.take(step, report)? {
                    continue;
                }
                // A dry run ends at the first step.
                return Ok(());
            }
            Plan::Wait => {
                progress.say(&format!("{}: waiting for user@{}.service", account.name, account.uid));
                if backoff.pause(&deadline) {
                    continue;
                }
                words::undecided(account, &facts)
            }
            // What failed before the step may still show: logind starts it anew in a moment.
            Plan::ManagerFailed if !run.done.is_empty() && run.looks_again() => continue,
            plan => end(account, &plan, &facts, root)?,
        };
        drop(progress);
        warn_of_policy(account, &facts, &finding, report);
        report.finding(finding);
        return Ok(());
    }
}

struct Run<'a> {
    arguments: &'a Arguments,
    root: &'a Root,
    account: &'a Account,
    lock: Option<Lock>,
    done: Vec<Step>,
    looked_twice: bool,
}

impl Run<'_> {
    /// Waits out the gap between two jobs, once; false when that was done already.
    fn looks_again(&mut self) -> bool {
        if self.looked_twice {
            return false;
        }
        self.looked_twice = true;
        std::thread::sleep(BETWEEN_JOBS);
        true
    }

    /// Takes a step, or first makes sure that it is due; false when it is only told.
    fn take(&mut self, step: Step, report: &mut Report) -> Result<bool> {
        if self.arguments.write.dry_run {
            report.step(Record::new(step.kind(), step.target(), &step, StepState::Would));
            return Ok(false);
        }
        if matches!(step, Step::Start { .. }) && self.looks_again() {
            return Ok(true);
        }
        let own = nix::unistd::geteuid();
        if own.is_root() {
            if self.lock.is_none() {
                self.lock = Some(lock::take(self.root, &format!("fix-linger.{}", self.account.uid))?);
                // Another run may have ended between the look and the lock.
                return Ok(true);
            }
        } else if own.as_raw() != self.account.uid && self.root.is_real() {
            let text = format!("setting the linger of {} needs root, or that user", self.account.name);
            return Err(refuse(Exit::NoPermission, text));
        }
        apply(self.root, &step)?;
        report.step(Record::new(step.kind(), step.target(), &step, StepState::Done));
        self.done.push(step);
        Ok(true)
    }
}

/// The finding of a plan that needs neither a step nor time.
fn end(account: &Account, plan: &Plan, facts: &Facts, root: &Root) -> Result<Finding> {
    Ok(match plan {
        Plan::Undone => words::undone(account, facts),
        Plan::ManagerFailed | Plan::NoManager => words::no_manager(account, facts, root)?,
        _ => words::in_order(account, facts),
    })
}

/// What lingers now and will not after the next boot is worth a word, once it is in order.
fn warn_of_policy(account: &Account, facts: &Facts, finding: &Finding, report: &mut Report) {
    if finding.status == oneshot::Status::Ok
        && let Some(warning) = words::policy(account, facts)
    {
        report.finding(warning);
    }
}
