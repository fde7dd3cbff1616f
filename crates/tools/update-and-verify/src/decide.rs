//! From what was seen to what is to be told. Reads nothing: no file, no clock, no podman, no manager.

mod omissions;
mod watch;

use std::collections::BTreeSet;

use podman::auto_update::{End, Policy, Row, Updated};
use stack::judge::{Failure, State};

use crate::facts::{Facts, Known, Now, UnitState};
use crate::matter::{After, Bad, Failed, Matter, Whose};

use watch::is_touched;
pub use watch::{to_settle, to_watch};

/// Everything that there is to tell, in an order that does not change from run to run.
#[must_use]
pub fn decide(facts: &Facts) -> Vec<Matter> {
    let mut found = Found { facts, matters: Vec::new() };
    found.reloads();
    if !facts.is_verified {
        // Nobody could look at the containers: what podman said stands alone.
        found.said();
        found.errors();
        return found.matters;
    }
    found.rows();
    found.others();
    found.time();
    found.dependents();
    found.errors();
    found.left_out();
    found.missed();
    found.bad_before();
    found.nothing();
    found.matters
}

struct Found<'a> {
    facts: &'a Facts,
    matters: Vec<Matter>,
}

impl Found<'_> {
    fn rows(&mut self) {
        let mut rows: Vec<&Row> = self.facts.run.rows.iter().collect();
        rows.sort_by_key(|row| (&row.unit, &row.name));
        for row in rows {
            let whose = of_row(row);
            match &row.updated {
                Updated::Yes => self.updated(row, whose),
                Updated::RolledBack => {
                    self.put_back(row, whose.clone());
                    self.verify(whose, After::Rollback);
                }
                Updated::Failed => self.failed(row, whose),
                Updated::No => self.unmoved(row, whose),
                Updated::Pending if self.facts.is_dry => {}
                Updated::Pending => self.unknown(whose, "pending"),
                Updated::Other(word) => self.unknown(whose, word),
            }
        }
    }

    /// What podman itself calls no success.
    fn said(&mut self) {
        for row in &self.facts.run.rows {
            let whose = of_row(row);
            match &row.updated {
                Updated::RolledBack => self.put_back(row, whose),
                Updated::Failed => self.failed(row, whose),
                Updated::Other(word) => self.unknown(whose, word),
                Updated::Yes | Updated::No | Updated::Pending => {}
            }
        }
    }

    fn put_back(&mut self, row: &Row, whose: Whose) {
        let policy = self.known(row).and_then(|known| known.policy);
        self.matters.push(Matter::RolledBack { whose, is_asked_again: policy == Some(Policy::Registry) });
    }

    fn unknown(&mut self, whose: Whose, word: &str) {
        self.matters.push(Matter::Unknown { whose, word: word.to_owned() });
    }

    fn updated(&mut self, row: &Row, whose: Whose) {
        // What the reload did is told there.
        let after = if self.is_reloaded(&row.unit) { After::Reload } else { After::Update };
        let (known, now) = (self.known(row), self.now(&row.name));
        let runs_old = known.zip(now).is_some_and(|(known, now)| {
            let current = self.facts.current.get(&row.image);
            known.image == now.image && current.is_some_and(|current| *current != now.image)
        });
        if runs_old {
            self.matters.push(Matter::OldImage(whose.clone()));
        }
        if self.verify(whose.clone(), after) && !runs_old {
            self.matters.push(Matter::Updated { whose, after });
        }
    }

    fn failed(&mut self, row: &Row, whose: Whose) {
        let errors = self.errors_of(row).cloned().collect();
        let rows = self.facts.run.rows.iter();
        let updated: BTreeSet<String> =
            rows.filter(|row| row.updated == Updated::Yes).map(|row| row.unit.clone()).collect();
        let now = match self.now(&row.name).map(|now| &now.state) {
            _ if self.facts.is_dry || !self.facts.is_verified => None,
            Some(State::Good | State::Waiting(_)) => None,
            Some(State::Failed(failure)) => Some(failure.to_string()),
            None => Some(self.gone(&row.unit)),
        };
        let updated = updated.into_iter().collect();
        self.matters.push(Matter::Failed(Failed { whose, errors, now, updated }));
    }

    /// Nothing newer, unless that is so because another one was rolled back.
    fn unmoved(&mut self, row: &Row, whose: Whose) {
        if let Some(by) = self.rolled_back(row) {
            let by = by.unit.clone();
            self.matters.push(Matter::Unmoved { whose, by });
        }
    }

    /// The row of the same image that was rolled back.
    fn rolled_back(&self, row: &Row) -> Option<&Row> {
        let mut rows = self.facts.run.rows.iter();
        rows.find(|other| other.updated == Updated::RolledBack && other.image == row.image)
    }

    /// Those that podman did nothing to, but that share an image or a unit with one to which it did.
    fn others(&mut self) {
        let names = to_watch(self.facts);
        let rows = &self.facts.run.rows;
        let is_told = |one: &Known| rows.iter().any(|row| row.name == one.name && is_touched(row));
        let mut others: Vec<&Known> = self.facts.before.iter().collect();
        others.retain(|one| names.contains(&one.name) && !is_told(one));
        others.sort_by_key(|one| (&one.unit, &one.name));
        for known in others {
            let unit = known.unit.as_deref().unwrap_or_default();
            let is_replaced = self.now(&known.name).is_some_and(|now| now.id != known.id);
            let after = match self.facts.run.end {
                _ if self.is_reloaded(unit) => After::Reload,
                End::Deadline => After::Silence,
                _ => After::Nothing,
            };
            let is_good = self.verify(of_known(known), after);
            let is_renewed = after == After::Reload && known.policy.is_some();
            if is_good && is_replaced && (after == After::Silence || is_renewed) {
                self.matters.push(Matter::Updated { whose: of_known(known), after });
            }
        }
    }

    /// Tells what is wrong with a container; true when nothing is.
    fn verify(&mut self, whose: Whose, after: After) -> bool {
        let unit = whose.unit.as_deref().and_then(|unit| self.facts.units_after.get(unit));
        if after == After::Silence && unit.is_some_and(|unit| unit.is_moving) {
            // Its job goes on, and may end well.
            return false;
        }
        let known = self.facts.before.iter().find(|one| one.name == whose.container);
        let counts = known.is_none_or(Known::is_kept);
        let Some(now) = self.now(&whose.container) else {
            if !counts || self.has_ended_well(unit) {
                return counts;
            }
            let why = self.gone(whose.unit.as_deref().unwrap_or_default());
            self.bad(whose, after, why, false, Vec::new());
            return false;
        };
        let is_untouched =
            matches!(after, After::Nothing | After::Silence) && known.is_some_and(|known| known.id == now.id);
        let was_so = is_untouched && known.is_some_and(|known| known.bad.is_some());
        let (state, notes) = (now.state.clone(), now.notes.clone());
        match state {
            State::Good => self.unit_is_up(&whose),
            // What podman had no time for is as it was.
            State::Waiting(_) if is_untouched && after == After::Silence => true,
            State::Waiting(wait) => {
                self.matters.push(Matter::Undecided { whose, why: wait.to_string() });
                false
            }
            State::Failed(Failure::Ended) if self.has_ended_well(unit) => true,
            State::Failed(failure) => {
                self.bad(whose, after, failure.to_string(), was_so, notes);
                false
            }
        }
    }

    fn bad(&mut self, whose: Whose, after: After, why: String, was_so: bool, notes: Vec<String>) {
        let known = self.facts.before.iter().find(|one| one.name == whose.container);
        let counts = known.is_none_or(Known::is_kept);
        self.matters.push(Matter::Bad(Bad { whose, after, why, was_so, counts, notes }));
    }

    /// A container of a unit whose start is a piece of work, and that is down after it, may have done it. One of a unit that
    /// remains is to stay.
    fn has_ended_well(&self, unit: Option<&UnitState>) -> bool {
        unit.is_some_and(|unit| unit.is_oneshot && !unit.is_up && !unit.summary.contains("failed"))
    }

    fn unit_is_up(&mut self, whose: &Whose) -> bool {
        let Some(name) = &whose.unit else { return true };
        let after = self.facts.units_after.get(name);
        let Some(unit) = after.filter(|unit| unit.exists && !unit.is_up && !unit.is_oneshot) else {
            return true;
        };
        let matter =
            Matter::UnitDown { unit: name.clone(), state: unit.summary.clone(), is_moving: unit.is_moving };
        if !self.matters.contains(&matter) {
            self.matters.push(matter);
        }
        false
    }

    fn gone(&self, unit: &str) -> String {
        match self.facts.units_after.get(unit) {
            Some(state) => format!("is gone, and {unit} is {}", state.summary),
            None => "is gone".to_owned(),
        }
    }

    fn time(&mut self) {
        if self.facts.run.end != End::Deadline {
            return;
        }
        let moving = self.facts.units_after.iter().filter(|(_, unit)| unit.is_moving);
        let moving = moving.map(|(name, unit)| (name.clone(), unit.summary.clone())).collect();
        self.matters.push(Matter::TimeUp { moving });
    }

    /// What was up before and went down with a unit that was restarted.
    fn dependents(&mut self) {
        let facts = self.facts;
        let mut touched: BTreeSet<&String> = if facts.run.end == End::Deadline {
            facts.before.iter().filter_map(|one| one.unit.as_ref()).collect()
        } else {
            facts.run.rows.iter().filter(|row| is_touched(row)).map(|row| &row.unit).collect()
        };
        touched.extend(facts.reloads.iter().map(|reload| &reload.unit));
        let own: BTreeSet<&String> = touched.clone();
        let (mut told, mut waiting): (BTreeSet<&String>, Vec<&String>) = (BTreeSet::new(), Vec::new());
        waiting.extend(touched);
        while let Some(of) = waiting.pop() {
            let Some(unit) = facts.units_before.get(of) else { continue };
            for name in &unit.dependents {
                if !told.insert(name) {
                    continue;
                }
                waiting.push(name);
                let was_up = facts.units_before.get(name).is_some_and(|unit| unit.is_up);
                let now = facts.units_after.get(name).filter(|unit| !unit.is_up);
                if let Some(now) = now.filter(|_| was_up && !own.contains(name)) {
                    self.matters.push(Matter::DependentDown {
                        unit: name.clone(),
                        of: of.clone(),
                        state: now.summary.clone(),
                        is_moving: now.is_moving,
                    });
                }
            }
        }
    }

    fn reloads(&mut self) {
        for lost in &self.facts.lost_pulls {
            let (images, words) = (lost.images.clone(), lost.words.clone());
            self.matters.push(Matter::LostPull { images, words });
        }
        for reload in &self.facts.reloads {
            if reload.exit != oneshot::Exit::Ok {
                self.matters.push(Matter::Reload {
                    unit: reload.unit.clone(),
                    exit: reload.exit,
                    reasons: reload.reasons.clone(),
                    hints: reload.hints.clone(),
                });
                continue;
            }
            let own = self.facts.before.iter().filter(|one| one.unit.as_ref() == Some(&reload.unit));
            let old: Vec<Whose> = own.filter(|one| self.runs_old(one)).map(of_known).collect();
            self.matters.extend(old.into_iter().map(Matter::OldImage));
        }
    }

    /// Whether one that has the policy and no row runs another image than its name stands for.
    fn runs_old(&self, known: &Known) -> bool {
        let now = self.now(&known.name);
        let current = self.facts.current.get(&known.image_name);
        known.policy.is_some()
            && known.row(&self.facts.run).is_none()
            && now.zip(current).is_some_and(|(now, current)| now.image != *current)
    }

    fn is_reloaded(&self, unit: &str) -> bool {
        self.facts.reloads.iter().any(|reload| reload.unit == unit)
    }

    fn known(&self, row: &Row) -> Option<&Known> {
        self.facts.before.iter().find(|one| row.is_of(&one.id))
    }

    fn now(&self, name: &str) -> Option<&Now> {
        self.facts.after.iter().find(|one| one.name == name)
    }

    fn nothing(&mut self) {
        let facts = self.facts;
        if facts.run.end == End::Deadline {
            return;
        }
        if facts.run.rows.is_empty() && self.stacks().next().is_none() {
            let down = facts.before.iter().filter(|one| one.policy.is_some() && !one.is_running).count();
            let is_failure = self.matters.iter().any(|matter| matches!(matter, Matter::Error(_)));
            if !is_failure {
                self.matters.push(Matter::NoPolicy { down });
            }
            return;
        }
        let is_idle = |row: &&Row| {
            row.updated == Updated::No && self.rolled_back(row).is_none() && !self.is_reloaded(&row.unit)
        };
        let idle = facts.run.rows.iter().filter(is_idle).count();
        let stacks = self.stacks().filter(|one| one.unit.as_ref().is_none_or(|unit| !self.is_reloaded(unit)));
        let mut count = idle;
        let mut unasked = Vec::new();
        for one in stacks {
            match facts.current.get(&one.image_name) {
                // What was pulled already is told as a step.
                Some(current) if facts.is_dry && *current != one.image => {}
                _ if facts.is_dry && one.policy == Some(Policy::Registry) => unasked.push(of_known(one)),
                _ => count += 1,
            }
        }
        self.matters.extend(unasked.into_iter().map(Matter::Unasked));
        if count > 0 {
            self.matters.push(Matter::NothingNew(count));
        }
    }

    /// Those that this program looks after itself.
    fn stacks(&self) -> impl Iterator<Item = &Known> {
        let facts = self.facts;
        facts
            .before
            .iter()
            .filter(|one| one.row(&facts.run).is_none() && one.is_looked_after(&facts.units_before))
    }

    /// Those with the policy that nothing was done to and that were bad before.
    fn bad_before(&mut self) {
        let watched = to_watch(self.facts);
        let mut bad: Vec<&Known> = self.facts.before.iter().collect();
        bad.retain(|one| one.policy.is_some() && one.is_running && !watched.contains(&one.name));
        bad.sort_by_key(|one| (&one.unit, &one.name));
        for one in bad {
            let Some(why) = one.bad.clone() else { continue };
            let (whose, after) = (of_known(one), After::Nothing);
            let bad = Bad { whose, after, why, was_so: true, counts: true, notes: Vec::new() };
            self.matters.push(Matter::Bad(bad));
        }
    }
}

fn of_row(row: &Row) -> Whose {
    let unit = Some(row.unit.clone()).filter(|unit| !unit.is_empty());
    Whose { container: row.name.clone(), unit, image: row.image.clone() }
}

pub(crate) fn of_known(known: &Known) -> Whose {
    Whose { container: known.name.clone(), unit: known.unit.clone(), image: known.image_name.clone() }
}

#[cfg(test)]
mod tests;
