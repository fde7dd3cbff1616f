//! What the decisions are made from: plain values.

use std::collections::BTreeMap;

use oneshot::Exit;
use podman::auto_update::{Policy, Row, Run};
use stack::judge::State;

/// A container as it was before the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name, which outlives it.
    pub name: String,
    /// Id of the image that it was made from.
    pub image: String,
    /// The image as it was asked for.
    pub image_name: String,
    /// Where newer images are looked for; `None` where nobody asked for that.
    pub policy: Option<Policy>,
    /// A file with the credentials of its registry, if a label names one.
    pub authfile: Option<String>,
    /// The unit that it runs in: by the label of its pod's infra container, else by its own.
    pub unit: Option<String>,
    /// The compose project that it belongs to.
    pub project: Option<String>,
    /// Whether it is in a pod without an infra container, which `podman auto-update` cannot make sense of.
    pub is_in_bare_pod: bool,
    /// Whether it ran.
    pub is_running: bool,
    /// What was wrong with it before anything was done; to have ended with 0 is nothing wrong.
    pub bad: Option<String>,
}

/// A container as it is after the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Id of the image that it was made from.
    pub image: String,
    /// Where it stands.
    pub state: State,
    /// What its health check and its log said last, where it is not good.
    pub notes: Vec<String>,
}

/// A unit at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitState {
    /// Whether its file was found.
    pub exists: bool,
    /// Whether it is up.
    pub is_up: bool,
    /// Whether it is on its way, or a job of it waits.
    pub is_moving: bool,
    /// Whether its start is a piece of work.
    pub is_oneshot: bool,
    /// Whether it has `ExecReload=`.
    pub can_reload: bool,
    /// The units that go down with it, directly.
    pub dependents: Vec<String>,
    /// State and substate, for a person.
    pub summary: String,
}

/// Units by the names that they were asked for with.
pub type Units = BTreeMap<String, UnitState>;

/// How the reload of a stack's unit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// The unit.
    pub unit: String,
    /// What the judgement of it asks the run to exit with.
    pub exit: Exit,
    /// What speaks against it.
    pub reasons: Vec<String>,
    /// The last lines of its journal, and what to do.
    pub hints: Vec<String>,
}

/// Images that could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostPull {
    /// Their names.
    pub images: Vec<String>,
    /// podman's words.
    pub words: String,
}

/// All that is known when everything has been done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Every container that ran or has the policy.
    pub before: Vec<Known>,
    /// Units of these containers, what depends on them, and expected ones.
    pub units_before: Units,
    /// What podman did.
    pub run: Run,
    /// The containers that were looked at afterwards.
    pub after: Vec<Now>,
    /// The same units afterwards.
    pub units_after: Units,
    /// What names of images stand for now, where that was asked.
    pub current: BTreeMap<String, String>,
    /// The stacks that were reloaded.
    pub reloads: Vec<Reload>,
    /// What could not be fetched for stacks.
    pub lost_pulls: Vec<LostPull>,
    /// Units that must have been looked at.
    pub expect: Vec<String>,
    /// Whether nothing was to be changed.
    pub is_dry: bool,
    /// Whether the containers were looked at afterwards; a dry run has nothing to look at.
    pub is_verified: bool,
}

impl Known {
    /// Whether somebody answers for it: a unit, or the wish to have it updated.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.unit.is_some() || self.policy.is_some()
    }

    /// Whether `podman auto-update` is told to update it and cannot, but its unit's reload does.
    #[must_use]
    pub fn is_of_stack(&self, units: &Units) -> bool {
        let unit = self.unit.as_ref().and_then(|unit| units.get(unit));
        self.project.is_some() && unit.is_some_and(|unit| unit.exists && unit.is_up && unit.can_reload)
    }

    /// Whether this program looks after it: what failed in an earlier update is renewed too, what has done its work is not.
    #[must_use]
    pub fn is_looked_after(&self, units: &Units) -> bool {
        self.policy.is_some() && (self.is_running || self.bad.is_some()) && self.is_of_stack(units)
    }

    /// Its row.
    #[must_use]
    pub fn row<'a>(&self, run: &'a Run) -> Option<&'a Row> {
        run.rows.iter().find(|row| row.is_of(&self.id))
    }
}
