//! Which jobs a run is about: from where, to where, for which domain.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use launchd::folder::{AGENTS, DAEMONS, USER_AGENTS};
use launchd::{Domain, console};
use nix::unistd::{getegid, geteuid};
use nix_host::volume::{self, Standing};
use nix_host::{profile, store};
use oneshot::{Exit, Resolver, Root, refuse};
use user_session::{Target, account};

use crate::arguments::Arguments;

/// The same in a system of nix-darwin (`modules/launchd/default.nix`).
const IN_SYSTEM: [&str; 3] = ["Library/LaunchDaemons", "Library/LaunchAgents", "user/Library/LaunchAgents"];

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The folder of the definitions that are wanted.
    pub(crate) source: PathBuf,
    /// The folder of their copies.
    pub(crate) place: PathBuf,
    /// Whom the copies belong to.
    pub(crate) owner: (u32, u32),
    /// Where they are loaded; `None` for agents while nobody is at the screen.
    pub(crate) domain: Option<Domain>,
    /// Whether only root can change it.
    pub(crate) needs_root: bool,
}

/// Finds out.
pub(crate) fn scope(arguments: &Arguments, root: &Root) -> Result<Scope> {
    let (number, place) = match (arguments.agents, arguments.user_agents) {
        (_, true) => (2, home(root)?.join(USER_AGENTS)),
        (true, _) => (1, AGENTS.into()),
        _ => (0, DAEMONS.into()),
    };
    let own = (geteuid().as_raw(), getegid().as_raw());
    let domain = match (arguments.domain, number) {
        (Some(_), 0) => {
            return Err(refuse(Exit::Usage, "--domain is for agents: add --agents or --user-agents"));
        }
        (Some(domain), _) => Some(domain),
        (None, 0) => Some(Domain::System),
        (None, 1) => console::user(root)?.map(Domain::Gui),
        (None, _) => Some(Domain::Gui(own.0)),
    };
    // root:wheel. In a tree of somebody else's it is that one's.
    let needs_root = number != 2;
    let owner = if needs_root && root.is_real() { (0, 0) } else { own };
    let source = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => {
            let inside = IN_SYSTEM.get(number).copied().unwrap_or_default();
            system(root, arguments.system_config.as_deref())?.join(inside)
        }
    };
    Ok(Scope { source, place, owner, domain, needs_root })
}

/// The caller's home directory by the account database, and not by a variable.
fn home(root: &Root) -> Result<PathBuf> {
    let uid = geteuid().as_raw();
    if uid == 0 && root.is_real() {
        return Err(refuse(
            Exit::Usage,
            "root has no agents of its own: run it as the user whose agents they are",
        ));
    }
    let account = account::find(root, &Target::Uid(uid))?;
    let home = account.and_then(|account| account::home(root, &account));
    home.ok_or_else(|| refuse(Exit::Config, format!("uid {uid} has no home directory")))
}

/// The system that is wanted.
fn system(root: &Root, named: Option<&Path>) -> Result<PathBuf> {
    let resolver = Resolver::new(root);
    let at = named.unwrap_or(Path::new(profile::SYSTEM));
    let wanted = if named.is_some() {
        nix_host::link::folder(&resolver, at)
    } else {
        profile::wanted(&profile::read(&resolver, at)).map_err(|doubt| doubt.to_string())
    };
    let Err(reason) = wanted else { return wanted.map_err(anyhow::Error::msg) };
    // Without its volume every path in the store leads nowhere.
    let standing = volume::judge(&volume::read(&resolver).context("looking at the volume of the store")?);
    if standing == Standing::Away {
        let text = format!(
            "{} is not mounted yet (LF4); wait for it: wait-for-path --mounted {}",
            volume::POINT,
            store::STORE
        );
        return Err(refuse(Exit::Busy, text));
    }
    let text = format!(
        "finding the system that is wanted at {}: {reason}; name it with --system-config",
        at.display()
    );
    Err(refuse(Exit::Config, text))
}
