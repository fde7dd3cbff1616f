//! How it is told what is left: each trouble by a short clause, why no step mended it, and what to do.

use std::path::Path;

use activation::job::Fault;
use activation::{Job, Shape, Trouble};
use nix_host::etc::{self, Odd};
use nix_host::run_folder;
use nix_host::volume::Standing as Volume;
use oneshot::{Exit, Finding};

use crate::clause::{self, Clause};
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

impl Voice<'_> {
    /// The finding on something that is left.
    pub(crate) fn left(&self, trouble: &Trouble, left: &Left) -> Finding {
        let Clause { id, mut text } = clause::of(trouble);
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
        match found_shape(left).or_else(|| trouble.shape()) {
            Some(shape) => finding.shape(shape.name()),
            None => finding,
        }
    }

    fn end(&self, step: &Step, end: &End, hints: &mut Vec<String>) -> (Exit, String) {
        match end {
            End::Done => (Exit::Contradicted, format!("it was reported done and does not hold: {step}")),
            End::Failed { exit, text, hints: own, .. } => {
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

/// The shape that a step found out, which knows more than the first look.
fn found_shape(left: &Left) -> Option<Shape> {
    let Left::Tried(tried) = left else { return None };
    tried.iter().find_map(|tried| match &tried.end {
        End::Failed { shape, .. } => *shape,
        _ => None,
    })
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
