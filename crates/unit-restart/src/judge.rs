//! From what was seen to a verdict. Reads nothing: no file, no clock, no manager.
//!
//! Good is only what all signals call good: systemctl, a new invocation, the state, the result, the conditions, every
//! command's end, the same once more after a while, and the evidence of the program. Where the manager has forgotten the
//! unit, its own lines in the journal stand in.

mod case;
mod forgotten;
mod run;

use oneshot::Exit;
use systemd::journal::trail::{Entry, Event};
use systemd::unit::{Detail, Load};

use crate::reason::{Excuse, NotRun, Reason};
use crate::{Flaw, Said, Verb, lint};

pub use case::Case;

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ran anew, and well.
    Worked,
    /// It was up, its last run was good, and it was not run again.
    AlreadyUp,
    /// It failed, and systemctl said so.
    Failed,
    /// systemctl said that it worked, and it did not.
    Contradicted,
    /// The job was not over in time.
    Undecided,
    /// Somebody else's job came in between.
    Disturbed,
    /// It cannot run.
    Config,
    /// A member that had no part in it.
    Untouched,
}

impl Verdict {
    /// Whether all is well.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Worked | Self::AlreadyUp | Self::Untouched)
    }

    /// What a program exits with for it.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Worked | Self::AlreadyUp | Self::Untouched => Exit::Ok,
            Self::Failed => Exit::Failed,
            Self::Contradicted => Exit::Contradicted,
            Self::Undecided => Exit::Undecided,
            Self::Disturbed => Exit::Busy,
            Self::Config => Exit::Config,
        }
    }
}

/// A verdict and everything that speaks against the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Its primary name.
    pub unit: String,
    /// The target that it was judged for, where it was not named itself.
    pub member_of: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why that is not good; empty when it is.
    pub reasons: Vec<Reason>,
    /// What is worth a word and changes no verdict.
    pub warnings: Vec<Reason>,
    /// State and substate at the end.
    pub state: String,
    /// The run that was judged.
    pub invocation: Option<String>,
    /// Settings that make the unit's exit code untrustworthy; looked for only when something is wrong.
    pub flaws: Vec<Flaw>,
    /// The last lines of the run in the journal; looked for only when something is wrong.
    pub lines: Vec<String>,
}

/// Judges one unit.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    let mut found = Found { case, reasons: Vec::new(), warnings: Vec::new(), is_up_already: false };
    let verdict = found.verdict();
    Judgement {
        unit: case.last.unit.id.clone(),
        member_of: None,
        verdict,
        reasons: if verdict.is_good() { Vec::new() } else { found.reasons },
        warnings: found.warnings,
        state: case.last.unit.summary(),
        invocation: found.case.invocation().map(str::to_owned),
        flaws: Vec::new(),
        lines: Vec::new(),
    }
}

impl Judgement {
    /// Adds what lint found; where a failure was reset and a command of the unit resets, that is the culprit. So it is where
    /// the unit was forgotten and only its program's own word tells of the failure.
    pub fn explained(&mut self, flaws: Vec<Flaw>) {
        let culprit = flaws.iter().find(|flaw| flaw.trap == lint::Trap::ResetFailed).map(ToString::to_string);
        let says_failed = self.reasons.iter().any(|reason| matches!(reason, Reason::Evidence { .. }));
        for reason in &mut self.reasons {
            match reason {
                Reason::Reset { by } => by.clone_from(&culprit),
                Reason::Forgotten(_) if says_failed && culprit.is_some() => {
                    *reason = Reason::Reset { by: culprit.clone() };
                }
                _ => {}
            }
        }
        self.flaws = flaws;
    }
}

struct Found<'a> {
    case: &'a Case<'a>,
    reasons: Vec<Reason>,
    warnings: Vec<Reason>,
    is_up_already: bool,
}

