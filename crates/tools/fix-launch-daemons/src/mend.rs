//! One run: look at all jobs, and settle one after the other.

use std::time::Duration;

use anyhow::Result;
use launchd::{Change, Class, Launchctl};
use oneshot::lock::{self, Lock};
use oneshot::progress::Live;
use oneshot::report::Step as Record;
use oneshot::{Deadline, Exit, Finding, Report, Root, StepState, keep, refuse};

use crate::apply::apply;
use crate::arguments::Arguments;
use crate::decide::{Plan, Verdict, decide, preview};
use crate::facts::{Job, Tried};
use crate::gather::{Mac, Whole};
use crate::orphan;
use crate::scope::{Scope, scope};
use crate::step::Step;
use crate::wanted::{self, Read};
use crate::words;

/// Mends the jobs of the scope that the arguments name.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    match work(arguments, report) {
        // An activation that calls it is not to end because of it.
        Err(error) if arguments.advisory && oneshot::exit::of(&error) != Exit::Usage => {
            report.finding(Finding::fail("run", format!("{error:#}")).exits(Exit::Ok));
            Ok(())
        }
        result => result,
    }
}

fn work(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    let deadline = Deadline::after(Duration::from_secs(u64::from(arguments.timeout)));
    let launchctl = Launchctl::new(&root, deadline)?;
    let scope = scope(arguments, &root)?;
    let mac = Mac::new(&root, &scope, launchctl);
    let mut run = Run { arguments, mac: &mac, deadline, lock: None, is_only_looking: true };
    let mut outcome = run.all(report)?;
    if outcome.needs_changes && !arguments.write.dry_run {
        run.may_change(&scope)?;
        run.lock = Some(take_lock(&root)?);
        run.is_only_looking = false;
        // Another run may have ended between the look and the lock.
        outcome = run.all(report)?;
    }
    for finding in outcome.findings {
        let finding = if arguments.advisory { finding.exits(Exit::Ok) } else { finding };
        report.finding(finding);
    }
    Ok(())
}

/// A user has a folder for it, and may not write to the one of root.
fn take_lock(root: &Root) -> Result<Lock> {
    let own = nix::unistd::geteuid();
    let name = format!("fix-launch-daemons.{own}");
    if own.is_root() {
        return lock::take(root, &name);
    }
    lock::take_in(&Root::default(), &keep::state(root)?, &name)
}

/// What a pass over all jobs came to.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    needs_changes: bool,
}

/// How one job ended.
struct Settled {
    verdict: Option<Verdict>,
    shape: Option<&'static str>,
}

pub(crate) struct Run<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) mac: &'a Mac<'a>,
    deadline: Deadline,
    lock: Option<Lock>,
    is_only_looking: bool,
}

