//! From what is wrong to the next step, and to what is left when there is none. Pure.

use activation::job::{Fault, Role, State};
use activation::{Job, Trouble};
use launchd::session::Session;
use nix_host::Platform;
use nix_host::system::Standing as Current;
use nix_host::volume::Standing as Volume;
use nix_host::{etc, system};

use crate::facts::{Consent, Facts, Situation, Tried};
use crate::grants::Grants;
use crate::step::{Ask, Step};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// All is as it should be.
    Healthy,
    /// A step, and what a person should know before it.
    Next(Step, Option<String>),
    /// Nothing more can be done; what is wrong, and why no step is for it.
    Over(Vec<(Trouble, Left)>),
}

/// Why a trouble is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// No step could mend it.
    Helpless,
    /// This step was not taken: why.
    Kept(Step, String),
    /// These were tried, and it is there all the same. Never empty.
    Tried(Vec<Tried>),
}

/// What a trouble asks for.
enum Need {
    /// Nothing: it keeps nobody from working.
    Nothing,
    /// A person.
    Helpless,
    /// These steps, in this order.
    Steps(Vec<Step>),
}

/// Decides. `tried` is what this run has done already: no step is taken twice.
#[must_use]
pub fn decide(facts: &Facts, situation: &Situation, tried: &[Tried]) -> Plan {
    let mut left = Vec::new();
    let mut next: Option<(Step, Option<String>)> = None;
    for trouble in &facts.troubles {
        let steps = match need(trouble, facts) {
            Need::Nothing => continue,
            Need::Helpless => {
                left.push((trouble.clone(), Left::Helpless));
                continue;
            }
            Need::Steps(steps) => steps,
        };
        let mut own: Vec<Tried> = Vec::new();
        let mut kept = None;
        for step in steps {
            if let Some(tried) = tried.iter().find(|tried| tried.step == step) {
                own.push(tried.clone());
                continue;
            }
            match permission(&step, facts, situation) {
                Ok(risk) => {
                    if next.as_ref().is_none_or(|(chosen, _)| step.level() < chosen.level()) {
                        next = Some((step, risk));
                    }
                    break;
                }
                Err(reason) => {
                    kept.get_or_insert(Left::Kept(step, reason));
                }
            }
        }
        let why = if own.is_empty() { kept.unwrap_or(Left::Helpless) } else { Left::Tried(own) };
        left.push((trouble.clone(), why));
    }
    match next {
        Some((step, risk)) => Plan::Next(step, risk),
        None if left.is_empty() => Plan::Healthy,
        None => Plan::Over(left),
    }
}

/// Whether only a full activation mends a trouble.
#[must_use]
pub fn asks_for_activation(trouble: &Trouble, platform: Platform) -> bool {
    let is_etc = match trouble {
        Trouble::Static(standing) => !matches!(standing, etc::Standing::NoFiles(_)),
        Trouble::Etc(_) => true,
        _ => false,
    };
    is_etc && platform == Platform::Mac
}

fn need(trouble: &Trouble, facts: &Facts) -> Need {
    let platform = facts.host.look.platform;
    match trouble {
        // Another generation than the running one may be the next boot's, which NixOS has a command for.
        Trouble::Current(Current::Stale(_)) if platform != Platform::Mac => Need::Nothing,
        Trouble::Current(standing) if facts.host.look.wanted().is_ok() => match standing {
            Current::Missing | Current::Dangling(_) => Need::Steps(vec![Step::Link { is_stale: false }]),
            Current::Stale(_) => Need::Steps(vec![Step::Link { is_stale: true }]),
            _ => Need::Helpless,
        },
        Trouble::GcRoot(_) if facts.host.look.wanted().is_ok() => {
            Need::Steps(vec![Step::Link { is_stale: false }])
        }
        Trouble::Volume(Volume::Away) => Need::Steps(store(facts)),
        // Nobody says that there is to be a volume; a daemon that would mount one says so too.
        Trouble::Volume(Volume::NoStore) if facts.store_jobs().next().is_some() => Need::Steps(store(facts)),
        Trouble::NoScreen { .. } => Need::Nothing,
        Trouble::Job(job, fault) => of_job(job, fault, facts),
        trouble if asks_for_activation(trouble, platform) => Need::Steps(vec![Step::Activate]),
        _ => Need::Helpless,
    }
}

