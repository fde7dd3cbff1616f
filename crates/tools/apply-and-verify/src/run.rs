//! One run: look, decide, change, watch, tell.

use anyhow::Result;
use oneshot::report::Step as Record;
use oneshot::{Deadline, Exit, Finding, Report, StepState, refuse};
use stack::apply::Applying;
use stack::judge::{self, Provider, Verdict};
use stack::memory::{Memory, Verified};
use stack::project::Stack;
use stack::stale::Stale;
use stack::up::{self, Outcome};
use stack::{logs, require};
use systemd::Scope;

use crate::arguments::Arguments;
use crate::decide::{changes, decide};
use crate::facts::Facts;
use crate::gather::{self, gather};
use crate::keep::Places;
use crate::step::Step;
use crate::tell::Telling;
use crate::words;

/// Brings the project up and verifies it.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let project = gather::project(arguments)?;
    if !gather::is_complete(&require::files(&project), report) {
        return Ok(());
    }
    stack::catch_ends()?;
    let root = arguments.common.root();
    let Some(stack) = gather::stack(arguments, project, report)? else { return Ok(()) };
    let places = Places::of(&root)?;
    let _lock = if arguments.write.dry_run { None } else { Some(places.lock(&arguments.project)?) };
    let memory = Memory::new(places.state(), &arguments.project);
    let verified = memory.read()?;
    let mut run = Run { arguments, stack, places, memory, report };
    if arguments.write.dry_run {
        return run.only_tell(verified.as_ref());
    }
    if arguments.pull && !run.pull()? {
        return Ok(());
    }
    let facts = gather(arguments, &run.stack, verified.as_ref(), arguments.pull)?;
    run.bring_up(&facts)
}

struct Run<'a> {
    arguments: &'a Arguments,
    stack: Stack,
    places: Places,
    memory: Memory,
    report: &'a mut Report,
}

