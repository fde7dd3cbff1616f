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
                exit = exit_of(tried);
                for Tried { step, end } in tried {
                    text.push_str("; ");
                    text.push_str(&self.end(step, end, exit, &mut hints));
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

    /// What became of a step. `exit` is what the trouble makes the run exit with.
    fn end(&self, step: &Step, end: &End, exit: Exit, hints: &mut Vec<String>) -> String {
        match end {
            End::Done if exit == Exit::Contradicted => {
                format!("it was reported done and does not hold: {step}")
            }
            End::Done => format!("done: {step}"),
            End::Failed { text, hints: own, .. } => {
                hints.extend(own.iter().cloned());
                format!("it failed to {step}: {text}")
            }
            End::Refused(words) => {
                hints.push(step.command());
                if let Some(user) = self.user {
                    let line = sudoers::line(step, user, self.folder);
                    hints.push(format!("let it be done unasked, in /etc/sudoers.d: {line}"));
                }
                format!("sudo does not let it {step}: {words}")
            }
            End::Declined => {
                hints.push(step.command());
                format!("not wanted: {step}")
            }
        }
    }
}

/// Of several steps those that were not done tell why it is there still; where all were done, something undoes them.
fn exit_of(tried: &[Tried]) -> Exit {
    let exits = tried.iter().filter_map(|tried| match &tried.end {
        End::Done => None,
        End::Failed { exit, .. } => Some(*exit),
        End::Refused(_) => Some(Exit::NoPermission),
        End::Declined => Some(Exit::Failed),
    });
    exits.reduce(Exit::worse).unwrap_or(Exit::Contradicted)
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

#[cfg(test)]
mod tests {
    use super::*;
    use nix_host::system::Standing;

    fn exit(ends: Vec<End>) -> Exit {
        let tried: Vec<_> = ends.into_iter().map(|end| Tried { step: Step::Wait, end }).collect();
        exit_of(&tried)
    }

    #[test]
    fn what_was_not_done_tells_the_exit_code_and_else_the_contradiction() {
        let late = || End::failed(Exit::Undecided, "");
        assert_eq!(exit(vec![End::Done]), Exit::Contradicted);
        assert_eq!(exit(vec![End::Done, late()]), Exit::Undecided);
        assert_eq!(exit(vec![End::Refused(String::new()), late()]), Exit::NoPermission);
        assert_eq!(exit(vec![late(), End::failed(Exit::Busy, "")]), Exit::Busy);
        assert_eq!(exit(vec![End::Declined]), Exit::Failed);
    }

    #[test]
    fn a_refusal_names_the_command_and_the_line_for_sudo() {
        let voice = Voice { user: Some("tim"), folder: "/x" };
        let step = Step::Link { is_stale: false };
        let tried = vec![Tried { step, end: End::Refused("no".to_owned()) }];
        let finding = voice.left(&Trouble::Current(Standing::Missing), &Left::Tried(tried));
        assert_eq!((finding.id, finding.shape), ("current-system", Some("LF1")));
        assert!(
            finding
                .hint
                .iter()
                .any(|hint| hint.ends_with("NOPASSWD: /x/fix-current-system --json --timeout 20"))
        );
    }

    #[test]
    fn a_shape_that_a_step_found_out_counts() {
        let end = End::Failed {
            exit: Exit::Failed,
            text: String::new(),
            hints: vec![],
            shape: Some(Shape::Blocked),
        };
        let left = Left::Tried(vec![Tried { step: Step::Daemons, end }]);
        let voice = Voice { user: None, folder: "" };
        assert_eq!(voice.left(&Trouble::Unread(String::new()), &left).shape, Some("LF3"));
    }
}
