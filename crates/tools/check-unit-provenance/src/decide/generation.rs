//! Which generation is current, and who says so.

use std::path::PathBuf;

use oneshot::{Exit, Finding};
use provenance::facts::HostFacts;
use provenance::owner::{Generation, Kind};

use super::Wish;

const ID: &str = "generation";

/// PF11.
const SHAPE: &str = "PF11";

pub(super) fn findings(host: &HostFacts, wish: &Wish<'_>) -> Vec<Finding> {
    let is_wanted = |kind: Kind| wish.owner.is_none_or(|owner| owner == kind);
    let wanted: Vec<&Generation> = host.generations.iter().filter(|one| is_wanted(one.kind())).collect();
    if wanted.iter().all(|one| matches!(one, Generation::None(_))) {
        return vec![none(host, wish)];
    }
    wanted.into_iter().flat_map(one).collect()
}

fn none(host: &HostFacts, wish: &Wish<'_>) -> Finding {
    let kinds: Vec<Kind> = host.generations.iter().map(Generation::kind).collect();
    let who = match (wish.owner, kinds.as_slice()) {
        (Some(kind), _) => kind.to_string(),
        (None, [one]) => one.to_string(),
        (None, _) => "neither Home Manager nor NixOS".to_owned(),
    };
    let text = if who.starts_with("neither") {
        format!("{who} has a generation here, so that nothing says which units there should be")
    } else {
        format!("{who} has no generation here, so that nothing says which units there should be")
    };
    Finding::fail(ID, text).shape(SHAPE).exits(Exit::Config)
}

fn one(generation: &Generation) -> Vec<Finding> {
    match generation {
        Generation::None(_) => Vec::new(),
        Generation::Lost { kind, reasons } => {
            let text = format!("there is no current generation of {kind}: {}", said(reasons));
            let finding = Finding::fail(ID, text).shape(SHAPE).exits(Exit::Config);
            vec![finding.hint(format!("activate the configuration: {}", activate(*kind)))]
        }
        Generation::Current { kind, path, by, against } if against.is_empty() => {
            vec![Finding::ok(
                ID,
                format!("the current generation of {kind} is {}, says {}", path.display(), who(by)),
            )]
        }
        Generation::Current { kind, path, by, against } => {
            let text = format!(
                "it is not clear which generation of {kind} is current: {} is judged by, says {}; but {}",
                path.display(),
                who(by),
                said(against)
            );
            let finding = Finding::fail(ID, text).shape(SHAPE).exits(Exit::Config);
            vec![finding.hint(format!("activate the one that you want: {}", activate(*kind)))]
        }
    }
}

fn who(by: &[(PathBuf, String)]) -> String {
    let all: Vec<String> = by.iter().map(|(at, what)| format!("{what} ({})", at.display())).collect();
    all.join(" and ")
}

fn said(against: &[(PathBuf, String)]) -> String {
    let all: Vec<String> = against.iter().map(|(at, says)| format!("{says} ({})", at.display())).collect();
    all.join("; ")
}

fn activate(kind: Kind) -> &'static str {
    match kind {
        Kind::HomeManager => "home-manager switch, or nixos-rebuild switch where NixOS brings Home Manager",
        Kind::NixOs => "nixos-rebuild switch",
    }
}
