//! What a judgement is made from.

use evidence::Record;
use systemd::journal::Trail;
use systemd::journal::trail::{Entry, Event};
use systemd::unit::Detail;

use crate::{Said, Verb};

/// All that is known of one unit.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What was asked for.
    pub verb: Verb,
    /// Before the job.
    pub before: &'a Detail,
    /// When the job was over.
    pub after: &'a Detail,
    /// After the time of watching; the same as `after` where nothing needed it.
    pub last: &'a Detail,
    /// What systemctl said; for a member, of its target.
    pub said: &'a Said,
    /// When the job was asked for, in µs since boot.
    pub since: u64,
    /// The journal since then; `None` when nobody had to ask.
    pub trail: Option<&'a Trail>,
    /// What programs left since then.
    pub evidence: &'a [Record],
    /// Whether the unit was not named but came with a target.
    pub is_member: bool,
    /// Whether a failure that the unit itself calls harmless is.
    pub accept_ignored: bool,
}

impl Case<'_> {
    /// Whether the unit has run anew; the run that was there when the job was over counts, and one after it.
    pub(super) fn has_new_run(&self) -> bool {
        let before = &self.before.unit.invocation;
        [self.after, self.last]
            .iter()
            .any(|seen| seen.unit.invocation.is_some() && seen.unit.invocation != *before)
    }

    /// The last state that is not one of a forgotten unit.
    pub(super) fn seen(&self) -> &Detail {
        if self.last.is_blank() && !self.after.is_blank() { self.after } else { self.last }
    }

    /// The manager's own lines on the unit.
    pub(super) fn events(&self) -> impl Iterator<Item = (&Entry, &Event)> {
        let entries = match self.trail {
            Some(Trail::Entries(entries)) => entries.as_slice(),
            _ => &[],
        };
        let own = entries.iter().filter(|entry| entry.unit == self.last.unit.id && entry.time >= self.since);
        own.filter_map(|entry| Some((entry, entry.event.as_ref()?)))
    }

    /// Whether the manager must have written of the end of a job: it ran the unit, or has forgotten what it did.
    pub(crate) fn must_have_job_end(&self) -> bool {
        let has_run = self.last.is_blank() || self.last.unit.invocation != self.before.unit.invocation;
        has_run && *self.said != Said::Nothing
    }

    /// Whether the end of the last job is among the manager's lines; it comes after everything that the job did. A restart
    /// that was done so far has stopped the unit, and the start follows.
    pub(crate) fn has_job_end(&self) -> bool {
        let is_stop = |kind: &str, result: &str| kind == "stop" || (kind == "restart" && result == "done");
        self.events().any(|(_, event)| matches!(event, Event::Job { kind, result } if !is_stop(kind, result)))
    }

    /// What the manager wrote of a start job that was done and ran nothing: it gave the unit no invocation, so the line has
    /// none, or still that of the run before.
    pub(super) fn start_without_run(&self) -> Option<&Entry> {
        let before = self.before.unit.invocation.as_deref();
        let is_start = |event: &Event| matches!(event, Event::Job { kind, result } if kind == "start" && result == "done");
        let found = self.events().find(|(entry, event)| {
            is_start(event) && (entry.invocation.is_none() || entry.invocation.as_deref() == before)
        });
        found.map(|(entry, _)| entry)
    }

    /// Of the run: from the manager, or from the journal where the manager has forgotten it.
    pub(super) fn invocation(&self) -> Option<&str> {
        let told = self.seen().unit.invocation.as_deref();
        told.or_else(|| self.events().filter_map(|(entry, _)| entry.invocation.as_deref()).last())
    }
}
