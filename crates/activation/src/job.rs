//! One job that should be loaded: its definition, what it starts, and what launchd says of it.

use std::path::PathBuf;

use launchd::listing::Listed;
use launchd::outcome::Ended;
use launchd::service::{self, Service};
use launchd::{Definition, Domain};
use nix_host::link::Kind;

use crate::shape::Shape;

/// Why a job is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It mounts the volume of the store; the installer of Nix made it.
    Store,
    /// It is one of mendutils' own.
    Own,
    /// The system wants it.
    Wanted,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Why it is looked at.
    pub role: Role,
    /// Where it belongs.
    pub domain: Domain,
    /// Its label, from its definition.
    pub label: String,
    /// What it says: that of the system, or else the installed copy.
    pub definition: Definition,
    /// The definition in the store; `None` for a job that no system has.
    pub source: Option<PathBuf>,
    /// Where launchd finds it at boot or login.
    pub installed: PathBuf,
    /// What stands there.
    pub copy: Copy,
    /// What it starts.
    pub program: Program,
    /// Whether an override disables it.
    pub is_disabled: bool,
    /// What launchd says of it.
    pub state: State,
    /// What System Settings calls the record that keeps it from running.
    pub blocked: Option<String>,
}

/// What stands in the place of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copy {
    /// The same bytes, or any where no system has it, with an owner and a mode that launchd takes.
    Right,
    /// Nothing.
    Missing,
    /// Other bytes.
    Differs,
    /// launchd refuses it with 122: its owner and mode.
    Rights(u32, u32),
    /// No regular file. A link into the store leads nowhere while the store is away.
    NotAFile(Kind),
    /// It cannot be read, or is no definition: why.
    Unreadable(String),
}

/// What a job starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// It is there.
    Here,
    /// It hangs on the store, though it must run before that is mounted.
    InStore(PathBuf),
    /// It is not there, or cannot be executed: which.
    Missing(PathBuf),
    /// The definition names none.
    None,
}

/// What launchd says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was not asked, or could not tell.
    NotAsked,
    /// It is not loaded.
    NotLoaded,
    /// It is.
    Loaded {
        /// Its row in the list of its domain.
        listed: Listed,
        /// What `print` says of it, where the row is not enough.
        closer: Option<Box<Service>>,
    },
}

/// What is wrong with a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its definition is not as it should be.
    Copy(Copy),
    /// An override disables it.
    Disabled {
        /// Whether it is loaded all the same, until the next boot.
        is_loaded: bool,
    },
    /// Background Task Management blocks it: what System Settings calls the record.
    Blocked(String),
    /// It is not loaded, and nothing tells why.
    NotLoaded,
    /// It is loaded, should have been started at once, and never was.
    NeverStarted,
    /// What it starts is not there, or hangs on the store where it must not.
    Program(Program),
    /// Its last run could not start, though what it starts is there now.
    CouldNotStart(Ended),
    /// launchd has given up starting it.
    Penalized,
    /// macOS does not let it execute its program.
    NotPermitted,
    /// The activation at boot ended badly after it had made the link: its checks failed.
    ChecksFailed(Ended),
    /// Its last run ended badly.
    Failed(Ended),
}

impl Fault {
    /// The failure shape, where it is a known one.
    #[must_use]
    pub fn shape(&self) -> Option<Shape> {
        match self {
            Self::Copy(_) | Self::Failed(_) => None,
            Self::Disabled { .. } => Some(Shape::Disabled),
            Self::Blocked(_) | Self::NeverStarted => Some(Shape::Blocked),
            Self::NotLoaded => Some(Shape::NotLoaded),
            Self::Program(_) | Self::CouldNotStart(_) => Some(Shape::NoProgram),
            Self::Penalized => Some(Shape::Penalized),
            Self::NotPermitted => Some(Shape::NotPermitted),
            Self::ChecksFailed(_) => Some(Shape::ChecksFailed),
        }
    }
}

impl Job {
    /// Whether it is nix-darwin's activation at boot, which makes the link before all else (nix-darwin
    /// `modules/services/activate-system/default.nix`). The prefix of its label can be set.
    #[must_use]
    pub fn is_activation(&self) -> bool {
        self.label.ends_with(".activate-system")
    }

    /// Whether its row in the list leaves open how it is: it has no process, and did not end well.
    #[must_use]
    pub fn needs_closer_look(&self) -> bool {
        match &self.state {
            State::Loaded { listed, .. } => listed.pid.is_none() && !self.definition.rests(&listed.ended),
            State::NotAsked | State::NotLoaded => false,
        }
    }

    /// The first thing that is wrong, in the order in which one explains the other. `is_linked` says whether the link to the
    /// system is right.
    #[must_use]
    pub fn fault(&self, is_linked: bool) -> Option<Fault> {
        if self.definition.disabled {
            return self.copy_fault();
        }
        // Of a job that is loaded the definition matters at the next boot only, and its state now.
        match &self.state {
            State::Loaded { listed, closer } => self
                .run_fault(listed, closer.as_deref(), is_linked)
                .or_else(|| self.copy_fault())
                .or_else(|| self.is_disabled.then_some(Fault::Disabled { is_loaded: true })),
            State::NotLoaded => self.copy_fault().or_else(|| self.load_fault()),
            State::NotAsked => self.copy_fault().or_else(|| self.program_fault()),
        }
    }

    fn copy_fault(&self) -> Option<Fault> {
        (self.copy != Copy::Right).then(|| Fault::Copy(self.copy.clone()))
    }

    fn program_fault(&self) -> Option<Fault> {
        match &self.program {
            Program::Here | Program::None => None,
            program => Some(Fault::Program(program.clone())),
        }
    }

    fn load_fault(&self) -> Option<Fault> {
        match () {
            () if self.is_disabled => Some(Fault::Disabled { is_loaded: false }),
            () if self.blocked.is_some() => self.blocked.clone().map(Fault::Blocked),
            // It has run, and is gone until the next boot; or it is for another type of session than the screen's.
            () if self.definition.launch_only_once => None,
            () if self.domain != Domain::System && !self.definition.is_for("Aqua") => None,
            () => Some(self.program_fault().unwrap_or(Fault::NotLoaded)),
        }
    }

    fn run_fault(&self, listed: &Listed, closer: Option<&Service>, is_linked: bool) -> Option<Fault> {
        let ended = closer.map_or(&listed.ended, |service| &service.ended);
        if listed.pid.is_some() || closer.is_some_and(|service| service.state == service::State::Running) {
            return None;
        }
        if closer.is_some_and(|service| service.is_penalized) {
            return Some(Fault::Penalized);
        }
        match ended {
            ended if self.definition.rests(ended) => self.program_fault(),
            Ended::Never if closer.is_some_and(Service::never_ran) && self.definition.starts_at_once() => {
                Some(self.blocked.clone().map_or(Fault::NeverStarted, Fault::Blocked))
            }
            // It is to run on, and waits for its next start.
            Ended::Never | Ended::Code(0) => self.program_fault(),
            Ended::Code(126) => Some(Fault::NotPermitted),
            Ended::Code(78 | 111 | 127) => {
                Some(self.program_fault().unwrap_or(Fault::CouldNotStart(ended.clone())))
            }
            Ended::Code(_) if is_linked && self.is_activation() => Some(Fault::ChecksFailed(ended.clone())),
            _ => Some(Fault::Failed(ended.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