impl Found<'_> {
    fn verdict(&mut self) -> Verdict {
        let case = self.case;
        if let Some(reason) = not_loaded(case) {
            if case.is_member {
                // systemd passes over it as well, or fails the job of the target.
                return Verdict::Untouched;
            }
            self.reasons.push(reason);
            return Verdict::Config;
        }
        if case.before.unit.needs_reload {
            self.warnings.push(Reason::Stale);
        }
        match case.said {
            Said::Nothing => {
                self.undecided();
                return Verdict::Undecided;
            }
            Said::Cancelled(words) if !case.is_member => {
                self.reasons.push(Reason::Cancelled(words.clone()));
                return Verdict::Disturbed;
            }
            Said::Failed(words) if !case.is_member => self.reasons.push(Reason::Said(words.clone())),
            _ => {}
        }
        if self.is_untouched() {
            return Verdict::Untouched;
        }
        if case.last.is_blank() && case.after.is_blank() {
            self.forgotten();
        } else if case.has_new_run() || case.verb == Verb::Reload || case.is_member {
            self.run();
        } else {
            self.no_run();
        }
        self.evidence();
        self.stop();
        self.hidden();
        self.sum()
    }

    fn sum(&self) -> Verdict {
        match self.case.said {
            _ if self.reasons.is_empty() && self.is_up_already => Verdict::AlreadyUp,
            _ if self.reasons.is_empty() => Verdict::Worked,
            _ if self.reasons == [Reason::Replaced] => Verdict::Disturbed,
            Said::Failed(_) => Verdict::Failed,
            _ => Verdict::Contradicted,
        }
    }

    /// A member that neither ran nor is in a bad state.
    fn is_untouched(&self) -> bool {
        let case = self.case;
        let is_bad = case.last.unit.active == systemd::unit::Active::Failed || self.is_waiting_for_restart();
        case.is_member && !is_bad && !case.has_new_run()
    }

    fn is_waiting_for_restart(&self) -> bool {
        self.case.last.unit.sub.starts_with("auto-restart")
    }

    fn undecided(&mut self) {
        let last = self.case.last;
        self.reasons.push(Reason::Undecided {
            job: last.unit.job,
            state: last.unit.summary(),
            is_endless: last.restart_mode == "direct" && last.restarts > 0,
        });
    }

    /// Nothing new: an unmet condition, a start limit, a unit that was up, or no cause at all.
    fn no_run(&mut self) {
        let (case, last) = (self.case, self.case.last);
        let is_fresh = |time: Option<u64>| time.is_some_and(|time| time >= case.since);
        let says_too_often = |entry: &Entry| entry.message.contains("Start request repeated too quickly");
        let why = if last.assertion == Some(false) && is_fresh(last.assertion_since) {
            NotRun::Assertion
        } else if last.unit.condition == Some(false) && is_fresh(last.condition_since) {
            NotRun::Condition(self.condition())
        } else if last.unit.result == "start-limit-hit"
            || case.events().any(|(entry, _)| says_too_often(entry))
        {
            NotRun::StartLimit
        } else if case.verb == Verb::Start && case.before.unit.is_up() && last.unit.is_up() {
            self.is_up_already = true;
            return self.run();
        } else if case.said.is_failed() {
            return self.down();
        } else {
            NotRun::Unknown
        };
        self.reasons.push(Reason::NotRun(why));
    }

    /// The setting that kept a start from running, as the manager wrote it: in parentheses up to systemd 253 or so, at the
    /// end since.
    fn condition(&self) -> Option<String> {
        let entry = self.case.start_without_run()?;
        let begin = entry.message.find("Condition").filter(|_| entry.message.contains('='))?;
        let name = entry.message.get(begin..)?.trim_end_matches('.');
        Some(name.strip_suffix(')').unwrap_or(name).to_owned())
    }

    /// A command that ended badly, where its own unit does not mind.
    fn excused(&mut self, reason: Reason) {
        let list = if self.case.accept_ignored { &mut self.warnings } else { &mut self.reasons };
        list.push(reason);
    }

    /// The program's own word on this run.
    fn evidence(&mut self) {
        let (invocation, since) = (self.case.invocation(), self.case.since);
        let verb = self.case.verb;
        let own = self.case.evidence.iter().filter(|record| match invocation {
            // A run may be reloaded often, and each time leaves evidence of the same run.
            Some(invocation) if verb == Verb::Reload => {
                record.invocation == invocation && record.ended >= since
            }
            Some(invocation) => record.invocation == invocation,
            None => record.ended >= since,
        });
        for record in own.filter(|record| !record.is_good()) {
            self.reasons.push(Reason::Evidence {
                program: record.program().to_owned(),
                exit: record.exit,
                complaints: record.complaints().into_iter().map(str::to_owned).collect(),
            });
        }
    }

    /// systemctl never tells of a failed stop (systemd#6478), and a start takes its traces from the manager.
    fn stop(&mut self) {
        let stops = self.case.events().filter_map(|(_, event)| match event {
            Event::Exit { command, code, status } if command.starts_with("ExecStop") => {
                Some(Reason::Stop { list: command.clone(), end: run::end(*code, *status) })
            }
            _ => None,
        });
        let stops: Vec<Reason> = stops.collect();
        self.warnings.extend(stops);
    }

    /// What no signal can show: a shell that ends with `true`.
    fn hidden(&mut self) {
        for (_, exec) in self.case.last.commands.iter().filter(|(list, _)| lint::is_start(list)) {
            if lint::shell::hides_its_exit(&exec.argv) {
                self.warnings.push(Reason::Hidden { argv: exec.argv.clone() });
            }
        }
    }

    fn down(&mut self) {
        let (case, unit) = (self.case, &self.case.last.unit);
        if !unit.is_up() {
            // What is no oneshot was up when systemctl called it done, however short.
            let was_up = case.after.unit.is_up() || (*case.said == Said::Done && !case.last.is_oneshot());
            self.reasons.push(Reason::Down { state: unit.summary(), was_up });
        }
    }
}

/// A unit that the manager cannot run; what is active while its file is gone counts too, because a restart does not.
fn not_loaded(case: &Case<'_>) -> Option<Reason> {
    let seen = [case.before, case.last].into_iter().find(|seen| {
        matches!(seen.unit.load, Load::Masked | Load::NotFound | Load::BadSetting | Load::Error)
    })?;
    Some(Reason::NotLoaded { load: seen.unit.load.clone(), error: seen.load_error.clone() })
}

/// A command's bad end, and what its unit makes of it.
fn excuse(detail: &Detail, exec: &systemd::unit::Exec) -> Excuse {
    if exec.ignores_failure {
        Excuse::Dash
    } else if detail.declares(exec) {
        Excuse::Declared
    } else {
        Excuse::None
    }
}

#[cfg(test)]
mod tests;
