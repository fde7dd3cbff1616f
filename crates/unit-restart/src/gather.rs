//! The looks at the units: before, after and at the end, each one call for all of them.

use anyhow::Result;
use evidence::{Place, Record};
use oneshot::{Exit, Root, refuse};
use systemd::journal::{Trail, trail};
use systemd::scope::is_denied;
use systemd::unit::{Detail, detail};
use systemd::{Scope, manager};

/// A target with more units than these in all is refused: nothing may be called good that nobody looked at.
const MOST_MEMBERS: usize = 5000;

/// So many lines of each unit in the journal are looked at.
const LINES: u32 = 200;

/// Asks for the units, and says what is the matter where the manager does not answer.
pub(crate) fn units<S: AsRef<str>>(scope: &Scope, names: &[S]) -> Result<Vec<Detail>> {
    detail::show(scope, names).map_err(|error| explained(scope, error))
}

/// Fails before anything is asked where there is nobody to ask.
pub fn reachable(scope: &Scope) -> Result<()> {
    let root = Root::default();
    if !manager::is_running(&root)? {
        return Err(refuse(Exit::Unavailable, "systemd is not PID 1 here, so there are no units"));
    }
    let Scope::User { uid, runtime_directory, .. } = scope else { return Ok(()) };
    let socket = runtime_directory.join("systemd/private");
    match root.has(&socket) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refuse(
            Exit::Unavailable,
            format!(
                "no service manager of uid {uid} runs ({} is missing); fix-linger {uid} starts it",
                socket.display()
            ),
        )),
        Err(error) => Err(error),
    }
}

/// The error with the exit code that its words ask for.
pub(crate) fn explained(scope: &Scope, error: anyhow::Error) -> anyhow::Error {
    let words = format!("{error:#}");
    let whose = match scope {
        Scope::System => "the system's manager".to_owned(),
        Scope::User { uid, .. } => format!("the manager of uid {uid}"),
    };
    if is_denied(&words) {
        refuse(Exit::NoPermission, format!("{whose} refuses this user: {words}"))
    } else if words.contains("Failed to connect to") {
        refuse(Exit::Unavailable, format!("{whose} cannot be reached: {words}"))
    } else {
        error
    }
}

/// The units that belong to the targets among `named`, with the target of each; those of inner targets too.
pub(crate) fn members(scope: &Scope, named: &[Detail]) -> Result<Vec<(Detail, String)>> {
    let mut found: Vec<(Detail, String)> = Vec::new();
    let mut seen: Vec<String> = named.iter().map(|detail| detail.unit.id.clone()).collect();
    let mut waiting: Vec<(String, String)> = Vec::new();
    let queue =
        |detail: &Detail, target: &str, seen: &mut Vec<String>, waiting: &mut Vec<(String, String)>| {
            for member in &detail.members {
                if !seen.contains(member) && !member.ends_with(".slice") {
                    seen.push(member.clone());
                    waiting.push((member.clone(), target.to_owned()));
                }
            }
        };
    for detail in named {
        queue(detail, &detail.unit.id, &mut seen, &mut waiting);
    }
    while !waiting.is_empty() {
        let names: Vec<&str> = waiting.iter().map(|(name, _)| name.as_str()).collect();
        let details = units(scope, &names)?;
        let targets: Vec<String> = waiting.drain(..).map(|(_, target)| target).collect();
        if seen.len() > MOST_MEMBERS {
            let text =
                format!("more than {MOST_MEMBERS} units belong to these targets; name the units themselves");
            return Err(refuse(Exit::Config, text));
        }
        for (detail, target) in details.into_iter().zip(targets) {
            queue(&detail, &target, &mut seen, &mut waiting);
            found.push((detail, target));
        }
    }
    Ok(found)
}

/// What programs left of these units' runs.
pub(crate) fn evidence(scope: &Scope, unit: &str) -> Result<Vec<Record>> {
    let place = match scope {
        Scope::System => Place::system(),
        Scope::User { runtime_directory, .. } => Place::user(runtime_directory),
    };
    evidence::of_unit(&Root::default(), &place, unit)
}

/// The journal of these units. That it could not be asked is no more than that it tells nothing.
pub(crate) fn trail(scope: &Scope, units: &[String], since: u64) -> Trail {
    let most = u32::try_from(units.len()).unwrap_or(1).saturating_mul(LINES).min(5000);
    trail::read(scope, units, since, most)
        .unwrap_or_else(|error| Trail::Unreadable(oneshot::text::printable(&format!("{error:#}"))))
}
