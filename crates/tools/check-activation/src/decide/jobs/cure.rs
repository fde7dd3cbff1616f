//! What else tells why a job is as it is, and what mends it.

use std::path::Path;

use activation::Job;
use activation::job::{Copy, Fault, Role};
use activation::jobs::{AGENTS, Jobs};
use launchd::background::SETTING;
use nix_host::Platform;

use super::super::{Seen, system};

/// What mends it.
pub(super) enum Cure {
    /// A program of the suite.
    Ours(String),
    /// Something else.
    Yours(String),
}

/// What else tells why.
pub(super) fn cause(job: &Job, fault: &Fault, jobs: &Jobs, seen: &Seen<'_>) -> Vec<String> {
    let mut hints = Vec::new();
    match fault {
        Fault::NotLoaded => {
            hints.extend(jobs.unseen.as_ref().map(|reason| {
                format!("a switch in {SETTING} may be off, which could not be asked ({reason})")
            }));
        }
        Fault::ChecksFailed(_) => {
            hints.push("harmless for the link; /etc and the keyboard were not looked after".to_owned());
        }
        _ => {}
    }
    let logs = [&job.definition.standard_error, &job.definition.standard_out];
    let mut told: Vec<_> = logs.into_iter().flatten().filter_map(|path| seen.log(Path::new(path))).collect();
    told.dedup();
    hints.extend(told);
    hints
}

/// The command that mends it.
pub(super) fn cure(job: &Job, fault: &Fault) -> Cure {
    let name = job.domain.service(&job.label);
    match fault {
        Fault::Blocked(_) | Fault::NeverStarted => {
            Cure::Yours(format!("{SETTING}: switch it on under \"Allow in the Background\""))
        }
        Fault::NotPermitted => Cure::Yours(system::FULL_DISK_ACCESS.to_owned()),
        Fault::ChecksFailed(_) => Cure::Yours(format!("{} {}", system::PERMITTED, system::activate())),
        Fault::Failed(_) => Cure::Yours(format!("when its cause is gone: sudo launchctl kickstart {name}")),
        // The system has its definition, from which it can be made again.
        _ if job.source.is_some() => Cure::Ours(program(job)),
        Fault::Copy(_) if job.role == Role::Own => {
            Cure::Yours(format!("activate the system again, which copies it: {}", system::activate()))
        }
        other => Cure::Yours(by_hand(job, &name, other)),
    }
}

/// fix-launch-daemons for the folder that the job is in.
fn program(job: &Job) -> String {
    let program = system::fix(Platform::Mac, "fix-launch-daemons");
    match job.domain.uid() {
        None => program,
        Some(_) if job.installed.starts_with(AGENTS) => format!("{program} --agents"),
        // It works with the rights of whose agents they are.
        Some(_) => format!("{} --user-agents", program.trim_start_matches("sudo ")),
    }
}

/// A job that no system has.
fn by_hand(job: &Job, name: &str, fault: &Fault) -> String {
    let place = job.installed.display();
    match fault {
        Fault::Copy(Copy::Rights(..)) => format!("sudo chown root:wheel {place}; sudo chmod 644 {place}"),
        Fault::Disabled { .. } => format!("sudo launchctl enable {name}"),
        Fault::NotLoaded => format!("sudo launchctl bootstrap {} {place}", job.domain),
        Fault::CouldNotStart(_) | Fault::Penalized => format!("sudo launchctl kickstart -k {name}"),
        _ => format!("have it made again by what made it: {place}"),
    }
}
