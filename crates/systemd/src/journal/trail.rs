//! What the journal holds of a unit's start: the manager's own words on its jobs and processes, and what its processes
//! said. It outlives the unit's state, which `reset-failed` turns and which an unloaded unit loses.
//!
//! Only lines that the manager wrote itself are proof: `_PID=1`, or for a user's manager the processes of its
//! `init.scope` under the user's uid. A field that begins with an underscore is journald's and cannot be made up.

use anyhow::Result;
use serde::Deserialize;

use super::{Field, ask};
use crate::Scope;
use crate::unit::exec::Code;

/// The fields that are asked for.
const FIELDS: &str = "MESSAGE,MESSAGE_ID,PRIORITY,SYSLOG_IDENTIFIER,UNIT,USER_UNIT,INVOCATION_ID,USER_INVOCATION_ID,\
_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,_SYSTEMD_INVOCATION_ID,_PID,_UID,JOB_TYPE,JOB_RESULT,COMMAND,EXIT_CODE,EXIT_STATUS,\
UNIT_RESULT";

/// `SD_MESSAGE_UNIT_PROCESS_EXIT` (systemd/sd-messages.h): a process of a unit ended badly.
const PROCESS_EXIT: &str = "98e322203f7a4ed290d09fe03c09fe15";

/// `SD_MESSAGE_UNIT_SKIPPED`: `ExecCondition=` said no.
const SKIPPED: &str = "0e4284a0caca4bfc81c0bb6786972673";

/// `SD_MESSAGE_SPAWN_FAILED`: an executable could not be run; behind a `-` this is all that tells of it on systemd 252.
const SPAWN_FAILED: &str = "641257651c1b4ec9a8624d7a40a9e1e7";

/// What a line of the manager tells of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A job is over.
    Job {
        /// `start`, `stop`, `restart`.
        kind: String,
        /// `done`, `failed`, `assert`, `dependency`, `timeout` and so on.
        result: String,
    },
    /// A process ended badly, and its failure counts.
    Exit {
        /// The list that it belongs to, such as `ExecStart`.
        command: String,
        /// How; `None` for what is unknown.
        code: Option<Code>,
        /// Exit status or signal.
        status: i32,
    },
    /// `ExecCondition=` said no.
    Skipped,
    /// A program could not be run.
    NotFound,
    /// The unit failed, for this reason.
    Failed(String),
    /// Something else.
    Other,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// µs since boot.
    pub time: u64,
    /// The unit it is about, or whose process wrote it.
    pub unit: String,
    /// The run that it is about; `None` for a start that did not come to one.
    pub invocation: Option<String>,
    /// What the manager says with it; `None` for a line that a process of the unit wrote.
    pub event: Option<Event>,
    /// syslog(3) priority; 6, "info", when the line has none.
    pub priority: u8,
    /// The program that wrote it, as it calls itself.
    pub identifier: String,
    /// The text.
    pub message: String,
}

/// What the journal holds, or why it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trail {
    /// The lines, oldest first.
    Entries(Vec<Entry>),
    /// There is none, or this user may not read it.
    Unreadable(String),
}

/// The newest `most` lines of and about these units, from `since` on (µs since boot).
pub fn read(scope: &Scope, units: &[String], since: u64, most: u32) -> Result<Trail> {
    let mut arguments = vec![format!("--lines={most}")];
    arguments.extend(matches(scope, units));
    Ok(match ask(scope, FIELDS, arguments)? {
        Ok(text) => {
            let entries = parse(scope, &text);
            Trail::Entries(entries.into_iter().filter(|entry| entry.time >= since).collect())
        }
        Err(reason) => Trail::Unreadable(reason),
    })
}

/// As `super::matches`, but of either manager.
fn matches(scope: &Scope, units: &[String]) -> Vec<String> {
    let mut groups = Vec::new();
    for unit in units {
        match scope {
            Scope::System => {
                groups.push(vec![format!("_SYSTEMD_UNIT={unit}")]);
                groups.push(vec!["_PID=1".to_owned(), format!("UNIT={unit}")]);
            }
            Scope::User { uid, .. } => {
                let uid = format!("_UID={uid}");
                groups.push(vec![uid.clone(), format!("_SYSTEMD_USER_UNIT={unit}")]);
                groups.push(vec![
                    uid,
                    "_SYSTEMD_USER_UNIT=init.scope".to_owned(),
                    format!("USER_UNIT={unit}"),
                ]);
            }
        }
    }
    groups.join(&"+".to_owned())
}

