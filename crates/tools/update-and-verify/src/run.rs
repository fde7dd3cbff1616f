//! One run: look, have podman update, renew stacks, watch, tell.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::unistd::{getegid, geteuid};
use oneshot::progress::Live;
use oneshot::report::Step as Record;
use oneshot::text::{printable, tail};
use oneshot::{Deadline, Exit, Report, Root, StepState, refuse};
use podman::auto_update::{self, End, Updated};
use podman::program::PATIENCE;
use podman::{Container, Podman, image, list};
use stack::judge::{Rule, State};
use stack::watch::{Look, Seen, Watch, until_settled};
use stack::{logs, watch};
use systemd::Scope;

use crate::arguments::Arguments;
use crate::decide::{decide, to_settle, to_watch};
use crate::facts::{Facts, Known, Now};
use crate::gather::Manager;
use crate::matter::{self, Matter, Whose};
use crate::places::Places;
use crate::rollbacks::{self, Rollback};
use crate::{gather, stacks, words};

/// What is touched is looked at even where podman took all of the time.
const AFTERMATH: Duration = Duration::from_secs(5);

/// How much of a health check's words is shown.
const SAID: usize = 500;

/// Updates and verifies, or tells what would be updated.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    let (scope, systemctl) = if geteuid().is_root() {
        (Scope::System, "systemctl")
    } else {
        (Scope::user(geteuid().as_raw(), getegid().as_raw()), "systemctl --user")
    };
    let manager = if root.is_real() {
        unit_restart::reachable(&scope)?;
        Manager::Running(scope)
    } else {
        Manager::Files(root.clone())
    };
    let podman = Podman::find(&root)?;
    let places = Places::of_caller(&root)?;
    let is_dry = arguments.write.dry_run;
    let _lock = if is_dry { None } else { Some(places.lock()?) };
    stack::catch_ends()?;
    let deadline = Deadline::after(Duration::from_secs(u64::from(arguments.timeout)));
    let live = Live::start(report, "looking at the containers");
    let work = Work { root, podman, manager, live, deadline };
    let old = places.read()?;
    let mut facts = work.update(arguments)?;
    // From here on something may have changed: whatever goes wrong, what is known is told and kept first.
    let keep = |facts: &Facts| -> Result<Vec<Rollback>> {
        let (kept, still) = rollbacks::carry(&old, facts, watch::now());
        if !is_dry && kept != old {
            places.write(&kept)?;
        }
        Ok(still)
    };
    let first = keep(&facts);
    let verified = work.renew(&mut facts, arguments);
    drop(work);
    let last = keep(&facts);
    tell(&facts, last.as_deref().unwrap_or_default(), systemctl, report);
    verified.and(first).and(last).map(drop)
}

struct Work {
    root: Root,
    podman: Podman,
    manager: Manager,
    live: Live,
    deadline: Deadline,
}

impl Work {
    /// Looks at what is there, and has podman update it.
    fn update(&self, arguments: &Arguments) -> Result<Facts> {
        let before = gather::before(&self.root, &self.podman)?;
        let expect: Vec<String> = arguments.expect.iter().map(ToString::to_string).collect();
        let names = before.iter().filter_map(|one| one.unit.clone()).chain(expect.iter().cloned());
        let units_before = gather::units_with_dependents(&self.manager, names.collect())?;
        self.live.say("podman auto-update");
        let is_dry = arguments.write.dry_run;
        let run =
            auto_update::run(&self.podman, is_dry, self.deadline, is_asked_to_end).with_context(|| {
                match stack::asked_to_end() {
                    Some(signal) => {
                        format!("stopped by {signal}; a job that podman gave to systemd goes on")
                    }
                    None => "updating".to_owned(),
                }
            })?;
        Ok(Facts {
            before,
            units_before,
            run,
            after: Vec::new(),
            units_after: Default::default(),
            current: Default::default(),
            reloads: Vec::new(),
            lost_pulls: Vec::new(),
            expect,
            is_dry,
            is_verified: false,
        })
    }

    /// Updates what podman cannot, and verifies everything that was touched.
    fn renew(&self, facts: &mut Facts, arguments: &Arguments) -> Result<()> {
        let own = stacks::own(&facts.before, &facts.units_before, &facts.run);
        if facts.is_dry {
            facts.current = stacks::current(&self.podman, &own)?;
        } else {
            if let (Manager::Running(scope), true) = (&self.manager, facts.run.end != End::Deadline) {
                let say = &mut |text: &str| self.live.say(text);
                let renewal = stacks::renew(&self.podman, scope, &own, &facts.run, &self.deadline, say)?;
                facts.current = renewal.current;
                (facts.reloads, facts.lost_pulls) = (renewal.reloads, renewal.lost_pulls);
            }
            self.verify(facts, arguments)?;
        }
        facts.is_verified = true;
        Ok(())
    }

