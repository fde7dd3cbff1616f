//! What launchd says of the jobs.

use anyhow::Result;
use launchd::Launchctl;
use launchd::ask::Answer;

use super::Jobs;
use crate::job::{Job, State};

/// Asks of every domain that a job is in.
pub(super) fn all(jobs: &mut Jobs, launchctl: &Launchctl) -> Result<()> {
    let mut domains: Vec<_> = jobs.jobs.iter().map(|job| job.domain).collect();
    domains.sort_unstable();
    domains.dedup();
    for domain in domains {
        match launchctl.list(domain)? {
            Answer::Here(listing) => {
                for job in jobs.jobs.iter_mut().filter(|job| job.domain == domain) {
                    let listed = listing.find(&job.label).cloned();
                    job.state =
                        listed.map_or(State::NotLoaded, |listed| State::Loaded { listed, closer: None });
                }
            }
            Answer::Missing(_) if domain.uid().is_some() => {
                jobs.without_screen = domain.uid();
                continue;
            }
            Answer::Missing(reply) => {
                jobs.unknown.push((domain, reply.to_string()));
                continue;
            }
            Answer::Unknown(reason) => {
                jobs.unknown.push((domain, reason));
                continue;
            }
        }
        match launchctl.disabled(domain)? {
            Answer::Here(disabled) => {
                for job in jobs.jobs.iter_mut().filter(|job| job.domain == domain) {
                    job.is_disabled = disabled.has(&job.label);
                }
            }
            Answer::Missing(reply) => jobs.unknown.push((domain, reply.to_string())),
            Answer::Unknown(reason) => jobs.unknown.push((domain, reason)),
        }
    }
    closer(jobs, launchctl)?;
    background(jobs, launchctl);
    Ok(())
}

/// Asks of each job whose row leaves open how it is.
fn closer(jobs: &mut Jobs, launchctl: &Launchctl) -> Result<()> {
    for job in jobs.jobs.iter_mut().filter(|job| job.needs_closer_look()) {
        match launchctl.service(job.domain, &job.label)? {
            Answer::Here(service) => {
                if let State::Loaded { closer, .. } = &mut job.state {
                    *closer = Some(Box::new(service));
                }
            }
            // It went away meanwhile.
            Answer::Missing(_) => job.state = State::NotLoaded,
            Answer::Unknown(reason) => jobs.unknown.push((job.domain, reason)),
        }
    }
    Ok(())
}

/// Asks what Background Task Management blocks, where that may be the cause of something. Only root may.
fn background(jobs: &mut Jobs, launchctl: &Launchctl) {
    let is_open = |job: &&mut Job| match &job.state {
        State::NotLoaded => !job.is_disabled,
        State::Loaded { closer, .. } => closer.as_ref().is_some_and(|service| service.never_ran()),
        State::NotAsked => false,
    };
    let mut open: Vec<_> = jobs.jobs.iter_mut().filter(is_open).collect();
    if open.is_empty() {
        return;
    }
    if !nix::unistd::geteuid().is_root() {
        jobs.unseen = Some("only root may ask".to_owned());
        return;
    }
    match launchctl.background() {
        Ok(background) => {
            for job in &mut open {
                let item = background.disallowed(&job.label, &job.installed);
                job.blocked = item.map(|item| item.name.clone());
            }
        }
        Err(error) => jobs.unseen = Some(format!("{error:#}")),
    }
}
