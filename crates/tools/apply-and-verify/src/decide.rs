//! What is to be done, from the facts alone.

use std::time::Duration;

use podman::list;
use podman::provider::Kind;
use stack::judge::{self, Clock, Judged, Past, Provider, Rule, State, Verdict};
use stack::stale::{self, Wanted};

use crate::facts::Facts;
use crate::step::Step;

/// The steps. None where the project is already what it is to be: then the provider is not even asked, because it would
/// start containers anew that have done their work and ended.
#[must_use]
pub fn decide(facts: &Facts) -> Vec<Step> {
    let wanted = Wanted {
        unit: facts.unit.as_deref(),
        services: facts.services.as_ref(),
        replicas: &facts.replicas,
        images: &facts.images,
    };
    let stale = stale::stale(&facts.present, wanted, facts.now);
    if stale.is_empty() && facts.is_as_verified && is_good(facts) {
        return Vec::new();
    }
    let apply =
        Step::Apply { project: facts.project.clone(), provider: facts.provider.clone(), changed: Vec::new() };
    stale.into_iter().map(Step::Remove).chain([apply]).collect()
}

/// Containers of the project that the other provider made. This one would not replace them: it makes its own beside them, or
/// fails at the network that they are in.
#[must_use]
pub fn foreign(facts: &Facts) -> Vec<&str> {
    let is_foreign = |one: &&podman::Container| Kind::of(&one.labels) != facts.kind;
    facts.present.iter().map(|one| &one.container).filter(is_foreign).map(|one| one.name.as_str()).collect()
}

/// Whether every service is good as it stands.
fn is_good(facts: &Facts) -> bool {
    let judged: Vec<Judged> = facts
        .present
        .iter()
        .map(|one| {
            let service = list::service(&one.container.labels).unwrap_or_default().to_owned();
            let ends = facts.expected.iter().any(|expected| expected.service == service && expected.ends);
            let rule = Rule { ends, is_in_work: false, stable: Duration::ZERO };
            let (state, _) = judge::judge(Past::default(), &one.sight, rule, Clock::default());
            Judged { service, sight: one.sight.clone(), state, counts: true }
        })
        .collect();
    let is_known = |one: &Judged| facts.expected.iter().any(|expected| expected.service == one.service);
    let services = judge::services(&facts.expected, &judged, Provider::Idle, &[]);
    judged.iter().all(|one| one.state == State::Good && is_known(one))
        && services.iter().all(|one| one.verdict == Verdict::Good)
}

/// What has become of the containers: names of those that are new, started anew or gone, with the word for it.
#[must_use]
pub fn changes(before: &Facts, after: &[podman::Container]) -> Vec<String> {
    let old = |id: &str| before.present.iter().find(|one| one.container.id == id).map(|one| &one.container);
    let mut changes: Vec<String> = after
        .iter()
        .filter_map(|one| match old(&one.id) {
            None => Some(format!("{} created", one.name)),
            Some(old) if old.started != one.started => Some(format!("{} started", one.name)),
            Some(_) => None,
        })
        .collect();
    let is_replaced = |name: &str| after.iter().any(|one| one.name == name);
    let gone = before.present.iter().map(|one| &one.container.name).filter(|name| !is_replaced(name));
    changes.extend(gone.map(|name| format!("{name} removed")));
    changes
}

#[cfg(test)]
mod tests;
