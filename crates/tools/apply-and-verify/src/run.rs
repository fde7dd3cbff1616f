//! One run: look, decide, change, watch, tell.

use std::collections::BTreeMap;

use anyhow::Result;
use oneshot::report::Step as Record;
use oneshot::{Deadline, Exit, Finding, Report, StepState, refuse};
use stack::apply::{Applying, Order};
use stack::judge::{self, Provider, Verdict};
use stack::memory::{Memory, Verified};
use stack::project::Stack;
use stack::stale::Stale;
use stack::up::{self, Outcome};
use stack::{logs, require};
use systemd::Scope;

use crate::arguments::Arguments;
use crate::decide::{changes, decide, foreign};
use crate::facts::Facts;
use crate::gather::{self, gather};
use crate::keep::Places;
use crate::rollback;
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
    // Before the lock, whose folder may be what is missing.
    let Some(podman) = gather::podman(&root, report)? else { return Ok(()) };
    let places = Places::of(&root)?;
    let _lock = if arguments.write.dry_run { None } else { Some(places.lock(&arguments.project)?) };
    let Some((stack, _lent)) = gather::stack(arguments, podman, project, &places, report)? else {
        return Ok(());
    };
    let memory = Memory::new(places.state(), &arguments.project);
    let verified = memory.read()?;
    let mut run = Run { arguments, stack, places, memory, verified, report };
    if arguments.write.dry_run {
        return run.only_tell();
    }
    if arguments.pull && !run.pull()? {
        return Ok(());
    }
    let facts = gather(arguments, &run.stack, run.verified.as_ref())?;
    run.bring_up(&facts)
}

/// The last words of containers, by id.
type Logs = BTreeMap<String, Vec<String>>;

struct Run<'a> {
    arguments: &'a Arguments,
    stack: Stack,
    places: Places,
    memory: Memory,
    /// What was last verified.
    verified: Option<Verified>,
    report: &'a mut Report,
}