/// The lines of an output of `journalctl --output=json`.
#[must_use]
pub fn parse(scope: &Scope, text: &str) -> Vec<Entry> {
    let raws = text.lines().filter_map(|line| serde_json::from_str::<Raw>(line).ok());
    raws.filter_map(|raw| raw.entry(scope)).collect()
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "__MONOTONIC_TIMESTAMP")]
    time: Option<Field>,
    #[serde(rename = "PRIORITY")]
    priority: Option<Field>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field>,
    #[serde(rename = "MESSAGE")]
    message: Option<Field>,
    #[serde(rename = "MESSAGE_ID")]
    message_id: Option<Field>,
    #[serde(rename = "UNIT")]
    about: Option<Field>,
    #[serde(rename = "USER_UNIT")]
    about_user: Option<Field>,
    #[serde(rename = "INVOCATION_ID")]
    run: Option<Field>,
    #[serde(rename = "USER_INVOCATION_ID")]
    run_user: Option<Field>,
    #[serde(rename = "_SYSTEMD_UNIT")]
    of: Option<Field>,
    #[serde(rename = "_SYSTEMD_USER_UNIT")]
    of_user: Option<Field>,
    #[serde(rename = "_SYSTEMD_INVOCATION_ID")]
    run_of: Option<Field>,
    #[serde(rename = "_PID")]
    pid: Option<Field>,
    #[serde(rename = "_UID")]
    uid: Option<Field>,
    #[serde(rename = "JOB_TYPE")]
    job: Option<Field>,
    #[serde(rename = "JOB_RESULT")]
    result: Option<Field>,
    #[serde(rename = "COMMAND")]
    command: Option<Field>,
    #[serde(rename = "EXIT_CODE")]
    code: Option<Field>,
    #[serde(rename = "EXIT_STATUS")]
    status: Option<Field>,
    #[serde(rename = "UNIT_RESULT")]
    unit_result: Option<Field>,
}

impl Raw {
    /// `None` for a line that belongs to no unit.
    fn entry(self, scope: &Scope) -> Option<Entry> {
        let text = |field: Option<Field>| field.and_then(Field::text).filter(|text| !text.is_empty());
        let (about, run, of) = match scope {
            Scope::System => (text(self.about), text(self.run), text(self.of)),
            Scope::User { .. } => (text(self.about_user), text(self.run_user), text(self.of_user)),
        };
        let is_manager = match scope {
            Scope::System => text(self.pid).as_deref() == Some("1"),
            Scope::User { uid, .. } => {
                of.as_deref() == Some("init.scope") && text(self.uid) == Some(uid.to_string())
            }
        };
        let id = text(self.message_id);
        let result = text(self.unit_result);
        let event = if is_manager {
            Some(match (id.as_deref(), text(self.job), text(self.result)) {
                (_, Some(kind), Some(result)) => Event::Job { kind, result },
                (Some(PROCESS_EXIT), ..) => Event::Exit {
                    command: text(self.command).unwrap_or_default(),
                    code: code(text(self.code).as_deref()),
                    status: text(self.status).map_or(0, |status| number(&status)),
                },
                (Some(SKIPPED), ..) => Event::Skipped,
                _ => result.map_or(Event::Other, Event::Failed),
            })
        } else {
            // The child that was to become the program says so itself, before it is one.
            (id.as_deref() == Some(SPAWN_FAILED)).then_some(Event::NotFound)
        };
        Some(Entry {
            time: text(self.time).and_then(|time| time.parse().ok()).unwrap_or_default(),
            unit: if is_manager { about? } else { of? },
            invocation: if is_manager { run } else { text(self.run_of) },
            event,
            priority: text(self.priority).and_then(|priority| priority.parse().ok()).unwrap_or(6),
            identifier: text(self.identifier).unwrap_or_default(),
            message: text(self.message).unwrap_or_default(),
        })
    }
}

fn code(word: Option<&str>) -> Option<Code> {
    match word? {
        "exited" => Some(Code::Exited),
        "killed" => Some(Code::Killed),
        "dumped" => Some(Code::Dumped),
        _ => None,
    }
}

