//! Compose projects, which podman cannot update: it does not find the unit of a container in podman-compose's pods, and a
//! restart of the unit leaves a container alone whose configuration is the same. The reload of the unit pulls and makes anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Result;
use oneshot::{Deadline, Exit};
use podman::auto_update::{Policy, Run, Updated};
use podman::program::{PATIENCE, complaint};
use podman::{Podman, image, list};
use systemd::Scope;
use systemd::unit::Name;
use unit_restart::{Judgement, Reason, Request, Verb};

use crate::facts::{Known, LostPull, Reload, Units};

/// How long podman has to put its records in order when a pull is ended.
const GRACE: Duration = Duration::from_secs(10);

/// What was done for them.
#[derive(Debug, Default)]
pub(crate) struct Renewal {
    pub(crate) reloads: Vec<Reload>,
    pub(crate) lost_pulls: Vec<LostPull>,
    pub(crate) current: BTreeMap<String, String>,
}

/// The containers that are looked after here: without a row, or with one that says that the unit was restarted.
pub(crate) fn own<'a>(before: &'a [Known], units: &Units, run: &Run) -> Vec<&'a Known> {
    let is_open = |one: &Known| one.row(run).is_none_or(|row| row.updated == Updated::Yes);
    before.iter().filter(|one| one.is_looked_after(units) && is_open(one)).collect()
}

/// What the names of these containers' images stand for now.
pub(crate) fn current(podman: &Podman, own: &[&Known]) -> Result<BTreeMap<String, String>> {
    let names: Vec<&str> = own.iter().map(|one| one.image_name.as_str()).collect();
    image::current(podman, &names)
}

/// Those of them that run another image than that, by their units. `images`: of each container's name now.
pub(crate) fn due(
    own: &[&Known],
    images: &BTreeMap<String, String>,
    current: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let is_old = |one: &&&Known| {
        let image = images.get(&one.name).unwrap_or(&one.image);
        current.get(&one.image_name).is_some_and(|current| current != image)
    };
    own.iter().filter(is_old).filter_map(|one| one.unit.clone()).collect()
}

/// Fetches images for those that podman did not, and reloads the units of those that have a newer one.
pub(crate) fn renew(
    podman: &Podman,
    scope: &Scope,
    own: &[&Known],
    run: &Run,
    deadline: &Deadline,
    say: &mut dyn FnMut(&str),
) -> Result<Renewal> {
    let mut renewal = Renewal::default();
    if own.is_empty() {
        return Ok(renewal);
    }
    renewal.lost_pulls = pull(podman, own, run, deadline, say)?;
    renewal.current = current(podman, own)?;
    let has_row = own.iter().any(|one| one.row(run).is_some());
    let images = if has_row { images(podman)? } else { BTreeMap::new() };
    let units: Vec<Name> =
        due(own, &images, &renewal.current).iter().filter_map(|unit| unit.parse().ok()).collect();
    if units.is_empty() {
        return Ok(renewal);
    }
    let request = Request {
        scope,
        verb: Verb::Reload,
        units: &units,
        timeout: deadline.remaining(),
        stable: Duration::ZERO,
        accept_ignored: false,
        is_asked_to_end: crate::run::is_asked_to_end,
    };
    let transaction = unit_restart::run(&request, say)?;
    renewal.reloads = transaction.judgements?.iter().map(reload).collect();
    Ok(renewal)
}

/// The image of each container by name.
fn images(podman: &Podman) -> Result<BTreeMap<String, String>> {
    let rows = list::all(podman, Deadline::after(PATIENCE))?;
    Ok(rows.into_iter().map(|row| (row.name, row.image)).collect())
}

/// One call for each file of credentials.
fn pull(
    podman: &Podman,
    own: &[&Known],
    run: &Run,
    deadline: &Deadline,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<LostPull>> {
    let mut groups: BTreeMap<Option<&String>, BTreeSet<&str>> = BTreeMap::new();
    let remote = own.iter().filter(|one| one.policy == Some(Policy::Registry) && one.row(run).is_none());
    for one in remote {
        groups.entry(one.authfile.as_ref()).or_default().insert(&one.image_name);
    }
    let mut lost = Vec::new();
    for (authfile, names) in groups {
        let images: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        say(&format!("pulling {}", images.join(", ")));
        let mut command = podman.command().args(["pull", "--quiet"]);
        if let Some(file) = authfile {
            command = command.arg(format!("--authfile={file}"));
        }
        let command = command.arg("--").args(names).deadline(*deadline).grace(GRACE);
        let words = match command.unless(|| stack::asked_to_end().is_some()).run() {
            Ok(outcome) if outcome.status.success() => continue,
            Ok(outcome) => complaint(&outcome),
            Err(error) if oneshot::exit::of(&error) == Exit::Undecided => format!("{error:#}"),
            Err(error) => return Err(error),
        };
        lost.push(LostPull { images, words });
    }
    Ok(lost)
}

fn reload(judgement: &Judgement) -> Reload {
    let evidence = judgement.reasons.iter().find_map(|reason| match reason {
        Reason::Evidence { exit, .. } => Some((*exit, reason.to_string())),
        _ => None,
    });
    let unit = judgement.unit.clone();
    let Some((code, words)) = evidence else {
        return Reload {
            unit,
            exit: judgement.verdict.exit(),
            reasons: judgement.reasons.iter().map(ToString::to_string).collect(),
            hints: judgement.lines.iter().map(|line| format!("journal: {line}")).collect(),
        };
    };
    // The program that was run knows best what went wrong, and whether it rolled back or ran out of time.
    let exit = match code {
        code if code == Exit::Contradicted.code() => Exit::Contradicted,
        code if code == Exit::Undecided.code() => Exit::Undecided,
        _ => judgement.verdict.exit(),
    };
    Reload { unit, exit, reasons: vec![words], hints: Vec::new() }
}
