//! What is wrong with an activation, as values. Programs put it into words.

use std::path::PathBuf;

use launchd::Domain;
use nix_host::etc::Odd;
use nix_host::profile::Doubt;
use nix_host::synthetic;
use nix_host::{etc, gc_root, run_folder, system, volume};

use crate::job::{Fault, Job};
use crate::shape::Shape;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// `/run` is not what it should be.
    Run {
        /// How it stands.
        standing: run_folder::Standing,
        /// Why macOS does not make it; nothing where its files are right and only have to be applied.
        causes: Vec<(PathBuf, synthetic::Fault)>,
    },
    /// The volume of the store is away, or no daemon may run what is on it.
    Volume(volume::Standing),
    /// Nobody can say which system should run.
    Profile(Doubt),
    /// The link to the system that runs is not right.
    Current(system::Standing),
    /// The root for the garbage collector is not right.
    GcRoot(gc_root::Standing),
    /// `/etc/static` does not lead to the files of the system.
    Static(etc::Standing),
    /// These files of `/etc` are not the system's.
    Etc(Vec<Odd>),
    /// A part of the answer could not be read: why.
    Unread(String),
    /// launchd could not tell of a domain: why.
    Domain(Domain, String),
    /// A definition of the system that no job can be made of: which, and why.
    Definition(PathBuf, String),
    /// A job is not as it should be.
    Job(Box<Job>, Fault),
    /// Nobody is logged in at the screen: so many agents wait for that, which is nobody's fault.
    NoScreen {
        /// Whose.
        uid: u32,
        /// How many.
        agents: usize,
    },
    /// The login shell cannot be reached.
    Shell {
        /// It.
        shell: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Trouble {
    /// The failure shape, where it is a known one.
    #[must_use]
    pub fn shape(&self) -> Option<Shape> {
        match self {
            Self::Run { .. } | Self::Current(system::Standing::NoFolder(_)) => Some(Shape::Run),
            Self::Volume(volume::Standing::Removable) => Some(Shape::NotPermitted),
            Self::Volume(_) => Some(Shape::VolumeAway),
            Self::Current(system::Standing::Missing) => Some(Shape::NotLoaded),
            Self::Current(system::Standing::Dangling(_)) => Some(Shape::Dangling),
            Self::Current(system::Standing::Stale(_)) => Some(Shape::Stale),
            Self::Static(etc::Standing::Stale(_) | etc::Standing::Missing | etc::Standing::Dangling(_)) => {
                Some(Shape::ChecksFailed)
            }
            Self::Etc(odd) if odd.iter().any(|odd| matches!(odd.state, etc::State::Replaced(_))) => {
                Some(Shape::EtcReplaced)
            }
            Self::Job(_, fault) => fault.shape(),
            Self::NoScreen { .. } => Some(Shape::NoScreen),
            Self::Shell { .. } => Some(Shape::Shell),
            Self::Profile(_)
            | Self::Current(_)
            | Self::GcRoot(_)
            | Self::Static(_)
            | Self::Etc(_)
            | Self::Unread(_)
            | Self::Domain(..)
            | Self::Definition(..) => None,
        }
    }
}
