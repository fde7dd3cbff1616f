//! Taking one step.

use std::time::Duration;

use launchd::{Class, Reply};
use nix_host::{store, volume};
use oneshot::command::Outcome;
use oneshot::report::Step as Record;
use oneshot::{Deadline, Exit, Report, Resolver, Root, StepState};
use path_wait::{Missing, Wanted};

use crate::activate::{self, Ended};
use crate::facts::End;
use crate::level::Level;
use crate::privilege::{Privilege, Ran};
use crate::reply;
use crate::stamp::Stamp;
use crate::step::Step;
use crate::trust::Distrust;
use crate::words;

/// launchctl answers in milliseconds, or has lost launchd.
const ASKING: Duration = Duration::from_secs(10);

/// fix-current-system and fix-launch-daemons end by themselves, after what [`Step::words`] gives them; this is beyond.
const LINKING: Duration = Duration::from_secs(40);
const LOADING: Duration = Duration::from_secs(150);

/// A full activation installs applications, and may have to fetch them.
const ACTIVATING: Duration = Duration::from_secs(30 * 60);

/// What a step is taken with.
pub(crate) struct Hands<'a> {
    pub(crate) root: &'a Root,
    pub(crate) privilege: Privilege<'a>,
    /// How long the store is waited for.
    pub(crate) seconds: u32,
    /// Whether nobody at a terminal wants it.
    pub(crate) is_by_itself: bool,
}

impl Hands<'_> {
    /// Takes a step and tells what was changed.
    pub(crate) fn take(&self, step: &Step, report: &mut Report) -> End {
        let taken = match step.level() {
            Level::Store if *step == Step::Wait => self.wait(report),
            Level::Store => self.run(step, ASKING, |outcome| asked(step, outcome, report)),
            Level::Link => self.run(step, LINKING, |outcome| answered(step, outcome, report)),
            Level::Jobs => self.run(step, LOADING, |outcome| answered(step, outcome, report)),
            Level::Activation => self.activate(step, report),
        };
        taken.unwrap_or_else(|error| End::failed(oneshot::exit::of(&error), format!("{error:#}")))
    }

    fn run(&self, step: &Step, limit: Duration, read: impl FnOnce(&Outcome) -> End) -> anyhow::Result<End> {
        Ok(match self.privilege.run(step, limit)? {
            Ran::Ended(outcome) => read(&outcome),
            Ran::Refused(words) => End::Refused(words),
            Ran::Distrusted(reason) => untrusted(&reason),
        })
    }

    fn activate(&self, step: &Step, report: &mut Report) -> anyhow::Result<End> {
        if let Some(reason) = self.privilege.distrust(step)? {
            return Ok(untrusted(&reason));
        }
        // Before the run: one that is killed half-way counts too.
        let stamp = if self.is_by_itself { Some(Stamp::new(self.root)?) } else { None };
        if let Some(stamp) = &stamp {
            stamp.set()?;
        }
        report.info("activating in full, which may take minutes");
        let end = self.run(step, ACTIVATING, |outcome| activated(step, outcome, report))?;
        if let (End::Refused(_), Some(stamp)) = (&end, &stamp) {
            stamp.clear()?;
        }
        Ok(end)
    }

    fn wait(&self, report: &mut Report) -> anyhow::Result<End> {
        let expected = volume::read(&Resolver::new(self.root))?.expected;
        // An empty folder stands where the volume is to be mounted.
        let wanted = Wanted { path: store::STORE.into(), mounted: !expected.is_empty() };
        let deadline = Deadline::after(Duration::from_secs(u64::from(self.seconds)));
        let outcome = path_wait::wait(self.root, &[wanted], Some(deadline), &mut |missing| {
            if !missing.is_empty() {
                report.info(&format!("waiting, at most {} s: {}", self.seconds, told(missing)));
            }
        })?;
        Ok(match outcome {
            path_wait::Outcome::There => End::Done,
            path_wait::Outcome::Over(missing) => End::failed(
                Exit::Undecided,
                format!("{} s were not enough: {}", self.seconds, told(&missing)),
            ),
        })
    }
}

fn untrusted(reason: &Distrust) -> End {
    match reason {
        Distrust::Missing(_) => End::failed(Exit::Unavailable, reason.to_string()),
        _ => End::failed(Exit::NoPermission, format!("it is not run as root: {reason}")),
    }
}

fn told(missing: &[Missing]) -> String {
    missing.iter().map(Missing::to_string).collect::<Vec<_>>().join("; ")
}

fn done(step: &Step, report: &mut Report) {
    report.step(Record::new(step.kind(), step.target(), step, StepState::Done));
}

/// What launchctl said.
fn asked(step: &Step, outcome: &Outcome, report: &mut Report) -> End {
    let reply = Reply::of(outcome);
    match reply.class() {
        Class::Done => done(step, report),
        Class::AlreadyLoaded => {}
        _ => return End::failed(Exit::Failed, reply.to_string()),
    }
    End::Done
}

/// What a program of mendutils said.
fn answered(step: &Step, outcome: &Outcome, report: &mut Report) -> End {
    let reply = reply::read(outcome);
    for (target, text) in reply.done {
        report.step(Record::new(step.kind(), target, text, StepState::Done));
    }
    reply.end
}

/// What activate said.
fn activated(step: &Step, outcome: &Outcome, report: &mut Report) -> End {
    let failed =
        |text: String, hints: Vec<String>| End::Failed { exit: Exit::Failed, text, hints, shape: None };
    let hint = |text: &str| vec![text.to_owned()];
    match activate::read(outcome) {
        Ended::Well => {
            done(step, report);
            End::Done
        }
        Ended::Files(files) => {
            let named: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            let text =
                format!("files in /etc that it does not know keep it from beginning: {}", named.join(", "));
            failed(text, files.iter().map(|file| words::set_aside(file)).collect())
        }
        Ended::Check(words) => failed(format!("one of its checks failed: {words}"), Vec::new()),
        Ended::AppManagement => failed(
            "macOS does not let it change applications".to_owned(),
            hint(
                "System Settings > Privacy & Security > App Management: allow the terminal that you run it in",
            ),
        ),
        Ended::SysAdminFiles => failed(
            "macOS does not let it change users".to_owned(),
            hint(
                "System Settings > Privacy & Security > Full Disk Access: allow the terminal that you run it in",
            ),
        ),
        Ended::NoRun => failed("/run is not the link that it needs".to_owned(), Vec::new()),
        Ended::Aborted(words) => failed(
            format!(
                "launchctl was aborted in it, as happens to agents without a session at the screen: {words}"
            ),
            hint("log in at the screen, and run it in a terminal there (nix-darwin#1758)"),
        ),
        Ended::Otherwise(how, words) => failed(format!("it ended with {how}: {words}"), Vec::new()),
    }
}
