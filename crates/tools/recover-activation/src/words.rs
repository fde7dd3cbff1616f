//! How it is told what is left: each trouble by a short clause, why no step mended it, and what to do.

use std::path::Path;

use activation::job::{Copy, Fault, Program};
use activation::{Job, Trouble};
use nix_host::etc::{self, Odd};
use nix_host::run_folder;
use nix_host::system::{CURRENT, Standing as Current};
use nix_host::volume::Standing as Volume;
use oneshot::{Exit, Finding};

use crate::decide::Left;
use crate::facts::{End, Tried};
use crate::step::Step;
use crate::sudoers;

/// Who runs it, and what may be told to do.
#[derive(Clone, Debug)]
pub(crate) struct Voice<'a> {
    /// The user's name, where it is known.
    pub(crate) user: Option<&'a str>,
    /// The folder of the programs.
    pub(crate) folder: &'a str,
}

/// More files than this are counted, not named.
const MOST_FILES: usize = 5;

impl Voice<'_> {
    /// The finding on something that is left.
    pub(crate) fn left(&self, trouble: &Trouble, left: &Left) -> Finding {
        let (id, mut text) = clause(trouble);
        let mut hints = Vec::new();
        let mut exit = Exit::Failed;
        match left {
            Left::Helpless => {}
            Left::Kept(step, reason) => {
                text.push_str(&format!("; not done: {step}: {reason}"));
                hints.push(by_hand(step));
            }
            Left::Tried(tried) => {
                for Tried { step, end } in tried {
                    let (why, because) = self.end(step, end, &mut hints);
                    text.push_str(&format!("; {because}"));
                    exit = why;
                }
            }
        }
        hints.extend(cures(trouble));
        hints.dedup();
        let finding = Finding::fail(id, text).hints(hints).exits(exit);
        match trouble.shape() {
            Some(shape) => finding.shape(shape.name()),
            None => finding,
        }
    }

    fn end(&self, step: &Step, end: &End, hints: &mut Vec<String>) -> (Exit, String) {
        match end {
            End::Done => (Exit::Contradicted, format!("it was reported done and does not hold: {step}")),
            End::Failed { exit, text, hints: own } => {
                hints.extend(own.iter().cloned());
                (*exit, format!("it failed to {step}: {text}"))
            }
            End::Refused(words) => {
                hints.push(step.command());
                if let Some(user) = self.user {
                    let line = sudoers::line(step, user, self.folder);
                    hints.push(format!("let it be done unasked, in /etc/sudoers.d: {line}"));
                }
                (Exit::NoPermission, format!("sudo does not let it {step}: {words}"))
            }
            End::Declined => {
                hints.push(step.command());
                (Exit::Failed, format!("not wanted: {step}"))
            }
        }
    }
}

/// What a person does in place of a step that was not taken.
fn by_hand(step: &Step) -> String {
    match step {
        Step::Activate => format!(
            "in a terminal at the screen that System Settings > Privacy & Security > App Management allows: {}",
            step.command()
        ),
        step => step.command(),
    }
}

/// The id of a trouble, and what is wrong.
fn clause(trouble: &Trouble) -> (&'static str, String) {
    match trouble {
        Trouble::Run { standing, causes } => {
            let causes = causes.iter().map(|(path, fault)| format!("; {} {fault}", path.display()));
            let is = run(standing);
            ("run-folder", format!("{} {is}{}", run_folder::RUN, causes.collect::<String>()))
        }
        Trouble::Volume(Volume::Removable) => (
            "store-volume",
            "the store is on a disk that can be taken out: macOS lets no job run it".to_owned(),
        ),
        Trouble::Volume(_) => ("store-volume", "the store is not mounted".to_owned()),
        Trouble::Profile(doubt) => {
            ("system-profile", format!("which system should run is not known: {doubt}"))
        }
        Trouble::Current(standing) => ("current-system", format!("{CURRENT} {}", current(standing))),
        Trouble::GcRoot(_) => ("gc-root", "nothing keeps the running system from being collected".to_owned()),
        Trouble::Static(standing) => ("etc-static", format!("{} {}", etc::STATIC, of_static(standing))),
        Trouble::Etc(odd) => ("etc-files", files(odd)),
        Trouble::Unread(reason) => ("unread", reason.clone()),
        Trouble::Domain(domain, reason) => {
            ("launchd", format!("launchd does not tell of {domain}: {reason}"))
        }
        Trouble::Definition(path, reason) => ("job", format!("{} is no job: {reason}", path.display())),
        Trouble::Job(job, fault) => ("job", format!("{} {}", job.label, of_job(job, fault))),
        Trouble::NoScreen { uid, .. } => ("job", format!("uid {uid} is not logged in at the screen")),
        Trouble::Shell { shell, reason } => {
            ("login-shell", format!("the login shell {} cannot be reached: {reason}", shell.display()))
        }
    }
}