impl Run<'_> {
    /// Rights are asked for once something is to be changed: anybody may look.
    fn may_change(&self, scope: &Scope) -> Result<()> {
        if scope.needs_root && self.mac.root.is_real() && !nix::unistd::geteuid().is_root() {
            return Err(refuse(
                Exit::NoPermission,
                "changing the system's jobs needs root: run it with sudo",
            ));
        }
        Ok(())
    }

    fn all(&mut self, report: &mut Report) -> Result<Outcome> {
        let read = wanted::read(self.mac.root, self.mac.scope)?;
        let whole = self.mac.whole()?;
        let mut outcome = Outcome::default();
        outcome.findings.extend(whole.unknown().iter().map(|text| words::unreadable(text)));
        outcome.findings.extend(read.bad.iter().map(|(name, reason)| words::bad(name, reason)));
        if whole.has_no_domain() {
            outcome.findings.push(words::no_session(self.mac.scope.domain));
        }
        let progress = Live::start(report, "looking at the jobs");
        for wanted in &read.wanted {
            progress.say(&wanted.definition.label);
            self.one(wanted, &whole, &mut outcome, report);
        }
        drop(progress);
        self.orphans(&read, &whole, &mut outcome, report)?;
        Ok(outcome)
    }

    /// Settles one job; what goes wrong with it is its finding, and the others get their turn.
    fn one(&self, wanted: &crate::facts::Wanted, whole: &Whole, outcome: &mut Outcome, report: &mut Report) {
        let label = &wanted.definition.label;
        let settled = self.mac.job(wanted, whole).and_then(|mut job| {
            let settled = self.settle(&mut job, report)?;
            Ok((job, settled))
        });
        match settled {
            Ok((_, Settled { verdict: None, .. })) => outcome.needs_changes = true,
            Ok((job, Settled { verdict: Some(verdict), shape })) => {
                outcome.findings.extend(words::tell(&job, &verdict, shape));
            }
            Err(error) => outcome.findings.push(words::failed(label, &error)),
        }
    }

    /// Asks, decides and acts until the job is settled; without a verdict where it would act and only looks.
    fn settle(&self, job: &mut Job, report: &mut Report) -> Result<Settled> {
        let (mut tried, mut first) = (Tried::default(), None);
        let mut would = false;
        loop {
            match decide(job, &tried) {
                // What would be in order is told by the steps.
                Plan::End(Verdict::InOrder) if would => return Ok(Settled { verdict: None, shape: None }),
                Plan::End(verdict) => return Ok(Settled { verdict: Some(verdict), shape: first }),
                Plan::LookCloser => self.mac.look_closer(job)?,
                Plan::AskBackground => job.allowed = self.mac.allowed(job),
                Plan::Wait(pause) => {
                    let pause = pause.min(self.deadline.remaining());
                    if pause.is_zero() {
                        let label = &job.wanted.definition.label;
                        return Err(refuse(
                            Exit::Undecided,
                            format!("the time is up while {label} is on its way"),
                        ));
                    }
                    std::thread::sleep(pause);
                    tried.waited += pause;
                    self.mac.look_closer(job)?;
                }
                Plan::Do(step, _) if self.arguments.write.dry_run => {
                    report.step(Record::new(step.kind(), step.target(), &step, StepState::Would));
                    preview::after(job, &step);
                    would = true;
                }
                Plan::Do(..) if self.is_only_looking => return Ok(Settled { verdict: None, shape: None }),
                Plan::Do(step, _) if self.deadline.is_over() => {
                    return Err(refuse(
                        Exit::Undecided,
                        format!("the time is up, so nothing was done to {step}"),
                    ));
                }
                Plan::Do(step, shape) => {
                    first = first.or(shape);
                    self.take(job, &mut tried, &step, report)?;
                }
            }
        }
    }

    /// Takes a step for a job, and looks at what it made of it.
    fn take(&self, job: &mut Job, tried: &mut Tried, step: &Step, report: &mut Report) -> Result<()> {
        let applied = apply(self.mac, step, &job.wanted.bytes);
        if let (Err(_), Step::Install { .. }, true, Some(domain)) =
            (&applied, step, tried.booted_out, job.domain)
        {
            // The old definition is better than none: what was unloaded for the new one comes back.
            let back = Step::Launchctl(Change::Bootstrap { domain, path: job.wanted.place.clone() });
            let _ = apply(self.mac, &back, &[]);
        }
        let reply = applied?;
        if reply.as_ref().is_none_or(|reply| matches!(reply.class(), Class::Done)) {
            report.step(Record::new(step.kind(), step.target(), step, StepState::Done));
        }
        tried.note(step, reply);
        match step {
            Step::Install { .. } | Step::Remove { .. } => {
                job.installed = crate::place::installed(self.mac.root, self.mac.scope, &job.wanted)?;
            }
            Step::Launchctl(Change::Enable { .. }) => job.is_disabled = self.is_disabled(job)?,
            Step::Launchctl(_) => self.mac.look_closer(job)?,
        }
        Ok(())
    }

    fn is_disabled(&self, job: &Job) -> Result<bool> {
        let Some(domain) = job.domain else { return Ok(false) };
        let disabled = self.mac.launchctl.disabled(domain)?;
        // What cannot be read does not say that it is enabled.
        Ok(disabled.here().is_none_or(|disabled| disabled.has(&job.wanted.definition.label)))
    }

    /// Tells of the definitions that nobody wants any more, and takes them away if that is asked for.
    fn orphans(&self, read: &Read, whole: &Whole, outcome: &mut Outcome, report: &mut Report) -> Result<()> {
        for orphan in orphan::find(self, read)? {
            let removes = self.arguments.remove_orphans && read.bad.is_empty();
            match removes {
                false => outcome.findings.push(words::orphan(&orphan, self.arguments.remove_orphans)),
                true if self.is_only_looking && !self.arguments.write.dry_run => outcome.needs_changes = true,
                true => outcome.findings.extend(orphan::remove(self, &orphan, whole, report)?),
            }
        }
        Ok(())
    }

    /// When nothing is begun any more.
    pub(crate) fn deadline(&self) -> &Deadline {
        &self.deadline
    }
}
