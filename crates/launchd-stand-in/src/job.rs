//! What becomes of jobs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::answer::Said;
use crate::definition::{self, Definition};
use crate::print::{no_domain, split};
use crate::state::{Job, State};

/// The texts of `launchctl error`, as far as they are known.
fn words(code: u8) -> &'static str {
    match code {
        3 => "No such process",
        5 => "Input/output error",
        36 => "Operation now in progress",
        37 => "Operation already in progress",
        108 => "Invalid path",
        109 => "Invalid property list",
        110 => "Invalid or missing Label",
        111 => "Invalid or missing Program/ProgramArguments",
        113 => "Could not find specified service",
        119 => "Service is disabled",
        122 => "Path had bad ownership/permissions",
        134 => "Service cannot load in requested session",
        161 => "Service is blocked by background task management",
        _ => "Unknown error",
    }
}

fn fails(what: &str, path: &str, code: u8) -> Said {
    // The umbrella tells nothing but itself.
    let first = if code == 5 { String::new() } else { format!("{path}: {}\n", words(code)) };
    Said::fails(code, format!("{first}{what} failed: {code}: {}\n", words(code)))
}

pub(crate) fn bootstrap(tree: &Path, state: &mut State, domain: &str, path: &str) -> Said {
    if !state.domains.contains_key(domain) {
        return no_domain(domain);
    }
    let definition = match definition::read(tree, path) {
        Ok(definition) => definition,
        Err(code) => return fails("Bootstrap", path, code),
    };
    match refusal(state, domain, &definition) {
        Some(code) => fails("Bootstrap", path, code),
        None => {
            load(tree, state, domain, path, definition);
            Said::default()
        }
    }
}

/// Why a definition that is in order is not loaded.
fn refusal(state: &mut State, domain: &str, definition: &Definition) -> Option<u8> {
    let label = &definition.label;
    let own = state.domains.get(domain)?;
    if let Some(job) = own.jobs.get(label) {
        // While it is taken down launchd logs 37, and launchctl ends with 5.
        return Some(if job.gone_at.is_some() { 5 } else { 37 });
    }
    if own.disabled.get(label) == Some(&true) {
        return Some(state.disabled_code);
    }
    let session = if domain.starts_with("user/") { "Background" } else { "Aqua" };
    let types = &definition.session_types;
    if domain != "system" && !types.is_empty() && !types.iter().any(|it| it == session) {
        return Some(134);
    }
    if state.disallowed.contains(label) && state.disallowed_code != 0 {
        return Some(state.disallowed_code);
    }
    let left = state.storms.get_mut(label).filter(|left| **left > 0)?;
    *left -= 1;
    Some(5)
}

fn load(tree: &Path, state: &mut State, domain: &str, path: &str, definition: Definition) {
    let job = Job {
        path: path.to_owned(),
        program: definition.program,
        arguments: definition.arguments,
        ..Job::default()
    };
    let label = definition.label;
    if let Some(own) = state.domains.get_mut(domain) {
        own.jobs.insert(label.clone(), job);
    }
    // After a storm it is loaded and not started.
    if definition.starts && !state.storms.contains_key(&label) {
        start(tree, state, domain, &label);
    }
}

fn start(tree: &Path, state: &mut State, domain: &str, label: &str) {
    let is_blocked = state.disallowed.contains(label);
    let is_sick = state.sick.get_mut(label).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
    let ends = state.ends.get(label).copied();
    let pid = state.next_pid;
    let Some(job) = state.domains.get_mut(domain).and_then(|own| own.jobs.get_mut(label)) else { return };
    if is_blocked {
        return;
    }
    job.runs += 1;
    let program = tree.join(job.program.trim_start_matches('/'));
    let can_run =
        fs::metadata(program).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0);
    if !can_run || is_sick {
        (job.pid, job.last, job.is_penalized) = (None, Some(78), true);
        return;
    }
    state.next_pid += 1;
    (job.pid, job.last, job.is_penalized) = match ends {
        Some(code) => (None, Some(code), false),
        None => (Some(pid), None, false),
    };
}

pub(crate) fn bootout(state: &mut State, service: &str, now: u64) -> Said {
    let (domain, label) = split(service);
    let teardown = state.teardown;
    let Some(own) = state.domains.get_mut(domain) else { return no_domain(domain) };
    let Some(job) = label.and_then(|label| own.jobs.get_mut(label)) else {
        return Said::fails(3, "Boot-out failed: 3: No such process\n");
    };
    if job.gone_at.is_some() {
        return Said::fails(36, "Boot-out failed: 36: Operation now in progress\n");
    }
    job.gone_at = Some(now.saturating_add(teardown));
    Said::default()
}

pub(crate) fn enable(state: &mut State, service: &str, is_disabled: bool) -> Said {
    let (domain, label) = split(service);
    let Some(own) = state.domains.get_mut(domain) else { return no_domain(domain) };
    if let Some(label) = label {
        own.disabled.insert(label.to_owned(), is_disabled);
    }
    Said::default()
}

pub(crate) fn kickstart(tree: &Path, state: &mut State, service: &str, kills: bool) -> Said {
    let (domain, label) = split(service);
    let Some(own) = state.domains.get(domain) else { return no_domain(domain) };
    let Some((label, job)) = label.and_then(|label| Some((label, own.jobs.get(label)?))) else {
        return Said::fails(113, format!("Could not find service \"{service}\"\n"));
    };
    if job.pid.is_some() && !kills {
        return Said::fails(37, "Kickstart failed: 37: Operation already in progress\n");
    }
    start(tree, state, domain, label);
    Said::default()
}
