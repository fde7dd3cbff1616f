//! What it prints of domains and jobs.

use std::fmt::Write as _;

use crate::answer::Said;
use crate::state::{Domain, Job, State};

/// Domain and label of a service's name; a domain alone has no label.
pub(crate) fn split(name: &str) -> (&str, Option<&str>) {
    if let Some(label) = name.strip_prefix("system/") {
        return ("system", Some(label));
    }
    // `gui/501` is a domain, `gui/501/x` a service.
    match name.match_indices('/').nth(1) {
        Some((at, _)) => {
            let (domain, label) = name.split_at(at);
            (domain, Some(label.trim_start_matches('/')))
        }
        None => (name, None),
    }
}

/// There is no session at the screen, or never such a domain.
pub(crate) fn no_domain(name: &str) -> Said {
    if name.starts_with("gui/") {
        return Said::fails(125, "Domain does not support specified action\n");
    }
    Said::fails(112, format!("Could not find domain for {name}\n"))
}

pub(crate) fn print(state: &State, name: &str) -> Said {
    let (domain_name, label) = split(name);
    let Some(domain) = state.domains.get(domain_name) else { return no_domain(domain_name) };
    match label {
        None => Said::out(listing(state, domain_name, domain)),
        Some(label) => match domain.jobs.get(label) {
            Some(job) => Said::out(service(domain_name, label, job)),
            None => Said::fails(
                113,
                format!("Bad request.\nCould not find service \"{label}\" in domain for {domain_name}\n"),
            ),
        },
    }
}

pub(crate) fn disabled(state: &State, name: &str) -> Said {
    match state.domains.get(name) {
        Some(domain) => Said::out(format!("\n{}", overrides(state, domain))),
        None => no_domain(name),
    }
}

fn overrides(state: &State, domain: &Domain) -> String {
    let mut text = "\tdisabled services = {\n".to_owned();
    for (label, is_disabled) in &domain.disabled {
        let word = match (state.macos < 13, is_disabled) {
            (true, _) => is_disabled.to_string(),
            (false, true) => "disabled".to_owned(),
            (false, false) => "enabled".to_owned(),
        };
        let _ = writeln!(text, "\t\t\"{label}\" => {word}");
    }
    text + "\t}\n"
}

fn listing(state: &State, name: &str, domain: &Domain) -> String {
    let mut text = format!(
        "{name} = {{\n\ttype = {name}\n\tsecurity context = {{\n\t\tuid unset\n\t}}\n\n\tservices = {{\n"
    );
    for (label, job) in &domain.jobs {
        let last = if job.is_penalized {
            "(pe)".to_owned()
        } else {
            job.last.map_or("-".to_owned(), |code| code.to_string())
        };
        let _ = writeln!(text, "\t{:>8} {last:>6} \t{label}", job.pid.unwrap_or_default());
    }
    text.push_str(
        "\t}\n\n\tunmanaged processes = {\n\t\tcom.apple.other = {\n\t\t\tactive count = 3\n\t\t}\n\t}\n\n",
    );
    let _ = write!(text, "{}\n\tproperties = uncorked\n}}\n", overrides(state, domain));
    text
}

fn service(domain: &str, label: &str, job: &Job) -> String {
    let state = if job.pid.is_some() { "running" } else { "not running" };
    let kind = if domain == "system" { "LaunchDaemon" } else { "LaunchAgent" };
    let mut text = format!(
        "{domain}/{label} = {{\n\tactive count = 1\n\tpath = {}\n\ttype = {kind}\n\tstate = {state}\n\n\tprogram = {}\n\targuments = {{\n",
        job.path, job.program
    );
    for argument in &job.arguments {
        let _ = writeln!(text, "\t\t{argument}");
    }
    let _ = write!(text, "\t}}\n\n\tdomain = {domain}\n\tminimum runtime = 10\n\truns = {}\n", job.runs);
    if let Some(pid) = job.pid {
        let _ = writeln!(text, "\tpid = {pid}");
    }
    let last = match job.last {
        None => "(never exited)".to_owned(),
        Some(78) => "78: EX_CONFIG".to_owned(),
        Some(code) => code.to_string(),
    };
    let penalty = if job.is_penalized { " | penalty box" } else { "" };
    let _ = write!(
        text,
        "\tlast exit code = {last}\n\n\tresource coalition = {{\n\t\tstate = active\n\t}}\n\n\tproperties = runatload{penalty}\n}}\n"
    );
    text
}
