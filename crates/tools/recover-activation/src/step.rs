//! The steps, and the exact command lines of those that need root. The rule for sudo is made of the same lines, so that
//! nothing is run that it does not name, and it names nothing that is not run.

use std::fmt;

use activation::own::PROGRAMS;
use launchd::folder::DAEMONS;
use nix_host::profile;

use crate::level::Level;

/// How long fix-current-system may wait for the store, which is there by then.
const LINK_SECONDS: &str = "20";

/// How long fix-launch-daemons may take.
const JOBS_SECONDS: &str = "120";

/// What is done with a daemon that mounts the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Takes away the override that disables it.
    Enable,
    /// Loads its definition.
    Bootstrap,
    /// Starts it.
    Kickstart,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask launchd for a daemon that mounts the store.
    Daemon(Ask, &'static str),
    /// Wait for the volume of the store.
    Wait,
    /// Run fix-current-system. `is_stale`: also where the link leads to another system, and works.
    Link {
        /// Whether a link that works is replaced.
        is_stale: bool,
    },
    /// Run fix-launch-daemons for the daemons.
    Daemons,
    /// Run fix-launch-daemons for the agents of all users.
    Agents,
    /// Run fix-launch-daemons for the caller's own agents.
    OwnAgents,
    /// Run the system's `activate`.
    Activate,
}

impl Step {
    /// Which level it is of.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Daemon(..) | Self::Wait => Level::Store,
            Self::Link { .. } => Level::Link,
            Self::Daemons | Self::Agents | Self::OwnAgents => Level::Jobs,
            Self::Activate => Level::Activation,
        }
    }

    /// Stable word for the report.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Daemon(Ask::Enable, _) => "enable",
            Self::Daemon(Ask::Bootstrap, _) => "bootstrap",
            Self::Daemon(Ask::Kickstart, _) => "kickstart",
            Self::Wait => "wait-for-store",
            Self::Link { .. } => "recover-link",
            Self::Daemons | Self::Agents | Self::OwnAgents => "recover-jobs",
            Self::Activate => "activate",
        }
    }

    /// What it is about.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Daemon(_, label) => (*label).to_owned(),
            Self::Wait => nix_host::store::STORE.to_owned(),
            Self::Link { .. } => nix_host::system::CURRENT.to_owned(),
            Self::Daemons => DAEMONS.to_owned(),
            Self::Agents => launchd::folder::AGENTS.to_owned(),
            Self::OwnAgents => "~/Library/LaunchAgents".to_owned(),
            Self::Activate => profile::SYSTEM.to_owned(),
        }
    }

    /// Its command line as the host sees it, with the programs of mendutils in `folder`; `None` for one that runs nothing.
    #[must_use]
    pub fn words(&self, folder: &str) -> Option<Vec<String>> {
        let own = |name: &str, rest: &[&str]| {
            let program = format!("{folder}/{name}");
            std::iter::once(program).chain(rest.iter().map(|word| (*word).to_owned())).collect::<Vec<_>>()
        };
        let link = |rest: &[&str]| {
            let words = [&["--json", "--timeout", LINK_SECONDS], rest].concat();
            own("fix-current-system", &words)
        };
        let jobs = |rest: &[&str]| {
            let words = [&["--json", "--timeout", JOBS_SECONDS], rest].concat();
            own("fix-launch-daemons", &words)
        };
        let launchctl = |words: &[&str]| {
            let program = std::iter::once(launchd::Tool::Launchctl.path());
            program.chain(words.iter().copied()).map(str::to_owned).collect()
        };
        Some(match self {
            Self::Wait => return None,
            Self::Daemon(Ask::Enable, label) => launchctl(&["enable", &format!("system/{label}")]),
            Self::Daemon(Ask::Kickstart, label) => launchctl(&["kickstart", &format!("system/{label}")]),
            Self::Daemon(Ask::Bootstrap, label) => {
                launchctl(&["bootstrap", "system", &format!("{DAEMONS}/{label}.plist")])
            }
            Self::Link { is_stale: false } => link(&[]),
            Self::Link { is_stale: true } => link(&["--stale"]),
            Self::Daemons => jobs(&[]),
            Self::Agents => jobs(&["--agents"]),
            Self::OwnAgents => jobs(&["--user-agents"]),
            Self::Activate => vec![format!("{}/activate", profile::SYSTEM)],
        })
    }

    /// The command that a person would type, and where it is not asked for by hand the one to say.
    #[must_use]
    pub fn command(&self) -> String {
        let words = self.words(PROGRAMS).unwrap_or_default().join(" ");
        if self.needs_root() { format!("sudo {words}") } else { words }
    }

    /// Whether only root may do it.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        !matches!(self, Self::Wait | Self::OwnAgents)
    }

    /// All that need root.
    #[must_use]
    pub fn of_root() -> Vec<Self> {
        let daemon = |label: &'static str| {
            [Ask::Enable, Ask::Bootstrap, Ask::Kickstart].map(|ask| Self::Daemon(ask, label))
        };
        let mut steps: Vec<_> = nix_host::volume::DAEMONS.into_iter().flat_map(daemon).collect();
        steps.extend([Self::Link { is_stale: false }, Self::Link { is_stale: true }]);
        steps.extend([Self::Daemons, Self::Agents, Self::Activate]);
        steps
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daemon(Ask::Enable, label) => write!(out, "enable {label}, which mounts the store"),
            Self::Daemon(Ask::Bootstrap, label) => write!(out, "load {label}, which mounts the store"),
            Self::Daemon(Ask::Kickstart, label) => write!(out, "start {label}, which mounts the store"),
            Self::Wait => write!(out, "wait for the store"),
            Self::Link { is_stale: false } => {
                write!(out, "link {} to the system of the profile", self.target())
            }
            Self::Link { is_stale: true } => {
                write!(out, "replace {}, which works, by a link to the system of the profile", self.target())
            }
            Self::Daemons => write!(out, "have launchd run the daemons of the system"),
            Self::Agents => write!(out, "have launchd run the agents that the system has for all users"),
            Self::OwnAgents => write!(out, "have launchd run the agents that the system has for this user"),
            Self::Activate => write!(out, "activate the system of the profile in full"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_run_as_root_but_by_these_lines() {
        let lines: Vec<_> = Step::of_root().iter().map(Step::command).collect();
        assert_eq!(
            lines,
            [
                "sudo /bin/launchctl enable system/systems.determinate.nix-store",
                "sudo /bin/launchctl bootstrap system /Library/LaunchDaemons/systems.determinate.nix-store.plist",
                "sudo /bin/launchctl kickstart system/systems.determinate.nix-store",
                "sudo /bin/launchctl enable system/org.nixos.darwin-store",
                "sudo /bin/launchctl bootstrap system /Library/LaunchDaemons/org.nixos.darwin-store.plist",
                "sudo /bin/launchctl kickstart system/org.nixos.darwin-store",
                "sudo /usr/local/libexec/mendutils/fix-current-system --json --timeout 20",
                "sudo /usr/local/libexec/mendutils/fix-current-system --json --timeout 20 --stale",
                "sudo /usr/local/libexec/mendutils/fix-launch-daemons --json --timeout 120",
                "sudo /usr/local/libexec/mendutils/fix-launch-daemons --json --timeout 120 --agents",
                "sudo /nix/var/nix/profiles/system/activate",
            ]
        );
        assert!(Step::of_root().iter().all(Step::needs_root));
        assert!(!Step::OwnAgents.needs_root() && Step::Wait.words("").is_none());
    }
}
