//! One look at the whole host.

use std::path::{Path, PathBuf};

use anyhow::Result;
use launchd::Launchctl;
use nix_host::{Platform, profile};
use oneshot::{Resolver, Root};
use user_session::{Target, account};

use crate::facts::Facts;
use crate::{files, ground, jobs, link};

/// Whose agents and login shell are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub uid: u32,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The login shell.
    pub shell: Option<PathBuf>,
}

impl Person {
    /// What the account database has of a uid; neither where it does not know it.
    pub fn of(root: &Root, uid: u32) -> Result<Self> {
        let (mut home, mut shell) = (None, None);
        if let Some(account) = account::find(root, &Target::Uid(uid))? {
            home = account::home(root, &account)?;
            shell = account::shell(root, &account)?;
        }
        Ok(Self { uid, home, shell })
    }
}

/// What is to be looked at.
#[derive(Debug)]
pub struct Request<'a> {
    /// The tree.
    pub root: &'a Root,
    /// Whose; `None` for nobody's.
    pub person: Option<&'a Person>,
    /// Through which launchd is asked; without it only files are looked at.
    pub launchctl: Option<&'a Launchctl>,
}

impl Person {
    /// The folder of the agents that are this person's alone.
    #[must_use]
    pub fn agents(&self) -> Option<String> {
        Some(format!("{}/Library/LaunchAgents", self.home.as_ref()?.to_str()?))
    }
}

/// Looks at everything: files, and on a Mac the jobs, for which launchctl is run twice a domain, and once more for each job
/// that is not in order.
pub fn gather(request: &Request<'_>) -> Result<Facts> {
    let resolver = Resolver::new(request.root);
    let look = link::look(&resolver, Path::new(profile::SYSTEM));
    let ground = ground::read(&resolver)?;
    let wanted = look.wanted().ok();
    let shell = request.person.and_then(|person| person.shell.as_deref());
    let files = files::read(&resolver, wanted.as_deref(), shell);
    let jobs = match look.platform {
        Platform::Mac => Some(jobs::read(request, &resolver, wanted.as_deref())?),
        Platform::NixOs | Platform::Other => None,
    };
    Ok(Facts { look, ground, files, jobs })
}