/// What brings the volume of the store.
fn store(facts: &Facts) -> Vec<Step> {
    let asked = facts.store_jobs().filter_map(|job| Some(Step::Daemon(ask(job)?, label(job)?)));
    asked.chain([Step::Wait]).collect()
}

/// What a daemon that mounts the store needs before it can run; `None` for one that is at work.
fn ask(job: &Job) -> Option<Ask> {
    match &job.state {
        _ if job.is_disabled => Some(Ask::Enable),
        State::NotLoaded => Some(Ask::Bootstrap),
        State::Loaded { listed, .. } => listed.pid.is_none().then_some(Ask::Kickstart),
        State::NotAsked => None,
    }
}

fn label(job: &Job) -> Option<&'static str> {
    nix_host::volume::DAEMONS.into_iter().find(|label| *label == job.label)
}

fn of_job(job: &Job, fault: &Fault, facts: &Facts) -> Need {
    match fault {
        // It ran, and what it could not do is told by the files. A program that fails has its own reasons.
        Fault::ChecksFailed(_) | Fault::Failed(_) => return Need::Nothing,
        // No program can change what System Settings or the privacy database say.
        Fault::Blocked(_) | Fault::NotPermitted => return Need::Helpless,
        _ => {}
    }
    match (job.role, fault) {
        (Role::Store, Fault::Copy(_) | Fault::Program(_)) => Need::Helpless,
        (Role::Store, _) => match (facts.host.ground.has_store(), ask(job), label(job)) {
            (true, Some(ask), Some(label)) => Need::Steps(vec![Step::Daemon(ask, label)]),
            (true, ..) => Need::Helpless,
            // The volume that is away tells of it.
            (false, ..) => Need::Nothing,
        },
        (Role::Own, _) => Need::Helpless,
        (Role::Wanted, _) if job.domain.uid().is_none() => Need::Steps(vec![Step::Daemons]),
        (Role::Wanted, _) if job.installed.starts_with(launchd::folder::AGENTS) => {
            Need::Steps(vec![Step::Agents])
        }
        (Role::Wanted, _) => Need::Steps(vec![Step::OwnAgents]),
    }
}

/// Whether a step may be taken, and with which risk; an error says why not.
fn permission(step: &Step, facts: &Facts, situation: &Situation) -> Result<Option<String>, String> {
    if step.level() > situation.most {
        return Err(format!("it is beyond --level {}", situation.most));
    }
    match step {
        Step::Link { is_stale: true } => match situation.consent {
            Consent::Nobody => Err("a link that works is not replaced unasked".to_owned()),
            Consent::Asked | Consent::Given { .. } => Ok(Some(format!(
                "{} leads to a system that works; the jobs of that system stay until somebody removes them",
                system::CURRENT
            ))),
        },
        Step::Activate => activation_permission(facts, situation),
        _ => Ok(None),
    }
}

/// A full activation is for a session at the screen only, by itself once a boot at most, and never where it may take grants
/// away unless a person at a terminal wants it.
fn activation_permission(facts: &Facts, situation: &Situation) -> Result<Option<String>, String> {
    match situation.session {
        Some(Session::Aqua) => {}
        Some(_) => {
            return Err("this is no session at the screen, where macOS grants what it needs".to_owned());
        }
        None => return Err("launchd does not tell the type of this session".to_owned()),
    }
    let risk = match &facts.grants {
        Some(Grants::Safe(_)) => None,
        Some(Grants::AtRisk(reason)) => Some(format!(
            "where macOS denies it App Management it takes that from every program, and asks anew ({reason})"
        )),
        None => Some("what it would do to grants is not known".to_owned()),
    };
    match (situation.consent, risk) {
        (Consent::Asked | Consent::Given { at_terminal: true }, risk) => Ok(risk),
        (Consent::Nobody | Consent::Given { at_terminal: false }, Some(risk)) => Err(risk),
        (Consent::Nobody | Consent::Given { at_terminal: false }, None) => match &situation.was_activated {
            Ok(false) => Ok(None),
            Ok(true) => Err("it was run once since the boot".to_owned()),
            Err(reason) => Err(format!("whether it was run since the boot is not known: {reason}")),
        },
    }
}

#[cfg(test)]
mod tests;
