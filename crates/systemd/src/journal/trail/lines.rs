//! A line of the journal, read as what it tells of a unit.

use serde::Deserialize;

use super::{Entry, Event, SPAWN_FAILED};
use crate::Scope;
use crate::journal::Field;
use crate::unit::exec::Code;

/// `SD_MESSAGE_UNIT_PROCESS_EXIT` (systemd/sd-messages.h): a process of a unit ended badly.
const PROCESS_EXIT: &str = "98e322203f7a4ed290d09fe03c09fe15";

/// `SD_MESSAGE_UNIT_SKIPPED`: `ExecCondition=` said no.
const SKIPPED: &str = "0e4284a0caca4bfc81c0bb6786972673";

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
        let (uid, id) = (text(self.uid), text(self.message_id));
        let is_spawn_failed = id.as_deref() == Some(SPAWN_FAILED);
        let (is_manager, is_trusted) = match scope {
            Scope::System => (text(self.pid).as_deref() == Some("1"), uid.as_deref() == Some("0")),
            Scope::User { uid: own, .. } => {
                let is_own = uid == Some(own.to_string());
                (is_own && of.as_deref() == Some("init.scope"), is_own)
            }
        };
        // The child that was to become the program says so itself, before it is one, and is gone at once: journald may come
        // too late to see whose it was (systemd issue #2913). Whoever may speak for the manager is believed.
        let is_about = is_manager || (is_spawn_failed && is_trusted && of.is_none());
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
            is_spawn_failed.then_some(Event::NotFound)
        };
        Some(Entry {
            time: text(self.time).and_then(|time| time.parse().ok()).unwrap_or_default(),
            unit: if is_about { about? } else { of? },
            invocation: if is_about { run } else { text(self.run_of) },
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
pub(super) fn number(status: &str) -> i32 {
    status.parse().unwrap_or_else(|_| {
        format!("SIG{status}").parse::<nix::sys::signal::Signal>().map_or(0, |signal| signal as i32)
    })
}
