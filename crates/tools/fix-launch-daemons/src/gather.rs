//! What the host says of the jobs.

use std::cell::OnceCell;

use anyhow::Result;
use launchd::ask::Answer;
use launchd::background::Background;
use launchd::disabled::Disabled;
use launchd::{Class, Domain, Launchctl, Listing};
use nix_host::volume;
use oneshot::Root;
use oneshot::text::printable;

use crate::facts::{Allowed, Guard, Job, Loaded, Wanted};
use crate::place;
use crate::scope::Scope;

/// launchd puts the label of the job into the environment of its processes (launchd.plist(5) does not tell, `launchctl
/// print` does); a terminal's is `0` or that of its application.
pub(crate) const OWN: &str = "XPC_SERVICE_NAME";

/// This program's own job, and the agent of recover-activation, which runs it and would be ended in the middle of that.
const OWN_LABELS: [&str; 2] = ["org.nixos.fix-launch-daemons", "org.nixos.activation-recovery"];

/// What serves the store on a host of Determinate's, whose client talks to it alone.
const SERVER: &str = "systems.determinate.nix-daemon";

/// The host, and what it was asked once.
#[derive(Debug)]
pub(crate) struct Mac<'a> {
    pub(crate) root: &'a Root,
    pub(crate) scope: &'a Scope,
    pub(crate) launchctl: Launchctl,
    /// The label of the job that this process belongs to.
    pub(crate) own: Option<String>,
    background: OnceCell<Result<Background, String>>,
}

/// What a domain says of all its jobs: one call each.
#[derive(Debug)]
pub(crate) struct Whole {
    listing: Option<Answer<Listing>>,
    disabled: Option<Answer<Disabled>>,
}

impl<'a> Mac<'a> {
    pub(crate) fn new(root: &'a Root, scope: &'a Scope, launchctl: Launchctl) -> Self {
        let own = std::env::var(OWN).ok();
        Self { root, scope, launchctl, own, background: OnceCell::new() }
    }

    /// Asks for all jobs at once. Overrides of a domain that is not there do not matter.
    pub(crate) fn whole(&self) -> Result<Whole> {
        let Some(domain) = self.scope.domain else { return Ok(Whole { listing: None, disabled: None }) };
        let listing = match self.launchctl.list(domain)? {
            Answer::Missing(reply) if domain == Domain::System => Answer::Unknown(reply.to_string()),
            other => other,
        };
        let is_there = !matches!(listing, Answer::Missing(_));
        let disabled = if is_there { Some(self.launchctl.disabled(domain)?) } else { None };
        Ok(Whole { listing: Some(listing), disabled })
    }

    /// One job, as far as files and the lists tell.
    pub(crate) fn job(&self, wanted: &Wanted, whole: &Whole) -> Result<Job> {
        let label = &wanted.definition.label;
        Ok(Job {
            wanted: wanted.clone(),
            domain: self.scope.domain,
            installed: place::installed(self.root, self.scope, wanted)?,
            loaded: whole.loaded(label),
            is_disabled: whole.is_disabled(label),
            executable: place::executable(self.root, &wanted.definition),
            is_old: false,
            guard: self.guard(label),
            allowed: Allowed::NotAsked,
        })
    }

    /// Whether a job may be ended.
    pub(crate) fn guard(&self, label: &str) -> Guard {
        match () {
            () if OWN_LABELS.contains(&label) || self.own.as_deref() == Some(label) => Guard::Own,
            () if volume::DAEMONS.contains(&label) || label == SERVER => Guard::Store,
            () => Guard::None,
        }
    }

    /// What launchd has of one job.
    pub(crate) fn loaded(&self, domain: Domain, label: &str) -> Result<Loaded> {
        Ok(match self.launchctl.service(domain, label)? {
            Answer::Here(service) => Loaded::Service(Box::new(service)),
            // The system's is always there.
            Answer::Missing(reply) if reply.class() == Class::NoDomain => match domain {
                Domain::System => Loaded::Unknown(reply.to_string()),
                _ => Loaded::NoDomain,
            },
            Answer::Missing(_) => Loaded::No,
            Answer::Unknown(words) => Loaded::Unknown(words),
        })
    }

    /// Looks closer at a job.
    pub(crate) fn look_closer(&self, job: &mut Job) -> Result<()> {
        let Some(domain) = job.domain else { return Ok(()) };
        job.loaded = self.loaded(domain, &job.wanted.definition.label)?;
        if let Loaded::Service(service) = &job.loaded {
            let program = service.program.as_deref();
            let is_other = program != job.wanted.definition.executable();
            let at =
                program.filter(|program| program.starts_with('/')).map(|program| self.root.join(program));
            job.is_old = is_other && at.is_some_and(|at| !at.exists());
        }
        Ok(())
    }

    /// What Background Task Management says of a job. It is asked once a run, and only where a job gives reason to.
    pub(crate) fn allowed(&self, job: &Job) -> Allowed {
        let asked = self
            .background
            .get_or_init(|| self.launchctl.background().map_err(|error| printable(&format!("{error:#}"))));
        match asked {
            Err(reason) => Allowed::Unknown(reason.clone()),
            Ok(background) => match background.disallowed(&job.wanted.definition.label, &job.wanted.place) {
                Some(item) => Allowed::No(item.name.clone()),
                None => Allowed::Yes,
            },
        }
    }
}

impl Whole {
    /// What a list could not be read as, if that is so.
    pub(crate) fn unknown(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        if let Some(Answer::Unknown(words)) = &self.listing {
            unknown.push(words.clone());
        }
        if let Some(Answer::Unknown(words)) = &self.disabled {
            unknown.push(words.clone());
        }
        unknown
    }

    /// Whether there is no such domain.
    pub(crate) fn has_no_domain(&self) -> bool {
        matches!(self.listing, None | Some(Answer::Missing(_)))
    }

    fn loaded(&self, label: &str) -> Loaded {
        match &self.listing {
            None | Some(Answer::Missing(_)) => Loaded::NoDomain,
            Some(Answer::Unknown(_)) => Loaded::Unlisted,
            Some(Answer::Here(listing)) => {
                listing.find(label).map_or(Loaded::No, |listed| Loaded::Listed(listed.clone()))
            }
        }
    }

    fn is_disabled(&self, label: &str) -> bool {
        self.disabled.as_ref().and_then(Answer::here).is_some_and(|disabled| disabled.has(label))
    }
}
