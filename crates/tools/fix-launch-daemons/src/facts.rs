//! What the decision is made from: plain values.

use std::path::PathBuf;
use std::time::Duration;

use launchd::listing::Listed;
use launchd::{Change, Definition, Domain, Reply, Service};

use crate::step::Step;

/// A job that is to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The definition in the configuration.
    pub source: PathBuf,
    /// Where its copy stands.
    pub place: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub definition: Definition,
}

/// What stands in the place of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// The same bytes with an owner and a mode that launchd takes.
    Same,
    /// The same bytes, but its owner or mode is wrong: how it is.
    Loose(String),
    /// Other bytes, or a link, which would lead nowhere while the store is not mounted.
    Differs,
    /// Nothing.
    Missing,
    /// Nothing that may be replaced: what.
    Taken(String),
}

/// What launchd has of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// Its row in the list of the domain.
    Listed(Listed),
    /// All of it.
    Service(Box<Service>),
    /// The domain has no such job.
    No,
    /// The domain itself is not there.
    NoDomain,
    /// The domain could not be listed, and the job was not asked for yet.
    Unlisted,
    /// launchd was asked, and the answer says nothing: what it was.
    Unknown(String),
}

/// Whether launchd could execute the job's program now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executable {
    /// Yes.
    Ready,
    /// It is not there.
    Missing,
    /// It would be on the volume of the store, which is not mounted.
    NoVolume,
    /// It is no file that may be executed.
    NotExecutable,
    /// Its path is not absolute, or there is none.
    NoPath,
}

/// Why a job is never ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// It may be.
    None,
    /// It mounts the store, or serves it: everything else hangs on it.
    Store,
    /// This very process belongs to it.
    Own,
}

/// What Background Task Management says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// It was not asked.
    NotAsked,
    /// Nothing against it.
    Yes,
    /// The switch of this name is off.
    No(String),
    /// It could not be asked: why.
    Unknown(String),
}

/// All that is decided from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is wanted.
    pub wanted: Wanted,
    /// Where it is to be loaded; `None` for an agent while nobody is at the screen.
    pub domain: Option<Domain>,
    /// What stands in its place.
    pub installed: Installed,
    /// What launchd has.
    pub loaded: Loaded,
    /// Whether an override disables it.
    pub is_disabled: bool,
    /// Whether its program can run.
    pub executable: Executable,
    /// Whether it was loaded from an older definition whose program is gone.
    pub is_old: bool,
    /// Whether it may be ended.
    pub guard: Guard,
    /// What Background Task Management says.
    pub allowed: Allowed,
}

/// What this run has done about a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Its copy was written.
    pub installed: bool,
    /// It was enabled.
    pub enabled: bool,
    /// It was asked to end.
    pub booted_out: bool,
    /// How often it was tried to load it.
    pub bootstraps: u32,
    /// Whether it was started.
    pub kicked: bool,
    /// What launchd said to the last change; `None` before the first one.
    pub reply: Option<Reply>,
    /// How long it was waited for since.
    pub waited: Duration,
}

impl Tried {
    /// Takes down what became of a change; `reply` is launchd's, where it was asked.
    pub fn note(&mut self, step: &Step, reply: Option<Reply>) {
        self.waited = Duration::ZERO;
        // That a job was enabled says nothing of the attempt to load it before.
        self.reply = reply
            .filter(|reply| !(matches!(step, Step::Launchctl(Change::Enable { .. })) && reply.is_done()));
        match step {
            Step::Install { .. } => self.installed = true,
            Step::Remove { .. } => {}
            Step::Launchctl(Change::Enable { .. }) => self.enabled = true,
            Step::Launchctl(Change::Bootout { .. }) => self.booted_out = true,
            Step::Launchctl(Change::Bootstrap { .. }) => self.bootstraps += 1,
            Step::Launchctl(Change::Kickstart { .. }) => self.kicked = true,
        }
    }
}
