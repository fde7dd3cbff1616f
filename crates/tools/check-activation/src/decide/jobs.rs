//! The jobs of launchd: those that the system wants, what mounts the store, and mendutils' own.

use activation::job::{Copy, Fault, Program, Role};
use activation::jobs::Jobs;
use activation::{Job, Trouble, own};
use oneshot::{Exit, Finding, Status};

use super::{Seen, Silent};

mod cure;
mod words;

use cure::Cure;

/// The definition that is wanted, and its copy.
const PLIST: &str = "job-plist";

/// A finding for each job that is not in order, and one for all others.
pub(super) fn findings(seen: &Seen<'_>) -> Vec<Finding> {
    let Some(jobs) = &seen.facts.jobs else { return Vec::new() };
    let mut found: Vec<_> = seen.troubles.iter().filter_map(|trouble| of(trouble, jobs, seen)).collect();
    found.extend(summary(jobs, seen));
    found.extend(own_programs(jobs));
    found
}

fn of(trouble: &Trouble, jobs: &Jobs, seen: &Seen<'_>) -> Option<Finding> {
    let finding = match trouble {
        Trouble::Job(job, fault) => job_finding(job, fault, jobs, seen),
        Trouble::Definition(path, reason) => {
            let text = format!("{} is no definition of a job: {reason}", path.display());
            Finding::fail(PLIST, text).about(path.display().to_string())
        }
        Trouble::Domain(domain, reason) => {
            Finding::fail("launchd-answer", format!("launchd does not tell of the domain {domain}: {reason}"))
                .about(domain.to_string())
                .exits(Exit::Undecided)
        }
        Trouble::NoScreen { uid, agents } => {
            let text =
                format!("nobody is logged in at the screen as uid {uid}, so {agents} agents are not loaded");
            Finding::skip("launchd-domain", text)
                .hint("they are loaded at the next login at the screen; an SSH login loads none")
        }
        _ => return None,
    };
    Some(super::shaped(finding, trouble))
}

/// How bad it is. A daemon that ends badly was started, and so launchd has done its part. What brings the system up has
/// failed only where that does not run: the activation at boot makes the link before its checks.
fn status(job: &Job, fault: &Fault, is_linked: bool) -> Status {
    let is_own_affair = is_linked || (job.role == Role::Wanted && !job.is_activation());
    match fault {
        Fault::ChecksFailed(_) => Status::Warn,
        Fault::Failed(_) if is_own_affair => Status::Warn,
        _ => Status::Fail,
    }
}

fn job_finding(job: &Job, fault: &Fault, jobs: &Jobs, seen: &Seen<'_>) -> Finding {
    let name = job.domain.service(&job.label);
    let words = words::of(&name, job, fault);
    let status = status(job, fault, seen.facts.look.is_right());
    let finding = Finding::new(status, words.id, words.text);
    let finding = finding.about(&job.label).compared("loaded and started", words.actual);
    let finding = finding.hints(cure::cause(job, fault, jobs, seen));
    match cure::cure(job, fault) {
        Cure::Ours(command) => finding.fixable().hint(command),
        Cure::Yours(command) => finding.hint(command),
    }
}

/// One line for all that are in order.
fn summary(jobs: &Jobs, seen: &Seen<'_>) -> Option<Finding> {
    let id = "jobs";
    match seen.silent {
        Some(Silent::Unasked(reason)) => {
            return Some(Finding::skip(id, format!("launchd was not asked: {reason}")));
        }
        Some(Silent::Hangs(reason)) => {
            let text = format!("launchd does not answer: {reason}");
            return Some(Finding::fail("launchd-answer", text).exits(Exit::Undecided));
        }
        None => {}
    }
    let wrong = seen.troubles.iter().filter(|trouble| matches!(trouble, Trouble::Job(..))).count();
    match jobs.jobs.len() {
        0 => Some(Finding::skip(id, "the system wants no jobs")),
        _ if wrong > 0 || !jobs.unknown.is_empty() => None,
        1 => Some(Finding::ok(id, "the one job that is wanted is loaded")),
        all => Some(Finding::ok(id, format!("all {all} jobs that are wanted are loaded"))),
    }
}

/// Whether what comes up before the store is there.
fn own_programs(jobs: &Jobs) -> Option<Finding> {
    let id = "own-jobs";
    let own: Vec<_> =
        jobs.jobs.iter().filter(|job| job.role == Role::Own || job.label == own::BOOT).collect();
    if own.is_empty() {
        let text = format!(
            "{} is not in {}: nothing of mendutils helps this Mac to come up",
            own::BOOT_PROGRAM,
            own::PROGRAMS
        );
        return Some(Finding::skip(id, text));
    }
    own.iter().all(|job| job.copy == Copy::Right && job.program == Program::Here).then(|| {
        let labels: Vec<_> = own.iter().map(|job| job.label.as_str()).collect();
        Finding::ok(id, format!("{} is installed outside of the store", labels.join(", ")))
    })
}
