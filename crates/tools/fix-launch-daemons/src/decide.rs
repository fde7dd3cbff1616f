//! What is to be done about one job, from the facts alone: the questions in the order in which one answers the next.

use std::time::Duration;

use launchd::outcome::Ended;
use launchd::service::State;
use launchd::{Change, Class, Domain, Reply, Service};

use crate::facts::{Allowed, Executable, Guard, Installed, Job, Loaded, Tried};
use crate::step::Step;

pub mod preview;

/// How long a job may take to end. launchd kills it after its `ExitTimeOut`, 20 seconds where nothing else is said.
pub const TEARDOWN: Duration = Duration::from_secs(30);

/// Between two attempts to load, while launchd still takes the last one down (headroom#1289: about 5 seconds).
pub const BETWEEN: Duration = Duration::from_millis(500);

/// So many attempts.
pub const ATTEMPTS: u32 = 10;

/// What was started may take so long to be seen.
pub const START: Duration = Duration::from_secs(2);

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One change brings it nearer; the failure shape that it cures.
    Do(Step, Option<&'static str>),
    /// Its row does not tell enough: ask launchd about the job itself.
    LookCloser,
    /// Ask Background Task Management.
    AskBackground,
    /// It is on its way: look again after this time.
    Wait(Duration),
    /// Nothing more is to be done.
    End(Verdict),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    InOrder,
    /// The configuration has it disabled.
    NotWanted,
    /// It runs only once a boot, and is not loaded: it may have run.
    Once,
    /// It belongs to a session that is not there.
    NoSession,
    /// It is for other types of session.
    OtherSession,
    /// It takes effect at the next boot, because what runs may not be ended.
    Later,
    /// launchd said nothing that could be read.
    Unknown(String),
    /// A switch in System Settings is off: its name.
    Blocked(String),
    /// It was enabled, and launchd says that it is disabled.
    Disabled,
    /// Its definition was written, and is not what was written.
    Undone,
    /// Its program cannot run.
    NoProgram(Executable),
    /// launchd has given up starting it.
    Penalized,
    /// Its last run ended so.
    Ended(Ended),
    /// launchd does not start it.
    NeverRan,
    /// Something stands in the place of its definition that may not be replaced: what.
    Taken(String),
    /// launchd refused what was asked, and how.
    Refused(Reply),
    /// It had not ended in time.
    Lingers,
    /// launchd took it, and has it not.
    Vanished,
}

/// Decides on one job.
#[must_use]
pub fn decide(job: &Job, tried: &Tried) -> Plan {
    if let Installed::Taken(what) = &job.installed {
        return Plan::End(Verdict::Taken(what.clone()));
    }
    if tried.installed && job.installed != Installed::Same {
        return Plan::End(Verdict::Undone);
    }
    let (Some(domain), false) = (job.domain, job.loaded == Loaded::NoDomain) else {
        // It is loaded at the next login, if its file is there.
        return install(job).unwrap_or(Plan::End(Verdict::NoSession));
    };
    if job.wanted.definition.disabled {
        return install(job).unwrap_or(Plan::End(Verdict::NotWanted));
    }
    match &job.loaded {
        Loaded::Unlisted => Plan::LookCloser,
        Loaded::Unknown(words) => Plan::End(Verdict::Unknown(words.clone())),
        Loaded::No | Loaded::NoDomain => load(job, domain, tried),
        Loaded::Listed(_) | Loaded::Service(_) if tried.booted_out && tried.bootstraps == 0 => ending(tried),
        Loaded::Listed(listed) => match replaced(job, domain, tried) {
            Some(plan) => plan,
            None if listed.pid.is_some() => in_order(job, tried),
            None if job.wanted.definition.rests(&listed.ended) => in_order(job, tried),
            None => Plan::LookCloser,
        },
        Loaded::Service(service) => {
            replaced(job, domain, tried).unwrap_or_else(|| run(job, domain, service, tried))
        }
    }
}

