//! What is wrong, in a clause, under the id that check-activation has for it, too.

use activation::job::{Copy, Fault, Program};
use activation::{Job, Trouble};
use nix_host::etc::{self, Odd};
use nix_host::run_folder;
use nix_host::system::{CURRENT, Standing as Current};
use nix_host::volume::Standing as Volume;
use oneshot::text::quoted;

/// More files than this are counted, not named.
const MOST_FILES: usize = 5;

/// An id and a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) id: &'static str,
    pub(crate) text: String,
}

/// That of a trouble.
pub(crate) fn of(trouble: &Trouble) -> Clause {
    match trouble {
        Trouble::Run { standing, causes } => {
            let causes = causes.iter().map(|(path, fault)| format!("; {} {fault}", path.display()));
            let text = format!("{} {standing}{}", run_folder::RUN, causes.collect::<String>());
            Clause { id: "run-folder", text }
        }
        Trouble::Volume(Volume::Removable) => {
            let text = "the store is on a disk that can be taken out: macOS lets no job run it".to_owned();
            Clause { id: "store-volume", text }
        }
        Trouble::Volume(_) => Clause { id: "store-volume", text: "the store is not mounted".to_owned() },
        Trouble::Profile(doubt) => {
            Clause { id: "system-profile", text: format!("which system should run is not known: {doubt}") }
        }
        Trouble::Current(standing) => {
            Clause { id: "current-system", text: format!("{CURRENT} {}", current(standing)) }
        }
        Trouble::GcRoot(_) => {
            let text = "nothing keeps the running system from being collected".to_owned();
            Clause { id: "gc-root", text }
        }
        Trouble::Static(standing) => {
            Clause { id: "etc-static", text: format!("{} {}", etc::STATIC, of_static(standing)) }
        }
        Trouble::Etc(odd) => Clause { id: "etc-files", text: files(odd) },
        Trouble::Unread(reason) => Clause { id: "etc-files", text: reason.clone() },
        Trouble::Domain(domain, reason) => {
            Clause { id: "launchd-answer", text: format!("launchd does not tell of {domain}: {reason}") }
        }
        Trouble::Definition(path, reason) => {
            Clause { id: "job-plist", text: format!("{} is no job: {reason}", path.display()) }
        }
        Trouble::Job(job, fault) => of_job(job, fault),
        Trouble::NoScreen { uid, .. } => {
            Clause { id: "launchd-domain", text: format!("uid {uid} is not logged in at the screen") }
        }
        Trouble::Shell { shell, reason } => {
            let text = format!("the login shell {} cannot be reached: {reason}", shell.display());
            Clause { id: "login-shell", text }
        }
    }
}

fn current(standing: &Current) -> String {
    match standing {
        Current::Right => "is as it should be".to_owned(),
        Current::Missing => "is missing".to_owned(),
        Current::Dangling(reason) => format!("leads nowhere: {reason}"),
        Current::Stale(path) => format!("leads to {}, another system than the profile's", path.display()),
        Current::NotALink(kind) => format!("is {kind}, which no link may replace"),
        Current::NoFolder(reason) => format!("has no folder to be in: {reason}"),
        Current::Unreadable(reason) => format!("cannot be looked at: {reason}"),
    }
}

fn of_static(standing: &etc::Standing) -> String {
    match standing {
        etc::Standing::Right => "is as it should be".to_owned(),
        etc::Standing::NoFiles(reason) => format!("has nothing to lead to: {reason}"),
        etc::Standing::Missing => "is missing".to_owned(),
        etc::Standing::Dangling(reason) => format!("leads nowhere: {reason}"),
        etc::Standing::Stale(path) => format!("leads to {}, the files of another system", path.display()),
        etc::Standing::NotALink(kind) => format!("is {kind}"),
        etc::Standing::Unreadable(reason) => format!("cannot be looked at: {reason}"),
    }
}

fn files(odd: &[Odd]) -> String {
    let named: Vec<_> = odd.iter().take(MOST_FILES).map(|odd| odd.path.display().to_string()).collect();
    let more = odd.len().saturating_sub(MOST_FILES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("not the system's: {}{more}", named.join(", "))
}

fn of_job(job: &Job, fault: &Fault) -> Clause {
    let label = &job.label;
    match fault {
        Fault::Copy(copy) => {
            let text = format!("the definition of {label}, {}, {}", job.installed.display(), of_copy(copy));
            Clause { id: "job-plist", text }
        }
        Fault::Disabled { .. } => Clause { id: "job-enabled", text: format!("{label} is disabled") },
        Fault::Blocked(name) => {
            let text = format!("{label} is kept from running: {} is switched off", quoted(name));
            Clause { id: "job-allowed", text }
        }
        Fault::NotLoaded => Clause { id: "job-loaded", text: format!("{label} is not loaded") },
        Fault::NeverStarted => {
            Clause { id: "job-started", text: format!("{label} is loaded and was never started") }
        }
        Fault::Penalized => Clause {
            id: "job-started",
            text: format!("{label} failed so often that it is not started any more"),
        },
        Fault::Program(program) => {
            let what = match program {
                Program::InStore(path) => format!("hangs on the store: {}", path.display()),
                Program::Missing(path) => format!("is not there: {}", path.display()),
                Program::None | Program::Here => "is not named".to_owned(),
            };
            Clause { id: "job-program", text: format!("what {label} starts {what}") }
        }
        Fault::NotPermitted => {
            Clause { id: "job-ended", text: format!("macOS does not let {label} execute its program") }
        }
        Fault::CouldNotStart(ended) | Fault::ChecksFailed(ended) | Fault::Failed(ended) => {
            Clause { id: "job-ended", text: format!("{label} ended with {ended}") }
        }
    }
}

fn of_copy(copy: &Copy) -> String {
    match copy {
        Copy::Right => "is right".to_owned(),
        Copy::Missing => "is missing".to_owned(),
        Copy::Differs => "is not the system's".to_owned(),
        Copy::Rights(uid, mode) => format!("belongs to uid {uid} with the mode {mode:04o}"),
        Copy::NotAFile(kind) => format!("is {kind}"),
        Copy::Unreadable(reason) => format!("cannot be read: {reason}"),
    }
}
