//! One job for all units, and what became of each.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use evidence::Record;
use oneshot::{Backoff, Deadline, Exit, Root, deadline, refuse};
use systemd::Scope;
use systemd::journal::Trail;
use systemd::scope::is_denied;
use systemd::unit::{Detail, Load, Name};

use crate::judge::{Case, judge};
use crate::{Judgement, Said, Verb, Verdict, gather, lint};

/// How long the journal may lag behind the manager.
const LAG: Duration = Duration::from_secs(1);

/// So many lines of the journal explain a failure.
const TAIL: usize = 10;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose units.
    pub scope: &'a Scope,
    /// What is asked of them.
    pub verb: Verb,
    /// Which.
    pub units: &'a [Name],
    /// How long the job may take; then it is left alone and undecided.
    pub timeout: Duration,
    /// How long what runs is watched after the job; units that run nothing any more are not.
    pub stable: Duration,
    /// Whether a failure that a unit itself calls harmless is.
    pub accept_ignored: bool,
    /// Whether this program has been asked to end: then the job is left alone, and nobody waits any more.
    pub is_asked_to_end: fn() -> bool,
}

/// What was done.
#[derive(Debug)]
pub struct Transaction {
    /// One for each unit that was named, then one for each member of a target that had a part in it; or why nothing more
    /// can be said after the job.
    pub judgements: Result<Vec<Judgement>>,
    /// The units for which the manager was asked for a job, by their primary names.
    pub asked: Vec<String>,
}

/// A unit on its way to its verdict.
struct Seen {
    name: String,
    target: Option<String>,
    before: Detail,
    after: Detail,
    last: Detail,
    said: Said,
}

impl Seen {
    /// Its job waits or runs; a restart of its own that is due later is not waited for.
    fn is_member_on_its_way(&self) -> bool {
        let unit = &self.after.unit;
        self.target.is_some() && unit.is_moving() && !unit.sub.starts_with("auto-restart")
    }

    fn case<'a>(
        &'a self,
        request: &Request<'_>,
        since: u64,
        trail: Option<&'a Trail>,
        evidence: &'a [Record],
    ) -> Case<'a> {
        Case {
            verb: request.verb,
            before: &self.before,
            after: &self.after,
            last: &self.last,
            said: &self.said,
            since,
            trail,
            evidence,
            is_member: self.target.is_some(),
            accept_ignored: request.accept_ignored,
        }
    }
}

/// Asks for the job, waits for its end, watches, and judges. `say` is told what is being waited for.
pub fn run(request: &Request<'_>, say: &mut dyn FnMut(&str)) -> Result<Transaction> {
    gather::reachable(request.scope)?;
    let mut seen = before(request)?;
    let can_run = |seen: &&Seen| {
        let load = &seen.before.unit.load;
        seen.target.is_none()
            && !matches!(load, Load::Masked | Load::NotFound | Load::BadSetting | Load::Error)
    };
    let asked: Vec<(String, String)> =
        seen.iter().filter(can_run).map(|seen| (seen.name.clone(), seen.before.unit.id.clone())).collect();
    let since = deadline::monotonic()?;
    let judgements = if asked.is_empty() {
        judgements(request, &seen, since)
    } else {
        let names = asked.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        say(&format!("waiting for the {} of {names}", request.verb.word()));
        let deadline = Deadline::after(request.timeout);
        let said = ask(request, &asked, &deadline)?;
        let mut judged = || {
            after(request, &mut seen, &asked, &said, &deadline)?;
            watch(request, &mut seen, say)?;
            judgements(request, &seen, since)
        };
        judged()
    };
    let asked = asked.into_iter().map(|(_, id)| id).collect();
    Ok(Transaction { judgements, asked })
}

/// The named units that cannot run at all, judged without asking for anything.
pub fn unfit(request: &Request<'_>) -> Result<Vec<Judgement>> {
    gather::reachable(request.scope)?;
    let seen = before(request)?;
    let named = seen.iter().filter(|seen| seen.target.is_none());
    let judgements = named.map(|seen| judge(&seen.case(request, 0, None, &[])));
    Ok(judgements.filter(|judgement| judgement.verdict == Verdict::Config).collect())
}

/// The units in full as their manager has them loaded.
pub fn loaded(scope: &Scope, units: &[Name]) -> Result<Vec<Detail>> {
    gather::reachable(scope)?;
    gather::units(scope, units)
}

