//! Going back to what was last verified: its images under their names, its configuration, its services.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use oneshot::{Exit, Report};
use podman::compose;
use podman::provider::{Kind, Project};
use stack::apply::Applying;
use stack::expected::expected;
use stack::judge::{self, Provider, State};
use stack::memory::Verified;
use stack::portable::portable;
use stack::project::Stack;
use stack::stale::{Present, Reason, Stale};
use stack::up::{self, Limits, Outcome};

use crate::arguments::Arguments;
use crate::keep::Places;
use crate::tell::Telling;

/// The verb of the provider, as for a new state.
const VERB: [&str; 2] = ["up", "--detach"];

/// Brings the old state up. The answer is how its services came to stand, with what the run would exit with; an error is
/// a reason why there is no going back.
pub(crate) fn roll_back(
    arguments: &Arguments,
    stack: &Stack,
    places: &Places,
    verified: &Verified,
    report: &mut Report,
) -> Result<(Outcome, Exit)> {
    if verified.provider != stack.provider.program {
        bail!("it was made by another provider, {}", verified.provider.display());
    }
    let old = old_stack(stack, places, verified)?;
    let wanted: Vec<String> = known(&arguments.optional, &old);
    let ends: Vec<String> = known(&arguments.oneshot, &old);
    let expected = expected(&old.config, &wanted, &ends)?;
    let present = old.present(oneshot::Deadline::after(podman::program::PATIENCE))?;
    retag(&old, verified, &present)?;
    let stale: Vec<Stale> = present.iter().filter(|one| !is_kept(one, verified)).map(stale).collect();
    if !stale.is_empty() {
        old.remove(&stale)?;
    }
    let gone = |one: &&Present| stale.iter().any(|stale| stale.id == one.container.id);
    let before: BTreeMap<String, Option<i64>> = present
        .iter()
        .filter(|one| !gone(one))
        .map(|one| (one.container.id.clone(), one.container.started))
        .collect();
    let applying = Applying::start(&old.order(&VERB, &places.files()?)?)?;
    let limits: Limits = arguments.limits();
    let mut telling = Telling::start(report, false);
    let outcome = up::follow(&old, &expected, &before, Some(applying), limits, &mut telling)?;
    let exit = judge::exit(&outcome.services, outcome.provider.unwrap_or(Provider::Idle), false);
    Ok((outcome, exit))
}

/// The project as it was: the configuration in a file of its own, which no longer rests on the folder of the first one.
fn old_stack(stack: &Stack, places: &Places, verified: &Verified) -> Result<Stack> {
    let mut document =
        compose::document(&verified.config).context("reading the last verified configuration")?;
    portable(&mut document, &verified.folder, stack.provider.kind == Kind::PodmanCompose);
    let name = format!("{}.rollback.json", stack.project.name);
    let file = places.put(&name, &document.to_string())?;
    let config = compose::parse(&verified.config)?;
    let project = Project { name: stack.project.name.clone(), files: vec![file], ..Project::default() };
    Ok(Stack { project, config, text: verified.config.clone(), ..stack.clone() })
}

/// Of the names that the caller gave, those that the old state has a service for.
fn known(names: &[String], old: &Stack) -> Vec<String> {
    names.iter().filter(|name| old.config.services.contains_key(*name)).cloned().collect()
}

/// Gives each image its name back. An image that was removed since cannot be gone back to.
fn retag(old: &Stack, verified: &Verified, present: &[Present]) -> Result<()> {
    let now = old.images(present)?;
    let mut images: Vec<_> =
        verified.containers.values().map(|made| (&made.image_name, &made.image)).collect();
    images.sort_unstable();
    images.dedup();
    for (name, id) in images {
        // One that is named by its digest is always the same.
        if now.get(name) == Some(id) || name.contains('@') || name.is_empty() {
            continue;
        }
        old.tag(id, name).with_context(|| format!("giving image {name} back to {id}"))?;
    }
    Ok(())
}

/// A container of the old state that nothing happened to.
fn is_kept(one: &Present, verified: &Verified) -> bool {
    let rule = judge::Rule::default();
    let (state, _) = judge::judge(judge::Past::default(), &one.sight, rule, judge::Clock::default());
    state == State::Good && verified.containers.contains_key(&one.container.id)
}

fn stale(one: &Present) -> Stale {
    Stale {
        id: one.container.id.clone(),
        name: one.container.name.clone(),
        service: podman::list::service(&one.container.labels).unwrap_or_default().to_owned(),
        reason: Reason::OtherImage,
    }
}