impl Run<'_> {
    fn only_tell(&mut self, verified: Option<&Verified>) -> Result<()> {
        if self.arguments.pull {
            self.record(&self.pulling(), StepState::Would);
        }
        let facts = gather(self.arguments, &self.stack, verified, self.arguments.pull)?;
        for step in decide(&facts) {
            self.record(&step, StepState::Would);
        }
        Ok(())
    }

    fn record(&mut self, step: &Step, state: StepState) {
        self.report.step(Record::new(step.kind(), step.target(), step, state));
    }

    fn pulling(&self) -> Step {
        Step::Pull { project: self.arguments.project.clone(), provider: self.stack.provider.name() }
    }

    /// Fetches the images; false when that failed, which is told.
    fn pull(&mut self) -> Result<bool> {
        let outcome = self.have(&["pull"])?;
        if let Some(signal) = outcome.stopped {
            return Err(stopped(signal));
        }
        let exit = judge::exit(&[], outcome.provider.unwrap_or(Provider::Idle));
        if let Some(finding) = words::provider(&outcome, &self.stack.provider.name(), exit) {
            self.report.finding(finding);
            return Ok(exit == Exit::Ok);
        }
        self.record(&self.pulling(), StepState::Done);
        Ok(true)
    }

    /// Has the provider do something, and waits for its end alone.
    fn have(&mut self, verb: &[&str]) -> Result<Outcome> {
        let order = self.stack.order(verb, &self.places.files()?)?;
        let applying = Applying::start(&order)?;
        let limit = self.arguments.limits().apply;
        up::to_its_end(applying, limit, &mut Telling::start(self.report, false))
    }

    fn bring_up(&mut self, facts: &Facts) -> Result<()> {
        let steps = decide(facts);
        let stale: Vec<Stale> = steps
            .iter()
            .filter_map(|step| if let Step::Remove(stale) = step { Some(stale.clone()) } else { None })
            .collect();
        if !stale.is_empty() {
            self.stack.remove(&stale)?;
            for step in steps.iter().filter(|step| matches!(step, Step::Remove(_))) {
                self.record(step, StepState::Done);
            }
        }
        let verb = ["up", "--detach", "--remove-orphans"];
        if self.arguments.no_wait {
            return self.apply_only(facts, &steps, &verb);
        }
        let applying = if steps.is_empty() {
            None
        } else {
            let order = self.stack.order(&verb, &self.places.files()?)?;
            Some(Applying::start(&order)?)
        };
        let limits = self.arguments.limits();
        let mut telling = Telling::start(self.report, steps.is_empty());
        let before = gather::starts(facts);
        let outcome = up::follow(&self.stack, &facts.expected, &before, applying, limits, &mut telling)?;
        drop(telling);
        self.conclude(facts, &steps, &outcome)
    }

    /// `--no-wait`: the exit code is that of the apply step, and nothing else is claimed.
    fn apply_only(&mut self, facts: &Facts, steps: &[Step], verb: &[&str]) -> Result<()> {
        if steps.is_empty() {
            self.report.info("nothing to apply; nothing was verified (--no-wait)");
            return Ok(());
        }
        let outcome = self.have(verb)?;
        if let Some(signal) = outcome.stopped {
            return Err(stopped(signal));
        }
        let after = self.stack.present(Deadline::after(podman::program::PATIENCE))?;
        let after: Vec<_> = after.into_iter().map(|one| one.container).collect();
        self.record_applied(facts, &after);
        let exit = judge::exit(&[], outcome.provider.unwrap_or(Provider::Idle));
        if let Some(finding) = words::provider(&outcome, &self.stack.provider.name(), exit) {
            self.report.finding(finding);
        }
        self.report.info("applied; nothing was verified (--no-wait)");
        Ok(())
    }

    fn record_applied(&mut self, facts: &Facts, after: &[podman::Container]) -> bool {
        let changed = changes(facts, after);
        let is_changed = !changed.is_empty();
        if is_changed {
            let (project, provider) = (self.arguments.project.clone(), self.stack.provider.name());
            self.record(&Step::Apply { project, provider, changed }, StepState::Done);
        }
        is_changed
    }

    fn conclude(&mut self, facts: &Facts, steps: &[Step], outcome: &Outcome) -> Result<()> {
        let is_changed = !steps.is_empty() && self.record_applied(facts, &outcome.containers);
        if let Some(signal) = outcome.stopped {
            return Err(stopped(signal));
        }
        let exit = judge::exit(&outcome.services, outcome.provider.unwrap_or(Provider::Idle));
        self.tell(outcome, exit)?;
        if exit == Exit::Ok {
            self.verified(outcome, is_changed)?;
        }
        Ok(())
    }

    /// One finding a service, the broken ones first, and what is to be said of the provider and the unit.
    fn tell(&mut self, outcome: &Outcome, exit: Exit) -> Result<()> {
        let rank = |verdict: &Verdict| match verdict {
            Verdict::Failed(_) => 0,
            Verdict::Waiting(_) => 1,
            Verdict::Good => 2,
        };
        let mut services: Vec<_> = outcome.services.iter().collect();
        services.sort_by_key(|service| rank(&service.verdict));
        let has_failed =
            services.iter().any(|one| matches!(one.verdict, Verdict::Failed(_)) && !one.expected.optional);
        for service in services {
            let finding = match &service.verdict {
                Verdict::Good => words::good(service),
                Verdict::Waiting(_) if has_failed => words::unsettled(service),
                _ => {
                    let container = service.container.as_ref();
                    let logs = container.map(|sight| logs::last(&self.stack.podman, &sight.id));
                    words::service(service, outcome, &logs.unwrap_or_default(), exit)
                }
            };
            self.report.finding(finding);
        }
        if let Some(finding) = words::provider(outcome, &self.stack.provider.name(), exit) {
            self.report.finding(finding);
        }
        self.tell_of_group(outcome)
    }

    /// AF9: what systemd would kill together with the unit.
    fn tell_of_group(&mut self, outcome: &Outcome) -> Result<()> {
        let Some(unit) = evidence::own_unit(&self.stack.root)? else { return Ok(()) };
        let is_inside = |group: &str| group.split('/').any(|part| part == unit);
        let inside: Vec<&str> = outcome
            .sights
            .iter()
            .filter(|sight| sight.watcher_group.as_deref().is_some_and(is_inside))
            .map(|sight| sight.name.as_str())
            .collect();
        if inside.is_empty() || !self.stack.root.is_real() {
            return Ok(());
        }
        let scope = match (nix::unistd::geteuid(), nix::unistd::getegid()) {
            (uid, _) if uid.is_root() => Scope::System,
            (uid, gid) => Scope::user(uid.as_raw(), gid.as_raw()),
        };
        let mode =
            scope.systemctl()?.args(["show", "--property=KillMode", "--value", "--"]).arg(&unit).output()?;
        if mode.trim() != "process" {
            self.report.finding(words::group(&unit, mode.trim(), &inside));
        }
        Ok(())
    }

    fn verified(&mut self, outcome: &Outcome, is_changed: bool) -> Result<()> {
        self.memory.write(&Verified {
            config: self.stack.text.clone(),
            folder: self.stack.folder(),
            provider: self.stack.provider.program.clone(),
            files: gather::prints(&self.stack)?,
            containers: Verified::made(&outcome.containers),
        })?;
        let (project, count) = (&self.arguments.project, outcome.services.len());
        let word = if is_changed { "verified" } else { "unchanged" };
        let text = format!("project {project} is {word}: {count} services are good");
        self.report.info(&text);
        self.report.finding(Finding::ok("project", text).about(project));
        Ok(())
    }
}

/// How a run ends that was asked to.
fn stopped(signal: &str) -> anyhow::Error {
    let text = format!("stopped by {signal} before everything was verified; containers are left as they are");
    refuse(Exit::Failed, text)
}
