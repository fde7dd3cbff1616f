//! Everything that is read before something is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use oneshot::{Deadline, Report, Root};
use podman::provider::{Project, Provider};
use podman::{Podman, compose, program};
use stack::expected::expected;
use stack::memory::{Print, Verified};
use stack::project::Stack;
use stack::require::{self, Lack};
use stack::stale::Present;
use stack::watch;

use crate::arguments::Arguments;
use crate::facts::Facts;
use crate::keep::{Lent, Places};
use crate::words;

/// The project as the arguments describe it.
pub(crate) fn project(arguments: &Arguments) -> Result<Project> {
    let absolute = |paths: &[PathBuf]| {
        paths
            .iter()
            .map(|path| {
                std::path::absolute(path).with_context(|| format!("reading the path {}", path.display()))
            })
            .collect::<Result<Vec<_>>>()
    };
    let root = arguments.common.root();
    let below = |paths: Vec<PathBuf>| paths.into_iter().map(|path| root.join(path)).collect();
    Ok(Project {
        name: arguments.project.clone(),
        files: below(absolute(&arguments.file)?),
        env_files: below(absolute(&arguments.env_file)?),
        profiles: arguments.profile.clone(),
    })
}

/// Tells what is missing, each with its code; false when something is.
pub(crate) fn is_complete(lacks: &[Lack], report: &mut Report) -> bool {
    for lack in lacks {
        report.finding(words::lack(lack));
    }
    lacks.is_empty()
}

/// podman, where it can work; `None` when something is missing, which is told.
pub(crate) fn podman(root: &Root, report: &mut Report) -> Result<Option<Podman>> {
    let podman = Podman::find(root)?;
    let uid = nix::unistd::geteuid().as_raw();
    let is_able = is_complete(&require::platform(root, podman.folders(), uid), report);
    Ok(is_able.then_some(podman))
}

/// The provider and the configuration; `None` when something is missing, which is told.
pub(crate) fn stack(
    arguments: &Arguments,
    podman: Podman,
    project: Project,
    places: &Places,
    report: &mut Report,
) -> Result<Option<(Stack, Option<Lent>)>> {
    let root = arguments.common.root();
    let provider = Provider::find(&root, &podman, arguments.provider.as_deref())?;
    let (project, lent) = with_one_env_file(arguments.write.dry_run, places, &provider, project)?;
    let (text, config) = provider.config(&podman, &project)?;
    let unit = match &arguments.unit {
        Some(unit) => Some(unit.clone()),
        None => evidence::started_by(&root)?,
    };
    let stack = Stack { root, podman, provider, project, unit, text, config };
    if !is_complete(&require::named(&stack.config, &stack.folder()), report) {
        return Ok(None);
    }
    Ok(Some((stack, lent)))
}

/// podman-compose takes the last `--env-file` alone, so several become one.
fn with_one_env_file(
    is_dry: bool,
    places: &Places,
    provider: &Provider,
    project: Project,
) -> Result<(Project, Option<Lent>)> {
    if project.env_files.len() < 2 || provider.kind != podman::provider::Kind::PodmanCompose {
        return Ok((project, None));
    }
    let mut text = String::new();
    for path in &project.env_files {
        let part = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        text.push_str(&part);
        text.push('\n');
    }
    let name = format!("{}.env", project.name);
    let lent = if is_dry { Some(places.lend(&name, &text)?) } else { None };
    let file = match &lent {
        Some(lent) => lent.path().to_owned(),
        None => places.put(&name, &text)?,
    };
    Ok((Project { env_files: vec![file], ..project }, lent))
}

/// The facts as they are now. `verified`: what was last verified.
pub(crate) fn gather(arguments: &Arguments, stack: &Stack, verified: Option<&Verified>) -> Result<Facts> {
    let present = stack.present(Deadline::after(program::PATIENCE))?;
    let images = stack.images(&present)?;
    let replicas = stack
        .config
        .services
        .iter()
        .map(|(name, service)| (name.clone(), usize::try_from(service.replicas).unwrap_or(usize::MAX)));
    let is_as_verified = match verified {
        Some(verified) => is_same(stack, verified, &present)?,
        None => false,
    };
    Ok(Facts {
        expected: expected(&stack.config, &arguments.optional, &arguments.oneshot)?,
        present,
        unit: stack.unit.clone(),
        services: services(stack),
        replicas: replicas.collect(),
        kind: stack.provider.kind,
        images,
        is_as_verified,
        now: watch::now(),
        project: stack.project.name.clone(),
        provider: stack.provider.name(),
    })
}

/// The services that any of the files has. A file that only the provider understands hides some, and so does one that
/// includes others: then nothing is known.
fn services(stack: &Stack) -> Option<BTreeSet<String>> {
    let mut names: BTreeSet<String> = stack.config.services.keys().cloned().collect();
    for file in &stack.project.files {
        let text = std::fs::read_to_string(file).ok()?;
        names.extend(compose::services(&text).ok()?);
    }
    Some(names)
}

fn is_same(stack: &Stack, verified: &Verified, present: &[Present]) -> Result<bool> {
    let made = Verified::made(&present.iter().map(|one| one.container.clone()).collect::<Vec<_>>());
    Ok(verified.config == stack.text
        && verified.provider == stack.provider.program
        && verified.folder == stack.folder()
        && verified.containers == made
        && verified.files == prints(stack)?)
}

/// The state of the files that the configuration only names.
pub(crate) fn prints(stack: &Stack) -> Result<BTreeMap<PathBuf, Print>> {
    let folder = stack.folder();
    let config = &stack.config;
    let of_services = config.services.values().flat_map(|service| &service.env_files);
    let named = of_services.chain(config.secrets.values()).chain(config.configs.values());
    let mut prints = BTreeMap::new();
    for path in named {
        let path = folder.join(path);
        if let Some(print) = Print::of(&path)? {
            prints.insert(path, print);
        }
    }
    Ok(prints)
}

/// Ids and starts, as the watch wants them.
pub(crate) fn starts(facts: &Facts) -> BTreeMap<String, Option<i64>> {
    facts.present.iter().map(|one| (one.container.id.clone(), one.container.started)).collect()
}
