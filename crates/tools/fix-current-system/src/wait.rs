//! Waiting for the store.

use std::time::{Duration, Instant};

use anyhow::Result;
use nix_host::volume::{self, Expectation, POINT};
use nix_host::{Platform, platform};
use oneshot::report::Step as Record;
use oneshot::{Deadline, Report, Resolver, Root, StepState};
use path_wait::{Missing, Outcome, Wanted};

use crate::arguments::Arguments;
use crate::{kickstart, words};

/// How long the daemon that mounts the store is left alone before it is asked for. It runs at boot by itself, but may be held
/// back for more than two minutes (nix-installer#689).
const PATIENCE: Duration = Duration::from_secs(60);

/// The store, and who says what of it.
pub(crate) struct Store<'a> {
    root: &'a Root,
    arguments: &'a Arguments,
    platform: Platform,
    wanted: [Wanted; 1],
    expected: Vec<Expectation>,
}

impl<'a> Store<'a> {
    /// Reads what has to be there.
    pub(crate) fn new(root: &'a Root, arguments: &'a Arguments) -> Result<Self> {
        let resolver = Resolver::new(root);
        let expected = volume::expected(&resolver)?;
        let path = arguments.wait_for.clone();
        // An empty folder stands where the volume is to be mounted.
        let mounted = path.starts_with(POINT) && !expected.is_empty();
        let wanted = [Wanted { path, mounted }];
        Ok(Self { root, arguments, platform: platform::of(&resolver), wanted, expected })
    }

    /// One look: what is missing.
    pub(crate) fn missing(&self) -> Result<Vec<Missing>> {
        Ok(match self.until(Some(Deadline::after(Duration::ZERO)), &mut |_| {})? {
            Outcome::There => Vec::new(),
            Outcome::Over(missing) => missing,
        })
    }

    /// The finding on what is missing when the time is up.
    pub(crate) fn away(&self, missing: &[Missing]) -> oneshot::Finding {
        words::away(missing, &self.expected, self.platform)
    }

    /// Waits; what is missing when the time is up.
    pub(crate) fn wait(&self, report: &mut Report) -> Result<Vec<Missing>> {
        let (begin, deadline) = (Instant::now(), self.arguments.timeout.deadline());
        let mut told = String::new();
        if let Some(pause) = self.before_it_is_asked_for(deadline.as_ref()) {
            let outcome = self.tell(Some(Deadline::after(pause)), &mut told, report)?;
            if outcome != Outcome::There {
                self.ask(report);
            } else {
                return Ok(self.there(begin, &told, report));
            }
        }
        match self.tell(deadline, &mut told, report)? {
            Outcome::There => Ok(self.there(begin, &told, report)),
            Outcome::Over(missing) => Ok(missing),
        }
    }

    /// How long to wait before launchd is asked; `None` where there is no launchd, or no volume that it could bring.
    fn before_it_is_asked_for(&self, deadline: Option<&Deadline>) -> Option<Duration> {
        let half = deadline.map_or(PATIENCE, |deadline| deadline.remaining() / 2);
        let is_ours = self.platform == Platform::Mac && self.wanted.iter().any(|wanted| wanted.mounted);
        is_ours.then(|| half.min(PATIENCE))
    }

    fn ask(&self, report: &mut Report) {
        match kickstart::kickstart(self.root) {
            Ok(label) => {
                let text = format!("ask launchd to run {label}, which mounts the store");
                report.step(Record::new("kickstart", label, text, StepState::Done));
            }
            Err(words) => report.finding(words::no_daemon(&words)),
        }
    }

    /// Waits, and says what for, whenever that is something else than before.
    fn tell(&self, deadline: Option<Deadline>, told: &mut String, report: &mut Report) -> Result<Outcome> {
        let limit = self.arguments.timeout.at_most();
        self.until(deadline, &mut |missing| {
            // Everything is there.
            if missing.is_empty() {
                return;
            }
            let missing: Vec<_> = missing.iter().map(Missing::to_string).collect();
            let text = format!("waiting {limit}: {}", missing.join("; "));
            if *told != text {
                report.info(&text);
                *told = text;
            }
        })
    }

    fn until(&self, deadline: Option<Deadline>, tell: &mut dyn FnMut(&[Missing])) -> Result<Outcome> {
        path_wait::wait(self.root, &self.wanted, deadline, tell)
    }

    fn there(&self, begin: Instant, told: &str, report: &mut Report) -> Vec<Missing> {
        if !told.is_empty() {
            let path = self.arguments.wait_for.display();
            report.info(&format!("{path} is there after {:.1} s", begin.elapsed().as_secs_f64()));
        }
        Vec::new()
    }
}
