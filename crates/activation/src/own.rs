//! What mendutils has on a Mac: the programs in one folder of the root volume, and the jobs that start them. All of it is
//! outside of the store, because it is needed when the store is away.

use std::path::PathBuf;

use launchd::Domain;

use crate::gather::Person;
use crate::jobs::{AGENTS, DAEMONS};

/// The folder of the programs.
pub const PROGRAMS: &str = "/usr/local/libexec/mendutils";

/// The program that makes the link at boot.
pub const BOOT_PROGRAM: &str = "fix-current-system";

/// The daemon that starts it.
pub const BOOT: &str = "org.nixos.boot-activation";

/// The daemon that has launchd run what the system wants.
pub const JOBS: &str = "org.nixos.fix-launch-daemons";

/// The agent that mends at login what the boot left.
pub const RECOVERY: &str = "org.nixos.activation-recovery";

/// A place where a definition of an own job may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The job.
    pub label: &'static str,
    /// Where it belongs.
    pub domain: Domain,
    /// Its definition.
    pub installed: PathBuf,
    /// Whether it has to be there where the programs are. The others are a choice.
    pub is_due: bool,
}

/// All places, those of a person's agents where one is given.
#[must_use]
pub fn places(person: Option<&Person>) -> Vec<Place> {
    let at = |folder: &str, label: &str| PathBuf::from(format!("{folder}/{label}.plist"));
    let daemon = |label, is_due| {
        let installed = at(DAEMONS, label);
        Place { label, domain: Domain::System, installed, is_due }
    };
    let mut places = vec![daemon(BOOT, true), daemon(JOBS, false)];
    if let Some(person) = person {
        let folders = [Some(AGENTS.to_owned()), person.agents()];
        places.extend(folders.into_iter().flatten().map(|folder| Place {
            label: RECOVERY,
            domain: Domain::Gui(person.uid),
            installed: at(&folder, RECOVERY),
            is_due: false,
        }));
    }
    places
}