fn run(standing: &run_folder::Standing) -> String {
    use run_folder::Standing;
    match standing {
        Standing::Right => "is as it should be".to_owned(),
        Standing::Missing => "is missing".to_owned(),
        Standing::Elsewhere(text) => format!("leads to {}", text.display()),
        Standing::Dangling(reason) => format!("leads nowhere: {reason}"),
        Standing::Wrong(kind) => format!("is {kind}"),
        Standing::Unreadable(reason) => format!("cannot be looked at: {reason}"),
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

fn of_job(job: &Job, fault: &Fault) -> String {
    let place = job.installed.display();
    match fault {
        Fault::Copy(Copy::Missing) => format!("has no definition in {place}"),
        Fault::Copy(Copy::Differs) => format!("has another definition in {place} than the system's"),
        Fault::Copy(Copy::Rights(uid, mode)) => {
            format!("is refused by launchd: {place} has the owner {uid} and the mode {mode:04o}")
        }
        Fault::Copy(copy) => format!("has no good definition in {place}: {copy:?}"),
        Fault::Disabled { .. } => "is disabled".to_owned(),
        Fault::Blocked(name) => format!("is kept from running: {name:?} may not run in the background"),
        Fault::NotLoaded => "is not loaded".to_owned(),
        Fault::NeverStarted => "is loaded and was never started".to_owned(),
        Fault::Program(Program::InStore(path)) => {
            format!("must run without the store, and starts {}", path.display())
        }
        Fault::Program(Program::Missing(path)) => format!("starts {}, which is not there", path.display()),
        Fault::Program(_) => "starts nothing".to_owned(),
        Fault::CouldNotStart(ended) => format!("could not start ({ended})"),
        Fault::Penalized => "is not started any more, as it failed too often".to_owned(),
        Fault::NotPermitted => "may not execute its program".to_owned(),
        Fault::ChecksFailed(ended) | Fault::Failed(ended) => format!("ended with {ended}"),
    }
}

/// What to do about what no step mends.
fn cures(trouble: &Trouble) -> Vec<String> {
    let own = |text: &str| vec![text.to_owned()];
    match trouble {
        Trouble::Run { causes, .. } => run_folder::cures(causes),
        Trouble::Volume(Volume::Removable) => own(
            "System Settings > Privacy & Security > Full Disk Access: allow the program of each job that fails",
        ),
        Trouble::Volume(_) => own(
            "by hand: sudo /usr/local/bin/determinate-nixd init, or: sudo diskutil mount -mountPoint /nix \"Nix Store\"",
        ),
        Trouble::Job(_, Fault::Blocked(_) | Fault::NeverStarted) => {
            own("System Settings > General > Login Items & Extensions: allow it in the background")
        }
        Trouble::Job(job, Fault::NotPermitted) => vec![format!(
            "System Settings > Privacy & Security > Full Disk Access: allow {}",
            job.definition.executable().unwrap_or("its program")
        )],
        Trouble::Job(job, fault) if job.role == activation::job::Role::Own => own_job(job, fault),
        Trouble::Etc(odd) => odd.iter().filter_map(before).collect(),
        Trouble::Profile(_) => own("make a system: sudo darwin-rebuild switch"),
        Trouble::Shell { .. } => own("as long as the store is away: chsh -s /bin/zsh"),
        _ => Vec::new(),
    }
}

/// nix-darwin keeps what it replaces under this name, and says so.
pub(crate) fn set_aside(path: &Path) -> String {
    let path = path.display();
    format!("look at it, and then: sudo mv {path} {path}.before-nix-darwin")
}

fn before(odd: &Odd) -> Option<String> {
    matches!(odd.state, etc::State::Replaced(_)).then(|| set_aside(&odd.path))
}

fn own_job(job: &Job, fault: &Fault) -> Vec<String> {
    let (domain, place) = (job.domain, job.installed.display());
    match fault {
        Fault::NotLoaded => vec![format!("sudo launchctl bootstrap {domain} {place}")],
        Fault::Disabled { .. } => vec![format!("sudo launchctl enable {}", domain.service(&job.label))],
        _ => vec![format!("install it anew: {place}")],
    }
}