/// The named units, each once, and the members of targets.
fn before(request: &Request<'_>) -> Result<Vec<Seen>> {
    let named = gather::units(request.scope, request.units)?;
    let members = gather::members(request.scope, &named)?;
    let of = |before: Detail, name: String, target: Option<String>| Seen {
        name,
        target,
        after: before.clone(),
        last: before.clone(),
        before,
        said: Said::Done,
    };
    let mut seen: Vec<Seen> = Vec::new();
    for (detail, name) in named.into_iter().zip(request.units) {
        if !seen.iter().any(|seen| seen.before.unit.id == detail.unit.id) {
            seen.push(of(detail, name.to_string(), None));
        }
    }
    seen.extend(members.into_iter().map(|(detail, target)| {
        let name = detail.unit.id.clone();
        of(detail, name, Some(target))
    }));
    Ok(seen)
}

/// The one call; it blocks until every job is over.
fn ask(request: &Request<'_>, asked: &[(String, String)], deadline: &Deadline) -> Result<Vec<Said>> {
    let names = asked.iter().map(|(name, _)| name.as_str());
    let command = request
        .scope
        .systemctl()?
        .deadline(*deadline)
        .unless(request.is_asked_to_end)
        .args([request.verb.word(), "--no-ask-password", "--"])
        .args(names);
    let outcome = match command.run() {
        Ok(outcome) => outcome,
        Err(error) if oneshot::exit::of(&error) == Exit::Undecided || (request.is_asked_to_end)() => {
            return Ok(vec![Said::Nothing; asked.len()]);
        }
        Err(error) => return Err(error),
    };
    let words = outcome.words();
    if !outcome.status.success() && is_denied(&words) {
        return Err(refuse(Exit::NoPermission, format!("{command}: {words}")));
    }
    if !outcome.status.success() && words.contains("Failed to connect to") {
        return Err(refuse(Exit::Unavailable, format!("{command}: {words}")));
    }
    let names: Vec<[&str; 2]> = asked.iter().map(|(name, id)| [name.as_str(), id.as_str()]).collect();
    Ok(Said::of(outcome.status.success(), &String::from_utf8_lossy(&outcome.stderr), &names))
}

/// Looks when the job is over, and again while members of a target are on their way.
fn after(
    request: &Request<'_>,
    seen: &mut [Seen],
    asked: &[(String, String)],
    said: &[Said],
    deadline: &Deadline,
) -> Result<()> {
    let mut backoff = Backoff::default();
    loop {
        look(request, seen, |seen, detail| seen.after = detail)?;
        let is_over = !seen.iter().any(Seen::is_member_on_its_way);
        let is_left = said.contains(&Said::Nothing) || (request.is_asked_to_end)();
        if is_over || is_left || !backoff.pause(deadline) {
            break;
        }
    }
    for seen in seen.iter_mut() {
        seen.last = seen.after.clone();
        let of = seen.target.as_ref().unwrap_or(&seen.before.unit.id);
        let said = asked.iter().position(|(_, id)| id == of).and_then(|at| said.get(at)).cloned();
        seen.said = match said.unwrap_or(Said::Done) {
            // systemctl waited for another one of the units.
            Said::Nothing if !seen.after.unit.is_moving() => Said::Done,
            // Its target's job was over; its own was not when the time was up.
            Said::Done if seen.is_member_on_its_way() => Said::Nothing,
            said => said,
        };
    }
    Ok(())
}

/// Looks once more at what still runs or is to run again.
fn watch(request: &Request<'_>, seen: &mut [Seen], say: &mut dyn FnMut(&str)) -> Result<()> {
    let is_alive = |seen: &Seen| {
        let unit = &seen.after.unit;
        let runs =
            unit.is_up() && unit.sub != "exited" && !seen.after.kind.is_empty() && !seen.after.is_oneshot();
        seen.said != Said::Nothing && (runs || unit.sub.starts_with("auto-restart") || unit.is_moving())
    };
    if request.stable.is_zero() || !seen.iter().any(is_alive) {
        return Ok(());
    }
    say(&format!("watching for {} s", request.stable.as_secs()));
    thread::sleep(request.stable);
    look(request, seen, |seen, detail| seen.last = detail)
}

