//! What a recovery is decided on.

use activation::job::{Role, State};
use activation::{Facts as Host, Job, Shape, Trouble};
use launchd::session::Session;

use crate::grants::Grants;
use crate::level::Level;
use crate::step::Step;

/// The host as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// All of it.
    pub host: Host,
    /// What is wrong with it.
    pub troubles: Vec<Trouble>,
    /// What a full activation may do to grants; `None` where none would help, or it could not be told.
    pub grants: Option<Grants>,
}

/// Who asks for the recovery, and from where. It does not change meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// How far it goes.
    pub most: Level,
    /// Whether this is root.
    pub is_root: bool,
    /// The type of session; `None` where launchd does not tell.
    pub session: Option<Session>,
    /// What was said to questions.
    pub consent: Consent,
    /// Whether a full activation was run by itself since the boot; an error says why that is not known.
    pub was_activated: Result<bool, String>,
}

/// What was said to questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nobody is there.
    Nobody,
    /// Somebody is asked before each step.
    Asked,
    /// Everything was answered with yes beforehand, by somebody at a terminal or not.
    Given {
        /// Whether at one.
        at_terminal: bool,
    },
}

/// A step that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub end: End,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was reported done.
    Done,
    /// It was not.
    Failed {
        /// The exit code that tells why.
        exit: oneshot::Exit,
        /// Why.
        text: String,
        /// What to do about it.
        hints: Vec<String>,
        /// The failure shape that it turned out to be.
        shape: Option<Shape>,
    },
    /// sudo did not let it run: its words.
    Refused(String),
    /// The person who was asked said no.
    Declined,
}

impl End {
    /// Not done, for this reason.
    #[must_use]
    pub fn failed(exit: oneshot::Exit, text: impl Into<String>) -> Self {
        Self::Failed { exit, text: text.into(), hints: Vec::new(), shape: None }
    }
}

impl Facts {
    /// The daemons that mount the store.
    pub fn store_jobs(&self) -> impl Iterator<Item = &Job> {
        let jobs = self.host.jobs.iter().flat_map(|jobs| &jobs.jobs);
        jobs.filter(|job| job.role == Role::Store && job.state != State::NotAsked)
    }
}
