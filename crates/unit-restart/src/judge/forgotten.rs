//! A unit that the manager has forgotten: an inactive one that nothing refers to is unloaded at once, with all that
//! happened to it. What the manager wrote into the journal and what the program left are all there is.

use systemd::journal::Trail;
use systemd::journal::trail::Event;

use super::{Found, run};
use crate::lint::is_start;
use crate::reason::{Excuse, NotRun, Reason};

impl Found<'_> {
    pub(super) fn forgotten(&mut self) {
        let case = self.case;
        // The run before ended in the course of the restart, and may have ended badly.
        let before = case.before.unit.invocation.as_deref();
        let events = case
            .events()
            .filter(|(entry, _)| entry.invocation.is_none() || entry.invocation.as_deref() != before);
        let events: Vec<(bool, &Event)> =
            events.map(|(entry, event)| (entry.invocation.is_some(), event)).collect();
        let is_done = events.iter().any(|(has_run, event)| {
            *has_run && matches!(event, Event::Job { kind, result } if kind != "stop" && result == "done")
        });
        if events.iter().any(|(_, event)| matches!(event, Event::Job { result, .. } if result == "assert")) {
            self.reasons.push(Reason::NotRun(NotRun::Assertion));
        } else if events.iter().any(|(_, event)| **event == Event::Skipped) {
            self.reasons.push(Reason::NotRun(NotRun::ExecCondition));
        } else if case.start_without_run().is_some() && !is_done {
            self.reasons.push(Reason::NotRun(NotRun::Condition(self.condition())));
        } else if self.has_failed(&events) {
            // Told already.
        } else if is_done {
            self.done();
        } else if !case.said.is_failed() {
            self.unproved();
        }
    }

    /// Whether the journal has a failure of the run.
    fn has_failed(&mut self, events: &[(bool, &Event)]) -> bool {
        let before = self.reasons.len();
        let result = events.iter().find_map(|(_, event)| match event {
            Event::Failed(result) => Some(result.clone()),
            _ => None,
        });
        for (_, event) in events {
            if let Event::Exit { command, code, status } = event
                && is_start(command)
            {
                let exec = self.case.last.commands_of(command);
                let argv = exec.map(|exec| exec.argv.as_str()).collect::<Vec<_>>().join("; ");
                let (list, end) = (command.clone(), run::end(*code, *status));
                self.reasons.push(Reason::Command { list, argv, end, excuse: Excuse::None });
            }
        }
        match result {
            Some(result) => self.reasons.push(Reason::Down {
                state: format!("failed (result {result}) and forgotten since"),
                was_up: false,
            }),
            None if self.reasons.len() > before => self.reasons.push(Reason::Reset { by: None }),
            None => return false,
        }
        true
    }

    /// The manager wrote that the start was done, and of no failure.
    fn done(&mut self) {
        let last = self.case.last;
        if !last.is_oneshot() || last.remains {
            let state = last.unit.summary();
            self.reasons.push(Reason::Down { state, was_up: true });
            return;
        }
        let hides = last.commands.iter().any(|(list, exec)| is_start(list) && exec.ignores_failure);
        if (hides || !last.success_statuses.is_empty())
            && !self.case.accept_ignored
            && !self.has_good_evidence()
        {
            let why = "a - or SuccessExitStatus= would have hidden a failure";
            self.reasons.push(Reason::Forgotten(why.to_owned()));
        }
    }

    fn unproved(&mut self) {
        let last = self.case.last;
        if self.has_good_evidence() && last.is_oneshot() && !last.remains {
            return;
        }
        let why = match self.case.trail {
            Some(Trail::Unreadable(reason)) => format!("of the journal: {reason}"),
            _ => "the journal has nothing of it".to_owned(),
        };
        self.reasons.push(Reason::Forgotten(why));
    }

    /// A program left a good record of a run since the job was asked for, and none a bad one.
    fn has_good_evidence(&self) -> bool {
        let records = self.case.evidence.iter().filter(|record| record.ended >= self.case.since);
        let goods: Vec<bool> = records.map(evidence::Record::is_good).collect();
        !goods.is_empty() && goods.iter().all(|good| *good)
    }
}
