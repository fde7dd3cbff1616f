//! The releases that a machine can be booted from.

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, bail};

use crate::root::{PLAIN, PODMAN, Profile};

/// Which systemd a machine runs, and from which root file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The host's own `/usr` beneath a small `/etc` of the lab: no download, and the host's own systemd.
    Host,
    /// A Debian suite by its code name, built by mmdebstrap.
    Debian(&'static str),
}

impl Release {
    /// Debian 12, systemd 252.
    pub const BOOKWORM: Self = Self::Debian("bookworm");
    /// Debian 13, systemd 257.
    pub const TRIXIE: Self = Self::Debian("trixie");
    /// Debian testing of 2026, systemd 262.
    pub const FORKY: Self = Self::Debian("forky");
    /// Every release there is, the cheapest first.
    pub const ALL: [Self; 4] = [Self::Host, Self::BOOKWORM, Self::TRIXIE, Self::FORKY];

    /// The releases that the tests run on: all but the one that the host is itself.
    pub fn tested() -> Vec<Self> {
        let about = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let own = about.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default();
        Self::ALL.into_iter().filter(|release| release.name() != own).collect()
    }

    /// The releases that podman is tested on. The host's own `/usr` need not have one.
    pub const WITH_PODMAN: [Self; 3] = [Self::BOOKWORM, Self::TRIXIE, Self::FORKY];

    /// Every root that the tests need.
    pub fn roots() -> Vec<(&'static Profile, &'static str)> {
        let plain = Self::tested().into_iter().map(|release| (&PLAIN, release));
        let podman = Self::WITH_PODMAN.into_iter().map(|release| (&PODMAN, release));
        // The larger ones first, as they are built at the same time.
        podman
            .chain(plain)
            .filter_map(|(profile, release)| match release {
                Self::Host => None,
                Self::Debian(suite) => Some((profile, suite)),
            })
            .collect()
    }

    /// The name on the command line and in the name of a test.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Debian(suite) => suite,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Release {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match Self::ALL.into_iter().find(|release| release.name() == name) {
            Some(release) => Ok(release),
            None => bail!("no release {name:?}; there are {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}
