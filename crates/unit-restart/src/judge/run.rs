//! A run that the manager still knows of.

use systemd::journal::trail::Event;
use systemd::unit::exec::Code;
use systemd::unit::{Active, Detail};

use super::{Found, excuse};
use crate::Verb;
use crate::lint::is_start;
use crate::reason::{Excuse, NotRun, Reason};

impl Found<'_> {
    /// State, commands and stability.
    pub(super) fn run(&mut self) {
        let case = self.case;
        let (seen, last) = (case.seen(), case.last);
        let commands = self.commands(seen);
        let has_failed_command = commands.iter().any(|(_, excuse)| *excuse == Excuse::None);
        match &last.unit.active {
            Active::Active | Active::Reloading => self.up(),
            _ if self.is_waiting_for_restart() => {
                self.reasons.push(Reason::Restarting { times: last.restarts, is_pending: true });
            }
            Active::Activating if last.restarts > 0 => {
                self.reasons.push(Reason::Restarting { times: last.restarts, is_pending: false });
            }
            Active::Inactive if seen.unit.result == "exec-condition" => {
                self.reasons.push(Reason::NotRun(NotRun::ExecCondition));
            }
            // The start of a oneshot that does not remain is all there is to it.
            Active::Inactive if is_finished(seen) && !has_failed_command => {}
            Active::Inactive if has_failed_command || lacks_main(seen) => {
                self.reasons.push(Reason::Reset { by: None });
            }
            _ => self.down(),
        }
        let is_failed = !last.unit.is_up() && !is_finished(seen);
        for (reason, excuse) in commands {
            match excuse {
                Excuse::None => self.reasons.push(reason),
                // Beside a real failure it is no more than a remark.
                _ if is_failed => self.warnings.push(reason),
                _ => self.excused(reason),
            }
        }
    }

    /// It is up; whether it stayed so is another thing.
    fn up(&mut self) {
        let (case, after, last) = (self.case, self.case.after, self.case.last);
        let is_new = case.verb != Verb::Start || !case.before.unit.is_up();
        let is_told = last.restarts > after.restarts;
        if is_told {
            self.reasons.push(Reason::Restarting { times: last.restarts, is_pending: false });
        } else if after.unit.invocation != last.unit.invocation {
            self.reasons.push(Reason::Replaced);
        } else if last.restarts > 0 && is_new && case.verb != Verb::Reload {
            let own = Reason::OwnRestart { times: last.restarts };
            // RestartMode=direct keeps the job until a restart wins: then the job did it, after all.
            let is_of_job = last.restart_mode == "direct" && !case.said.is_failed();
            if is_of_job { self.warnings.push(own) } else { self.reasons.push(own) }
        } else if case.verb == Verb::Reload && after.unit.invocation != case.before.unit.invocation {
            self.reasons.push(Reason::Replaced);
        }
    }

    /// Every command that ended badly, with what its unit makes of it.
    fn commands(&self, seen: &Detail) -> Vec<(Reason, Excuse)> {
        let is_reload = self.case.verb == Verb::Reload;
        let counts = |list: &str| if is_reload { list == "ExecReload" } else { is_start(list) };
        let counted = seen.commands.iter().filter(|(list, _)| counts(list));
        let mut bad: Vec<(Reason, Excuse)> = counted
            .clone()
            .filter(|(_, exec)| exec.is_bad())
            .map(|(list, exec)| {
                let excuse = excuse(seen, exec);
                let (list, argv) = (list.clone(), exec.argv.clone());
                (Reason::Command { list, argv, end: exec.end(), excuse }, excuse)
            })
            .collect();
        // systemd 252 calls a program that is not there and has a dash a plain success; the journal has it.
        let is_missing = self.case.events_of_processes().any(|event| *event == Event::NotFound);
        if bad.is_empty() && is_missing {
            bad.extend(counted.filter(|(_, exec)| exec.ignores_failure).take(1).map(|(list, exec)| {
                let (list, argv) = (list.clone(), exec.argv.clone());
                let end = "a program that cannot be run".to_owned();
                (Reason::Command { list, argv, end, excuse: Excuse::Dash }, Excuse::Dash)
            }));
        }
        bad
    }
}

impl super::Case<'_> {
    /// What the journal has of this run, by whomever.
    fn events_of_processes(&self) -> impl Iterator<Item = &Event> {
        let run = self.last.unit.invocation.as_deref();
        self.events().filter(move |(entry, _)| entry.invocation.as_deref() == run).map(|(_, event)| event)
    }
}

/// A oneshot that ended well and is not to remain.
fn is_finished(detail: &Detail) -> bool {
    detail.is_oneshot() && !detail.remains && detail.unit.result == "success" && !lacks_main(detail)
}

/// Whether there is a main command and it has not run.
fn lacks_main(detail: &Detail) -> bool {
    detail.commands_of("ExecStart").next().is_some() && detail.unit.main_code == 0
}

/// As [`systemd::unit::Exec::end`], of what the journal tells.
pub(super) fn end(code: Option<Code>, status: i32) -> String {
    match code {
        Some(Code::Exited) | None => format!("exit status {status}"),
        Some(Code::Killed) => format!("signal {status}"),
        Some(Code::Dumped) => format!("signal {status} and a core"),
    }
}
