//! What the states of containers mean for the services of a project.

use oneshot::Exit;

use super::{Failure, State, Wait};
use crate::sight::Sight;

/// So many looks in a row must miss a container, because podman may be about to replace it.
const LOOKS: u32 = 2;

/// What a service is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub service: String,
    /// How many containers.
    pub replicas: usize,
    /// Whether they end with 0 instead of staying.
    pub ends: bool,
    /// Whether its failure makes no run fail.
    pub optional: bool,
}

/// A container of the project with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The service that its labels name.
    pub service: String,
    /// What was seen.
    pub sight: Sight,
    /// What that means.
    pub state: State,
    /// Whether a failure is final already: while the provider works, one that it may be about to replace is not.
    pub counts: bool,
}

/// How far the provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// At work.
    Working,
    /// It ended by itself; whether it said that all is well.
    Ended {
        /// Exit code 0.
        ok: bool,
    },
    /// It was ended, because it took too long.
    Cut,
    /// It was ended, because it waited for what cannot come.
    Stuck,
    /// There was nothing for it to do.
    Idle,
}

/// Where a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of its containers are good.
    Good,
    /// At least one is on its way.
    Waiting(Wait),
    /// One of them failed, or is not there.
    Failed(Failure),
}

/// A service with what decided over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What it was to have.
    pub expected: Expected,
    /// Where it stands.
    pub verdict: Verdict,
    /// The container that decided it, where one did.
    pub container: Option<Sight>,
    /// How many looks in a row found too few containers.
    pub misses: u32,
}

/// The services by their containers. `before`: what the last look said.
#[must_use]
pub fn services(
    expected: &[Expected],
    judged: &[Judged],
    provider: Provider,
    before: &[Service],
) -> Vec<Service> {
    expected.iter().map(|one| service(one, judged, provider, before)).collect()
}

fn service(expected: &Expected, judged: &[Judged], provider: Provider, before: &[Service]) -> Service {
    let own: Vec<&Judged> = judged.iter().filter(|one| one.service == expected.service).collect();
    let (have, want) = (own.len(), expected.replicas);
    let misses =
        before.iter().find(|one| one.expected.service == expected.service).map_or(0, |one| one.misses);
    let misses = if have < want && provider != Provider::Working { misses + 1 } else { 0 };
    let (verdict, container) = verdict(&own, provider, want, misses);
    Service { expected: expected.clone(), verdict, container: container.map(|one| one.sight.clone()), misses }
}

fn verdict<'a>(
    own: &[&'a Judged],
    provider: Provider,
    want: usize,
    misses: u32,
) -> (Verdict, Option<&'a Judged>) {
    let works = provider == Provider::Working;
    for one in own {
        match &one.state {
            State::Failed(failure) if one.counts => return (Verdict::Failed(failure.clone()), Some(one)),
            // Nobody is left who could start it.
            State::Waiting(Wait::Start) if !works => {
                return (Verdict::Failed(Failure::NeverStarted), Some(one));
            }
            _ => {}
        }
    }
    if own.len() < want {
        let missing = Failure::Missing { have: own.len(), want };
        let is_final = !works && misses >= LOOKS;
        return (if is_final { Verdict::Failed(missing) } else { Verdict::Waiting(Wait::Start) }, None);
    }
    let waiting = own.iter().find_map(|one| match &one.state {
        State::Waiting(wait) => Some((wait.clone(), *one)),
        State::Failed(_) => Some((Wait::Start, *one)),
        State::Good => None,
    });
    match waiting {
        Some((wait, one)) => (Verdict::Waiting(wait), Some(one)),
        None => (Verdict::Good, own.first().copied()),
    }
}

/// What a run with these services exits with, once it is over. `is_made_anew`: every container was made in this run, from
/// this configuration, so that a provider that calls its work failed is wrong (AF7).
#[must_use]
pub fn exit(services: &[Service], provider: Provider, is_made_anew: bool) -> Exit {
    let needed = || services.iter().filter(|service| !service.expected.optional);
    let failures = || {
        needed().filter_map(|service| match &service.verdict {
            Verdict::Failed(failure) => Some(failure),
            _ => None,
        })
    };
    if failures().any(|failure| !failure.is_absence()) {
        return Exit::Failed;
    }
    if failures().next().is_some() {
        return match provider {
            Provider::Ended { ok: true } => Exit::Contradicted,
            Provider::Cut => Exit::Undecided,
            _ => Exit::Failed,
        };
    }
    let waits = needed().any(|service| matches!(service.verdict, Verdict::Waiting(_)));
    let is_excused =
        services.iter().any(|one| one.expected.optional && matches!(one.verdict, Verdict::Failed(_)));
    match provider {
        Provider::Ended { ok: false } if !is_excused && !is_made_anew => Exit::Failed,
        // What is there is good, but it may be what was there before.
        Provider::Cut | Provider::Working => Exit::Undecided,
        _ if waits => Exit::Undecided,
        _ => Exit::Ok,
    }
}
