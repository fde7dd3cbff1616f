//! The jobs of launchd: those that the system wants, what mounts the store, and mendutils' own.

use std::path::Path;

use activation::job::{Copy, Fault, Program, Role};
use activation::jobs::Jobs;
use activation::{Job, Trouble, own};
use launchd::background::SETTING;
use nix_host::Platform;
use oneshot::{Exit, Finding, Status};

use super::{Seen, system};

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
            Finding::fail("job-definition", text).about(path.display().to_string())
        }
        Trouble::Domain(domain, reason) => {
            Finding::fail("launchd", format!("launchd does not tell of the domain {domain}: {reason}"))
                .about(domain.to_string())
                .exits(Exit::Undecided)
        }
        Trouble::NoScreen { uid, agents } => {
            let text =
                format!("nobody is logged in at the screen as uid {uid}, so {agents} agents are not loaded");
            Finding::skip("agents", text)
                .hint("they are loaded at the next login at the screen; an SSH login loads none")
        }
        _ => return None,
    };
    Some(super::shaped(finding, trouble))
}

/// How bad it is. A daemon that ends badly is started, and so launchd has done its part; the activation at boot makes the
/// link before its checks.
#[must_use]
pub fn status(job: &Job, fault: &Fault) -> Status {
    match fault {
        Fault::ChecksFailed(_) => Status::Warn,
        Fault::Failed(_) if job.role == Role::Wanted && !job.is_activation() => Status::Warn,
        _ => Status::Fail,
    }
}

fn job_finding(job: &Job, fault: &Fault, jobs: &Jobs, seen: &Seen<'_>) -> Finding {
    let name = job.domain.service(&job.label);
    let (id, text, actual) = words(&name, job, fault);
    let finding =
        Finding::new(status(job, fault), id, text).about(&name).compared("loaded and started", actual);
    let finding = finding.hints(cause(job, fault, jobs, seen));
    match cure(job, fault) {
        Some((cure, true)) => finding.fixable().hint(cure),
        Some((cure, false)) => finding.hint(cure),
        None => finding,
    }
}

fn words(name: &str, job: &Job, fault: &Fault) -> (&'static str, String, String) {
    match fault {
        Fault::Copy(copy) => {
            let what = copy_words(copy);
            ("job-definition", format!("{name}: {} {what}", job.installed.display()), what)
        }
        Fault::Disabled { is_loaded: false } => {
            ("job-disabled", format!("{name} is disabled, and so not loaded"), "disabled".to_owned())
        }
        Fault::Disabled { is_loaded: true } => (
            "job-disabled",
            format!("{name} is disabled: the next boot does not load it"),
            "disabled".to_owned(),
        ),
        Fault::Blocked(item) => {
            let item = oneshot::text::quoted(item);
            let text = format!("{name} may not run: {item} is switched off in System Settings");
            ("job-blocked", text, "disallowed".to_owned())
        }
        Fault::NeverStarted => (
            "job-blocked",
            format!("{name} is loaded, and launchd never started it"),
            "never started".to_owned(),
        ),
        Fault::NotLoaded => ("job-loaded", format!("{name} is not loaded"), "not loaded".to_owned()),
        Fault::Program(program) => {
            let what = program_words(program);
            ("job-program", format!("{name}: {what}"), what)
        }
        Fault::CouldNotStart(ended) => {
            let meaning = ended.meaning().unwrap_or("it could not be started");
            (
                "job-program",
                format!("{name} ended with {ended}: {meaning}; it is there now"),
                ended.to_string(),
            )
        }
        Fault::NotPermitted => (
            "job-program",
            format!("{name} ended with exit 126: macOS does not let it execute its program"),
            "exit 126".to_owned(),
        ),
        Fault::Penalized => (
            "job-state",
            format!("{name} failed so often that launchd has given up starting it"),
            "penalty box".to_owned(),
        ),
        Fault::ChecksFailed(ended) => {
            let text = format!("{name} ended with {ended} after it had made the link: its checks failed");
            ("job-state", text, ended.to_string())
        }
        Fault::Failed(ended) => {
            let meaning = ended.meaning().map(|meaning| format!(": {meaning}")).unwrap_or_default();
            ("job-state", format!("{name} ended with {ended}{meaning}"), ended.to_string())
        }
    }
}