/// An exit status is a number, a signal is a name (`sigchld_code_to_string()` and `signal_to_string()`).
fn number(status: &str) -> i32 {
    status.parse().unwrap_or_else(|_| {
        format!("SIG{status}").parse::<nix::sys::signal::Signal>().map_or(0, |signal| signal as i32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A oneshot that failed under an unscoped `reset-failed`, one that went well, one with an unmet condition, one with
    /// a failed assertion, one whose `ExecCondition=` said no, and one whose stop failed, on each release.
    const SYSTEM: [&str; 3] = [
        include_str!("../fixtures/trail-bookworm.txt"),
        include_str!("../fixtures/trail-trixie.txt"),
        include_str!("../fixtures/trail-forky.txt"),
    ];

    /// The same of tim's manager: a oneshot that said a word and failed, and one with an unmet condition.
    const USER: [&str; 3] = [
        include_str!("../fixtures/trail-user-bookworm.txt"),
        include_str!("../fixtures/trail-user-trixie.txt"),
        include_str!("../fixtures/trail-user-forky.txt"),
    ];

    fn events(scope: &Scope, text: &str, unit: &str) -> Vec<(bool, Event)> {
        let entries = parse(scope, text).into_iter().filter(|entry| entry.unit == unit);
        let told = entries.filter_map(|entry| entry.event.map(|event| (entry.invocation.is_some(), event)));
        told.filter(|(_, event)| *event != Event::Other).collect()
    }

    fn job(kind: &str, result: &str) -> Event {
        Event::Job { kind: kind.to_owned(), result: result.to_owned() }
    }

    fn exit(command: &str, status: i32) -> Event {
        Event::Exit { command: command.to_owned(), code: Some(Code::Exited), status }
    }

    #[test]
    fn a_failure_that_was_reset_stays_in_the_journal() {
        for text in SYSTEM {
            let told = events(&Scope::System, text, "t03.service");
            assert_eq!(told, [(true, exit("ExecStart", 7)), (true, job("start", "done"))]);
            assert_eq!(
                events(&Scope::System, text, "fine.service").last(),
                Some(&(true, job("start", "done")))
            );
        }
    }

    #[test]
    fn a_start_that_did_not_come_to_a_run_has_no_invocation() {
        for text in SYSTEM {
            assert_eq!(events(&Scope::System, text, "cond.service"), [(false, job("start", "done"))]);
            assert_eq!(events(&Scope::System, text, "assert.service"), [(false, job("start", "assert"))]);
            let told = events(&Scope::System, text, "execcond.service");
            assert_eq!(told, [(true, Event::Skipped), (true, job("start", "done"))]);
        }
    }

    #[test]
    fn a_failed_stop_is_told_of_the_run_before() {
        for text in SYSTEM {
            let told = events(&Scope::System, text, "stopfails.service");
            assert!(told.contains(&(true, exit("ExecStop", 9))), "{told:?}");
        }
    }

    #[test]
    fn a_users_manager_is_believed_and_a_users_process_is_not() {
        let tim = Scope::user(1000, 100);
        for text in USER {
            let told = events(&tim, text, "ufail.service");
            let failed = Event::Failed("exit-code".to_owned());
            assert_eq!(told, [(true, exit("ExecStart", 7)), (true, failed), (true, job("start", "failed"))]);
            let entries = parse(&tim, text);
            let words = entries.iter().find(|entry| entry.message == "words").unwrap();
            assert!(words.event.is_none() && words.invocation.is_some());
            assert!(events(&Scope::user(1001, 100), text, "ufail.service").is_empty());
        }
        let forged = r#"{"_PID":"77","_SYSTEMD_UNIT":"a.service","UNIT":"a.service","JOB_TYPE":"start","JOB_RESULT":"done"}"#;
        assert_eq!(parse(&Scope::System, forged).first().and_then(|entry| entry.event.clone()), None);
    }

    #[test]
    fn a_missing_program_behind_a_dash_is_found() {
        for text in USER {
            assert!(events(&Scope::System, text, "nocmd.service").contains(&(true, Event::NotFound)));
        }
    }

    #[test]
    fn statuses_are_numbers_or_names_of_signals() {
        assert_eq!((number("7"), number("TERM"), number("x")), (7, 15, 0));
    }
}