fn look(request: &Request<'_>, seen: &mut [Seen], put: fn(&mut Seen, Detail)) -> Result<()> {
    let names: Vec<&str> = seen.iter().map(|seen| seen.name.as_str()).collect();
    let details = gather::units(request.scope, &names)?;
    seen.iter_mut().zip(details).for_each(|(seen, detail)| put(seen, detail));
    Ok(())
}

fn judgements(request: &Request<'_>, seen: &[Seen], since: u64) -> Result<Vec<Judgement>> {
    let mut evidence = Vec::with_capacity(seen.len());
    for seen in seen {
        evidence.push(gather::evidence(request.scope, &seen.last.unit.id)?);
    }
    let case = |at: usize, trail| {
        let records = evidence.get(at).map_or(&[] as &[Record], Vec::as_slice);
        Some(seen.get(at)?.case(request, since, trail, records))
    };
    let cases: Vec<Case<'_>> = (0..seen.len()).filter_map(|at| case(at, None)).collect();
    let needed: Vec<Case<'_>> = cases.into_iter().filter(needs_trail).collect();
    let trail = if needed.is_empty() { None } else { Some(trail(request.scope, &needed, since)) };
    let cases = (0..seen.len()).filter_map(|at| case(at, trail.as_ref()));
    let mut judgements = Vec::with_capacity(seen.len());
    for (case, seen) in cases.zip(seen) {
        let mut judgement = judge(&case);
        judgement.member_of.clone_from(&seen.target);
        if !judgement.verdict.is_good() {
            judgement.lines = tail(&judgement, trail.as_ref());
        }
        if judgement.verdict == Verdict::Contradicted {
            match lint::loaded(&Root::default(), case.last) {
                Ok(flaws) => judgement.explained(flaws),
                // The verdict stands without the explanation.
                Err(error) => judgement.lines.push(oneshot::text::printable(&format!("{error:#}"))),
            }
        }
        judgements.push(judgement);
    }
    Ok(judgements)
}

/// Whether the manager alone does not tell all: it forgot the unit, or something is wrong, or a stop or a command behind
/// a dash may have failed without a trace.
fn needs_trail(case: &Case<'_>) -> bool {
    let has_stop =
        case.before.unit.is_up() && case.last.commands.iter().any(|(list, _)| list.starts_with("ExecStop"));
    let has_dash = case.last.commands.iter().any(|(list, exec)| lint::is_start(list) && exec.ignores_failure);
    let verdict = judge(case).verdict;
    match verdict {
        Verdict::Config | Verdict::Untouched => false,
        _ => has_stop || has_dash || case.last.is_blank() || !verdict.is_good(),
    }
}

/// The journal, which gets a moment to catch up with what the manager has done.
fn trail(scope: &Scope, cases: &[Case<'_>], since: u64) -> Trail {
    let units: Vec<String> = cases.iter().map(|case| case.last.unit.id.clone()).collect();
    let deadline = Deadline::after(LAG);
    let mut backoff = Backoff::default();
    loop {
        let trail = gather::trail(scope, &units, since);
        // A user's own file comes with the first line that is written to it, and is away for a moment while it is rotated.
        let is_told = matches!(trail, Trail::Entries(_)) && {
            let of = |case: &Case<'_>| Case { trail: Some(&trail), ..*case }.has_job_end();
            cases.iter().filter(|case| case.must_have_job_end()).all(of)
        };
        if is_told || !backoff.pause(&deadline) {
            return trail;
        }
    }
}

/// The last words of the run that was judged.
fn tail(judgement: &Judgement, trail: Option<&Trail>) -> Vec<String> {
    let Some(Trail::Entries(entries)) = trail else { return Vec::new() };
    let own = entries.iter().filter(|entry| {
        entry.unit == judgement.unit
            && (entry.invocation == judgement.invocation || entry.invocation.is_none())
    });
    let lines: Vec<String> = own.map(|entry| line(&entry.identifier, &entry.message)).collect();
    lines.into_iter().rev().take(TAIL).rev().collect()
}

fn line(identifier: &str, message: &str) -> String {
    const MOST: usize = 200;
    let text = format!("{identifier}: {}", message.trim_end());
    let cut = text.chars().take(MOST).collect::<String>();
    oneshot::text::printable(&cut)
}