fn copy_words(copy: &Copy) -> String {
    match copy {
        Copy::Right => "is right".to_owned(),
        Copy::Missing => "is missing".to_owned(),
        Copy::Differs => "is not the one of the system".to_owned(),
        Copy::Rights(uid, mode) => {
            format!("belongs to uid {uid} with the mode {mode:04o}, which launchd does not take")
        }
        Copy::NotAFile(kind) => format!("is {kind}, and not a copy"),
        Copy::Unreadable(reason) => format!("is of no use: {reason}"),
    }
}

fn program_words(program: &Program) -> String {
    match program {
        Program::Here | Program::None => "its program is there".to_owned(),
        Program::InStore(path) => {
            format!("{} is in the store, where it cannot help while that is away", path.display())
        }
        Program::Missing(path) => format!("{} is not there, or cannot be executed", path.display()),
    }
}

/// What else tells why.
fn cause(job: &Job, fault: &Fault, jobs: &Jobs, seen: &Seen<'_>) -> Vec<String> {
    let mut hints = Vec::new();
    match fault {
        Fault::NotLoaded => hints.extend(
            jobs.unseen
                .as_ref()
                .map(|reason| format!("a switch in {SETTING} may be off ({reason}): sudo sfltool dumpbtm")),
        ),
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

/// The command that mends it, and whether that is a program of the suite.
fn cure(job: &Job, fault: &Fault) -> Option<(String, bool)> {
    let name = job.domain.service(&job.label);
    let is_wanted = job.source.is_some();
    let agents = match job.domain.uid() {
        None => "",
        Some(_) if job.installed.starts_with(activation::jobs::AGENTS) => " --agents",
        Some(_) => " --user-agents",
    };
    let program = system::fix(Platform::Mac, "fix-launch-daemons");
    // Only a user's own rights reach a user's own agents.
    let program = if agents == " --user-agents" { program.trim_start_matches("sudo ") } else { &program };
    let fix = || Some((format!("{program}{agents}"), true));
    let sudo = |words: &str| Some((format!("sudo launchctl {words}"), false));
    match fault {
        Fault::Blocked(_) | Fault::NeverStarted => {
            Some((format!("switch it on in {SETTING}, below \"Allow in the Background\""), false))
        }
        Fault::NotPermitted => Some((system::FULL_DISK_ACCESS.to_owned(), false)),
        Fault::ChecksFailed(_) => Some((format!("{} {}", system::PERMITTED, system::activate()), false)),
        Fault::Failed(_) => sudo(&format!("kickstart {name}"))
            .map(|(cure, _)| (format!("look at its log, then: {cure}"), false)),
        _ if is_wanted => fix(),
        Fault::Copy(_) if job.role == Role::Own => {
            Some((format!("activate the system again, which copies it: {}", system::activate()), false))
        }
        Fault::Copy(Copy::Rights(..)) => {
            Some((format!("sudo chown root:wheel {0}; sudo chmod 644 {0}", job.installed.display()), false))
        }
        Fault::Disabled { .. } => sudo(&format!("enable {name}")),
        Fault::NotLoaded => sudo(&format!("bootstrap {} {}", job.domain, job.installed.display())),
        Fault::CouldNotStart(_) | Fault::Penalized => sudo(&format!("kickstart -k {name}")),
        Fault::Copy(_) | Fault::Program(_) => {
            Some((format!("install it again: {}", job.installed.display()), false))
        }
    }
}

/// One line for all that are in order.
fn summary(jobs: &Jobs, seen: &Seen<'_>) -> Option<Finding> {
    let id = "jobs";
    if let Some(reason) = seen.unasked {
        return Some(Finding::skip(id, format!("launchd was not asked: {reason}")));
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