/// Puts the file in its place, if it is not there as it should be.
fn install(job: &Job) -> Option<Plan> {
    let (source, place) = (job.wanted.source.clone(), job.wanted.place.clone());
    (job.installed != Installed::Same).then_some(Plan::Do(Step::Install { source, place }, None))
}

/// What is loaded but has another file or is disabled.
fn replaced(job: &Job, domain: Domain, tried: &Tried) -> Option<Plan> {
    match &job.installed {
        // What runs is not ended for something that could not run.
        Installed::Differs if job.guard == Guard::None && job.executable != Executable::Ready => {
            return Some(Plan::End(Verdict::NoProgram(job.executable)));
        }
        // First ended, then replaced: a run that is killed in between leaves what is seen to need loading.
        Installed::Differs if job.guard == Guard::None => {
            let label = job.wanted.definition.label.clone();
            return Some(Plan::Do(Step::Launchctl(Change::Bootout { domain, label }), None));
        }
        Installed::Same => {}
        _ => return install(job),
    }
    job.is_disabled.then(|| enable(job, domain, tried))
}

/// Takes the override away, once.
fn enable(job: &Job, domain: Domain, tried: &Tried) -> Plan {
    match &tried.reply {
        _ if !tried.enabled => {
            let label = job.wanted.definition.label.clone();
            Plan::Do(Step::Launchctl(Change::Enable { domain, label }), Some("LF2"))
        }
        Some(reply) if !reply.is_done() => Plan::End(Verdict::Refused(reply.clone())),
        _ => Plan::End(Verdict::Disabled),
    }
}

fn in_order(job: &Job, tried: &Tried) -> Plan {
    let later = tried.installed && job.guard != Guard::None && tried.bootstraps == 0;
    Plan::End(if later { Verdict::Later } else { Verdict::InOrder })
}

/// It was asked to end, and is still there.
fn ending(tried: &Tried) -> Plan {
    match &tried.reply {
        Some(reply) if !is_on_its_way(reply) => Plan::End(Verdict::Refused(reply.clone())),
        _ if tried.waited < TEARDOWN => Plan::Wait(Duration::from_millis(100)),
        _ => Plan::End(Verdict::Lingers),
    }
}

/// What `bootout` may say of a job that ends.
fn is_on_its_way(reply: &Reply) -> bool {
    matches!(reply.class(), Class::Done | Class::NotLoaded | Class::Transient | Class::Ambiguous)
}

/// It is not loaded.
fn load(job: &Job, domain: Domain, tried: &Tried) -> Plan {
    let definition = &job.wanted.definition;
    if domain != Domain::System && !definition.is_for(session_of(domain)) {
        return install(job).unwrap_or(Plan::End(Verdict::OtherSession));
    }
    if let Some(Plan::Do(step, _)) = install(job) {
        return Plan::Do(step, shape(tried));
    }
    if definition.launch_only_once && !tried.installed && !tried.booted_out && tried.bootstraps == 0 {
        return Plan::End(Verdict::Once);
    }
    if job.is_disabled {
        return enable(job, domain, tried);
    }
    if job.executable != Executable::Ready {
        return Plan::End(Verdict::NoProgram(job.executable));
    }
    let bootstrap = || {
        let path = job.wanted.place.clone();
        Plan::Do(Step::Launchctl(Change::Bootstrap { domain, path }), shape(tried))
    };
    match &tried.reply {
        Some(reply) if tried.bootstraps > 0 => refused(job, domain, tried, reply, bootstrap),
        _ => bootstrap(),
    }
}

/// A job that was unloaded by this very run was not missing.
fn shape(tried: &Tried) -> Option<&'static str> {
    (!tried.booted_out).then_some("LF1")
}

fn session_of(domain: Domain) -> &'static str {
    if matches!(domain, Domain::User(_)) { "Background" } else { "Aqua" }
}