impl Run<'_> {
    fn only_tell(&mut self) -> Result<()> {
        if self.arguments.pull && self.stack.pull().is_some() {
            self.record(&self.pulling(), StepState::Would);
        }
        let facts = gather(self.arguments, &self.stack, self.verified.as_ref())?;
        if !self.is_own(&facts) {
            return Ok(());
        }
        for step in decide(&facts) {
            self.record(&step, StepState::Would);
        }
        Ok(())
    }

    fn record(&mut self, step: &Step, state: StepState) {
        self.report.step(Record::new(step.kind(), step.target(), step, state));
    }

    fn pulling(&self) -> Step {
        Step::Pull { project: self.arguments.project.clone() }
    }

    /// Whether the provider can work, which is told where it cannot.
    fn is_able(&mut self) -> bool {
        gather::is_complete(&require::api(&self.stack.root, &self.stack.provider), self.report)
    }

    /// Whether the project is this provider's, which is told where it is not.
    fn is_own(&mut self, facts: &Facts) -> bool {
        let names = foreign(facts);
        if !names.is_empty() {
            let provider = self.stack.provider.name();
            self.report.finding(words::foreign(&self.arguments.project, &names, &provider));
        }
        names.is_empty()
    }

    /// Fetches the images; false when that failed, which is told.
    fn pull(&mut self) -> Result<bool> {
        let Some(order) = self.stack.pull() else { return Ok(true) };
        let outcome = self.have(&order)?;
        if let Some(signal) = outcome.stopped {
            return Err(stopped(signal));
        }
        let exit = judge::exit(&[], outcome.provider.unwrap_or(Provider::Idle), false);
        if let Some(finding) = words::pull(&outcome, exit) {
            self.report.finding(finding);
            return Ok(false);
        }
        self.record(&self.pulling(), StepState::Done);
        Ok(true)
    }

    /// Has a program do something, and waits for its end alone.
    fn have(&mut self, order: &Order) -> Result<Outcome> {
        let applying = Applying::start(order)?;
        let limit = self.arguments.limits().apply;
        up::to_its_end(applying, limit, &mut Telling::start(self.report, false))
    }

    fn bring_up(&mut self, facts: &Facts) -> Result<()> {
        if !self.is_own(facts) {
            return Ok(());
        }
        let steps = decide(facts);
        if !steps.is_empty() && !self.is_able() {
            return Ok(());
        }
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
        // Not --remove-orphans: podman-compose 1.6.0 takes an unchanged service for an orphan beside a changed one.
        let verb = ["up", "--detach"];
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
        let order = self.stack.order(verb, &self.places.files()?)?;
        let outcome = self.have(&order)?;
        if let Some(signal) = outcome.stopped {
            return Err(stopped(signal));
        }
        let after = self.stack.present(Deadline::after(podman::program::PATIENCE))?;
        let after: Vec<_> = after.into_iter().map(|one| one.container).collect();
        self.record_applied(facts, &after);
        let exit = judge::exit(&[], outcome.provider.unwrap_or(Provider::Idle), false);
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
        let is_new = |one: &podman::Container| !facts.present.iter().any(|old| old.container.id == one.id);
        let is_made_anew = !outcome.containers.is_empty() && outcome.containers.iter().all(is_new);
        let exit = judge::exit(&outcome.services, outcome.provider.unwrap_or(Provider::Idle), is_made_anew);
        if exit == Exit::Ok {
            self.tell(outcome, &Logs::new(), exit)?;
            return self.is_verified(outcome, is_changed);
        }
        // Before a rollback removes the containers that said it.
        let logs = self.logs(outcome);
        if !self.arguments.rollback {
            return self.tell(outcome, &logs, exit);
        }
        match self.roll_back(steps.is_empty())? {
            Ok(finding) => {
                self.tell(outcome, &logs, Exit::Contradicted)?;
                self.report.finding(finding);
            }
            Err(finding) => {
                self.tell(outcome, &logs, exit)?;
                self.report.finding(finding);
            }
        }
        Ok(())
    }

    /// Goes back to what was last verified; the finding says how that ended.
    fn roll_back(&mut self, is_untouched: bool) -> Result<Result<Finding, Finding>> {
        let project = self.arguments.project.clone();
        let Some(verified) = self.verified.clone().filter(|_| !is_untouched) else {
            return Ok(Err(words::no_way_back(&project, is_untouched)));
        };
        let back = rollback::roll_back(self.arguments, &self.stack, &self.places, &verified, self.report);
        let (old, exit) = match back {
            Ok(back) => back,
            Err(error) => return Ok(Err(words::not_rolled_back(&project, &format!("{error:#}")))),
        };
        self.record(&Step::RollBack { project: project.clone() }, StepState::Done);
        if let Some(signal) = old.stopped {
            return Err(stopped(signal));
        }
        if exit != Exit::Ok {
            let broken = old.services.iter().filter(|one| one.verdict != Verdict::Good);
            let broken: Vec<String> =
                broken.map(|one| format!("service {} {}", one.expected.service, words::stand(one))).collect();
            return Ok(Err(words::not_rolled_back(&project, &broken.join(", "))));
        }
        self.memory.write(&Verified { containers: Verified::made(&old.containers), ..verified })?;
        Ok(Ok(words::rolled_back(&project, old.services.len())))
    }

    /// What the containers of services that are not good last said, by id.
    fn logs(&self, outcome: &Outcome) -> Logs {
        let broken = outcome.services.iter().filter(|one| one.verdict != Verdict::Good);
        let ids = broken.filter_map(|one| one.container.as_ref()).map(|sight| sight.id.clone());
        ids.map(|id| (id.clone(), logs::last(&self.stack.podman, &id))).collect()
    }

    /// One finding a service, the broken ones first, and what is to be said of the provider and the unit.
    fn tell(&mut self, outcome: &Outcome, logs: &Logs, exit: Exit) -> Result<()> {
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
                    let said = service.container.as_ref().and_then(|sight| logs.get(&sight.id));
                    words::service(service, outcome, said.map_or(&[], Vec::as_slice), exit)
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

    fn is_verified(&mut self, outcome: &Outcome, is_changed: bool) -> Result<()> {
        self.memory.write(&Verified {
            config: self.stack.text.clone(),
            folder: self.stack.folder(),
            provider: self.stack.provider.program.clone(),
            files: gather::prints(&self.stack)?,
            containers: Verified::made(&outcome.containers),
        })?;
        let (project, count) = (&self.arguments.project, outcome.services.len());
        let word = if is_changed { "verified" } else { "unchanged" };
        let text = format!("project {project} is {word}: {}", words::good_services(count));
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