    /// Watches what was touched until it is settled.
    fn verify(&self, facts: &mut Facts, arguments: &Arguments) -> Result<()> {
        let names = to_watch(facts);
        if names.is_empty() {
            return Ok(());
        }
        let deadline = Deadline::after(self.deadline.remaining().max(AFTERMATH));
        let rows = list::all(&self.podman, Deadline::after(PATIENCE))?;
        let ids: Vec<String> =
            rows.iter().filter(|row| names.contains(&row.name)).map(|row| row.id.clone()).collect();
        let mut watch = Watch::new(&self.root, &self.podman);
        for id in ids.iter().filter(|id| !facts.before.iter().any(|one| one.id == **id)) {
            watch.is_new(id);
        }
        let stable = Duration::from_secs(u64::from(arguments.stable));
        let rule = |_: &Container| Rule { ends: false, is_in_work: false, stable };
        let each = &mut |look: &Look| self.live.say(&waiting(look));
        let look = until_settled(&mut watch, &ids, &rule, &deadline, each)?;
        if let Some(signal) = stack::asked_to_end() {
            let text = format!("stopped by {signal} before everything was verified; nothing was undone");
            return Err(refuse(Exit::Failed, text));
        }
        facts.after = look.seen.iter().map(|seen| self.now(seen)).collect();
        let units: BTreeSet<String> = facts.units_before.keys().cloned().collect();
        let waited = to_settle(facts, &names);
        facts.units_after = gather::settled_units(&self.manager, &units, &waited, &deadline)?;
        self.ask_images(facts)
    }

    /// Where a container is said to be updated and has the image that it had, what its name stands for decides.
    fn ask_images(&self, facts: &mut Facts) -> Result<()> {
        let updated = facts.run.rows.iter().filter(|row| row.updated == Updated::Yes);
        let is_same = |name: &str| {
            let before = facts.before.iter().find(|one| one.name == name).map(|one| &one.image);
            let after = facts.after.iter().find(|one| one.name == name).map(|one| &one.image);
            before.is_some() && before == after
        };
        let unsure: Vec<&str> =
            updated.filter(|row| is_same(&row.name)).map(|row| row.image.as_str()).collect();
        let missing: Vec<&str> =
            unsure.into_iter().filter(|name| !facts.current.contains_key(*name)).collect();
        let current = image::current(&self.podman, &missing)?;
        facts.current.extend(current);
        Ok(())
    }

    fn now(&self, seen: &Seen) -> Now {
        let container = &seen.container;
        let mut notes = Vec::new();
        if matches!(seen.state, State::Failed(_)) {
            let health = container.health.as_ref().filter(|health| health.status == "unhealthy");
            if let Some(health) = health {
                let said = tail(health.last_output.as_bytes(), SAID);
                let said = if said.is_empty() { "nothing".to_owned() } else { said };
                let code = health.last_exit.unwrap_or_default();
                notes.push(format!("the last health check ended with {code} and said: {said}"));
            }
            let lines = logs::last(&self.podman, &container.id);
            notes.extend(lines.iter().map(|line| format!("log: {}", printable(line))));
        }
        Now {
            id: container.id.clone(),
            name: container.name.clone(),
            image: container.image.clone(),
            state: seen.state.clone(),
            notes,
        }
    }
}

pub(crate) fn is_asked_to_end() -> bool {
    stack::asked_to_end().is_some()
}

/// What is waited for, for the live line.
fn waiting(look: &Look) -> String {
    let waiting: Vec<String> = look
        .seen
        .iter()
        .filter_map(|seen| match &seen.state {
            State::Waiting(wait) => Some(format!("{}: {wait}", seen.container.name)),
            _ => None,
        })
        .collect();
    waiting.join("; ")
}

/// The steps, then everything that was found.
fn tell(facts: &Facts, still: &[Rollback], systemctl: &str, report: &mut Report) {
    let mut matters = decide(facts);
    matters.extend(still.iter().map(|one| Matter::StillRolledBack {
        whose: Whose {
            container: one.container.clone(),
            unit: Some(one.unit.clone()),
            image: one.image_name.clone(),
        },
        since: one.since,
    }));
    for step in steps(facts) {
        report.step(step);
    }
    // The first code that is no success would count, whatever comes after it.
    report.ends(matter::exit(&matters));
    for matter in &matters {
        report.finding(words::finding(matter, systemctl));
    }
}

/// What was changed, or would be.
fn steps(facts: &Facts) -> Vec<Record> {
    let mut steps = Vec::new();
    let mut add = |name: &str, unit: &str, image: &str, state: StepState| {
        let text =
            format!("update {} ({}) to the newer {}", printable(name), printable(unit), printable(image));
        steps.push(Record::new("update-container", name, text, state));
    };
    let mut known: Vec<&Known> = facts.before.iter().collect();
    known.sort_by_key(|one| (&one.unit, &one.name));
    for one in known {
        let unit = one.unit.as_deref().unwrap_or_default();
        let now = facts.after.iter().find(|now| now.name == one.name);
        let is_other_image = now.is_some_and(|now| now.image != one.image);
        let row = one.row(&facts.run).map(|row| &row.updated);
        let is_old = facts.current.get(&one.image_name).is_some_and(|current| *current != one.image);
        let is_own = one.is_looked_after(&facts.units_before);
        match row {
            Some(Updated::Pending) => add(&one.name, unit, &one.image_name, StepState::Would),
            None if facts.is_dry && is_own && is_old => {
                add(&one.name, unit, &one.image_name, StepState::Would);
            }
            _ if facts.is_dry => {}
            // What was updated and is gone was updated all the same.
            Some(Updated::Yes) if is_other_image || now.is_none() => {
                add(&one.name, unit, &one.image_name, StepState::Done);
            }
            _ if is_other_image && row != Some(&Updated::RolledBack) => {
                add(&one.name, unit, &one.image_name, StepState::Done);
            }
            _ => {}
        }
    }
    steps
}
