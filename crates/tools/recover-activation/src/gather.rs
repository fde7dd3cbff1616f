//! Looking at the host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use activation::{Person, Request, Trouble};
use anyhow::Result;
use launchd::{Domain, Launchctl};
use nix_host::{Platform, platform, profile};
use oneshot::{Deadline, Resolver, Root};

use crate::decide;
use crate::facts::Facts;
use crate::grants;

/// All questions to launchd of one look; it answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where to look, and for whom.
#[derive(Debug)]
pub(crate) struct Lookout {
    root: Root,
    person: Option<Person>,
}

impl Lookout {
    /// For the caller. Root is nobody whose agents and shell matter.
    pub(crate) fn new(root: &Root) -> Result<Self> {
        let own = nix::unistd::geteuid();
        let person = if own.is_root() { None } else { Some(person(root, own.as_raw())?) };
        Ok(Self { root: root.clone(), person })
    }

    /// Who sits at the screen, if this is for somebody.
    pub(crate) fn uid(&self) -> Option<u32> {
        self.person.as_ref().map(|person| person.uid)
    }

    /// launchctl, with the limit of one look; `None` on a host without launchd.
    pub(crate) fn launchctl(&self) -> Result<Option<Launchctl>> {
        let is_mac = platform::of(&Resolver::new(&self.root)) == Platform::Mac;
        is_mac.then(|| Launchctl::new(&self.root, Deadline::after(PATIENCE))).transpose()
    }

    /// One look at everything.
    pub(crate) fn gather(&self) -> Result<Facts> {
        let launchctl = self.launchctl()?;
        let request =
            Request { root: &self.root, person: self.person.as_ref(), launchctl: launchctl.as_ref() };
        // Where launchd does not answer, the files still tell of the link.
        let (host, silent) = match activation::gather(&request) {
            Err(error) if launchctl.is_some() => {
                (activation::gather(&Request { launchctl: None, ..request })?, Some(format!("{error:#}")))
            }
            host => (host?, None),
        };
        let mut troubles: Vec<Trouble> = activation::judge(&host);
        troubles.extend(silent.map(|reason| Trouble::Domain(Domain::System, reason)));
        let is_due = troubles.iter().any(|trouble| decide::asks_for_activation(trouble, host.look.platform));
        let activate = Path::new(profile::SYSTEM).join("activate");
        let grants = if is_due { Some(grants::read(&Resolver::new(&self.root), &activate)?) } else { None };
        Ok(Facts { host, troubles, grants })
    }
}

fn person(root: &Root, uid: u32) -> Result<Person> {
    let known = Person::of(root, uid)?;
    let told = || std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    Ok(Person { home: known.home.clone().or_else(told), ..known })
}