/// It was tried to load it, and it is not loaded.
fn refused(
    job: &Job,
    domain: Domain,
    tried: &Tried,
    reply: &Reply,
    bootstrap: impl FnOnce() -> Plan,
) -> Plan {
    let again = || match () {
        () if tried.bootstraps >= ATTEMPTS => Plan::End(Verdict::Refused(reply.clone())),
        () if tried.waited < BETWEEN => Plan::Wait(BETWEEN),
        () => bootstrap(),
    };
    match (reply.class(), &job.allowed) {
        (Class::Blocked, Allowed::No(name)) => Plan::End(Verdict::Blocked(name.clone())),
        (Class::Blocked | Class::Ambiguous, Allowed::NotAsked) => Plan::AskBackground,
        // launchd has said it itself; only the name is not known.
        (Class::Blocked, _) => Plan::End(Verdict::Blocked(String::new())),
        (Class::Ambiguous, Allowed::No(name)) => Plan::End(Verdict::Blocked(name.clone())),
        (Class::Ambiguous | Class::Transient, _) => again(),
        (Class::AlreadyLoaded, _) if tried.bootstraps < ATTEMPTS => again(),
        (Class::AlreadyLoaded | Class::Done, _) => Plan::End(Verdict::Vanished),
        (Class::Disabled, _) if !tried.enabled => enable(job, domain, tried),
        (Class::Disabled, _) => Plan::End(Verdict::Disabled),
        (Class::NoDomain, _) if domain != Domain::System => Plan::End(Verdict::NoSession),
        (Class::SessionType, _) => Plan::End(Verdict::OtherSession),
        _ => Plan::End(Verdict::Refused(reply.clone())),
    }
}

/// It is loaded from the right file, and everything is known of it.
fn run(job: &Job, domain: Domain, service: &Service, tried: &Tried) -> Plan {
    let label = || job.wanted.definition.label.clone();
    let kick = |shape| {
        let change = Change::Kickstart { domain, label: label(), kills: false };
        Plan::Do(Step::Launchctl(change), shape)
    };
    // Loaded anew where that is allowed, else only started again.
    let reload = |shape| match job.guard {
        Guard::None if !tried.booted_out => {
            Plan::Do(Step::Launchctl(Change::Bootout { domain, label: label() }), Some(shape))
        }
        Guard::None => Plan::End(Verdict::Penalized),
        _ if !tried.kicked => kick(Some(shape)),
        _ => Plan::End(Verdict::Penalized),
    };
    if let Some(reply) = &tried.reply
        && tried.kicked
        && !matches!(reply.class(), Class::Done | Class::AlreadyLoaded)
    {
        return Plan::End(Verdict::Refused(reply.clone()));
    }
    let was_just_started = tried.kicked || tried.bootstraps > 0;
    match &service.ended {
        _ if service.pid.is_some() || service.state == State::Running => in_order(job, tried),
        ended if job.wanted.definition.rests(ended) => in_order(job, tried),
        _ if was_just_started && tried.waited < START => Plan::Wait(Duration::from_millis(100)),
        _ if job.executable != Executable::Ready => Plan::End(Verdict::NoProgram(job.executable)),
        _ if job.is_old => reload("LF5"),
        _ if service.is_penalized => reload("LF6"),
        Ended::Code(111) if service.state != State::SpawnScheduled => reload("LF6"),
        Ended::Code(127) if !tried.kicked => kick(Some("LF5")),
        Ended::Never if service.never_ran() => match &job.allowed {
            Allowed::NotAsked => Plan::AskBackground,
            Allowed::No(name) => Plan::End(Verdict::Blocked(name.clone())),
            _ if !tried.kicked => kick(None),
            _ => Plan::End(Verdict::NeverRan),
        },
        ended => Plan::End(Verdict::Ended(ended.clone())),
    }
}

#[cfg(test)]
mod tests;
