//! What the journal holds of a unit's start: the manager's own words on its jobs and processes, and what its processes
//! said. It outlives the unit's state, which `reset-failed` turns and which an unloaded unit loses.
//!
//! Only lines that the manager wrote itself are proof: `_PID=1`, or for a user's manager the processes of its
//! `init.scope` under the user's uid. A field that begins with an underscore is journald's and cannot be made up.

mod lines;
#[cfg(test)]
mod tests;

use anyhow::Result;

use super::ask;
use crate::Scope;
use crate::unit::exec::Code;

pub use lines::parse;

/// The fields that are asked for.
const FIELDS: &str = "MESSAGE,MESSAGE_ID,PRIORITY,SYSLOG_IDENTIFIER,UNIT,USER_UNIT,INVOCATION_ID,USER_INVOCATION_ID,\
_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,_SYSTEMD_INVOCATION_ID,_PID,_UID,JOB_TYPE,JOB_RESULT,COMMAND,EXIT_CODE,EXIT_STATUS,\
UNIT_RESULT";

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
        let spawn_failed = format!("MESSAGE_ID={SPAWN_FAILED}");
        match scope {
            Scope::System => {
                groups.push(vec![format!("_SYSTEMD_UNIT={unit}")]);
                groups.push(vec!["_PID=1".to_owned(), format!("UNIT={unit}")]);
                groups.push(vec!["_UID=0".to_owned(), spawn_failed, format!("UNIT={unit}")]);
            }
            Scope::User { uid, .. } => {
                let uid = format!("_UID={uid}");
                groups.push(vec![uid.clone(), format!("_SYSTEMD_USER_UNIT={unit}")]);
                groups.push(vec![uid.clone(), spawn_failed, format!("USER_UNIT={unit}")]);
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
