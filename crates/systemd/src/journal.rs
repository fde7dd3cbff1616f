//! Journal lines of this boot, through `journalctl`.

use std::fs::File;
use std::io::ErrorKind;

use anyhow::Result;
use oneshot::{Deadline, Root, command};
use serde::Deserialize;

use crate::Scope;
use crate::scope::PATIENCE;

pub mod trail;

pub use trail::Trail;

/// The fields that are asked for; the timestamps come by themselves.
const FIELDS: &str = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,UNIT";

/// Where journald keeps its files, on disk and until the next boot, one folder a machine id.
const DIRECTORIES: [&str; 2] = ["/var/log/journal", "/run/log/journal"];

const DENIED: &str = "this user may not read the system's journal; run as root or join group systemd-journal";

/// Which lines are wanted. Lines of units are those that the unit's processes wrote and those that PID 1 wrote about
/// it; `_PID=1` keeps other processes from speaking in its name.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// System units.
    pub units: &'a [String],
    /// Syslog identifiers, such as `login`.
    pub identifiers: &'a [&'a str],
    /// Highest syslog(3) priority that is wanted: 4 gives warnings and worse.
    pub priority: u8,
    /// The newest so many.
    pub most: u32,
}

/// What the journal holds, or why it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Journal {
    /// The lines, oldest first.
    Lines(Vec<Line>),
    /// There is none, or this user may not read it all.
    Unreadable(String),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// µs since boot.
    pub time: u64,
    /// syslog(3) priority; 6, "info", when the line has none.
    pub priority: u8,
    /// The program that wrote it, as it calls itself.
    pub identifier: String,
    /// The unit it is about, or whose process wrote it.
    pub unit: Option<String>,
    /// The text; bytes that are no UTF-8 become U+FFFD.
    pub message: String,
}

/// Reads the lines that fit.
pub fn read(query: &Query<'_>) -> Result<Journal> {
    let mut arguments =
        vec![format!("--priority={}", query.priority.min(7)), format!("--lines={}", query.most)];
    arguments.extend(matches(query));
    Ok(match ask(&Scope::System, FIELDS, arguments)? {
        Ok(text) => Journal::Lines(parse(&text)),
        Err(reason) => Journal::Unreadable(reason),
    })
}

/// What `journalctl` prints of this boot as JSON, or why the journal of these units is out of reach.
fn ask(scope: &Scope, fields: &str, arguments: Vec<String>) -> Result<Result<String, String>> {
    if let Some(reason) = kept_from(&Root::default(), scope)? {
        return Ok(Err(reason));
    }
    let outcome = command::Command::new(command::find("journalctl")?)
        .deadline(Deadline::after(PATIENCE))
        .args(["--boot", "--no-pager", "--output=json", "--output-fields", fields])
        .args(arguments)
        .run()?;
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    if let Some(reason) = unreadable(&stderr, outcome.status.success()) {
        return Ok(Err(reason));
    }
    Ok(Ok(String::from_utf8_lossy(&outcome.stdout).into_owned()))
}

/// The match arguments: terms of one group must all fit, `+` stands between groups of which one must.
fn matches(query: &Query<'_>) -> Vec<String> {
    let mut groups = Vec::new();
    for unit in query.units {
        groups.push(vec![format!("_SYSTEMD_UNIT={unit}")]);
        groups.push(vec!["_PID=1".to_owned(), format!("UNIT={unit}")]);
    }
    for identifier in query.identifiers {
        groups.push(vec![format!("SYSLOG_IDENTIFIER={identifier}")]);
    }
    groups.join(&"+".to_owned())
}

/// Why the journal of this manager's units is out of reach. journalctl(1) exits 0 without a word when it leaves out what
/// this user may not read, so the files are asked. What a user's units write stands in a file of the user's own where the
/// journal is on disk, and in the system's where it is not (`SplitMode=`, journald.conf(5)).
fn kept_from(root: &Root, scope: &Scope) -> Result<Option<String>> {
    let mut files = vec!["system.journal".to_owned()];
    if let Scope::User { uid, .. } = scope {
        files.push(format!("user-{uid}.journal"));
    }
    let mut is_denied = false;
    for directory in DIRECTORIES {
        let machines = match root.list(directory) {
            Ok(machines) => machines,
            Err(error) if oneshot::exit::of(&error) == oneshot::Exit::NoPermission => {
                is_denied = true;
                continue;
            }
            Err(error) => return Err(error),
        };
        for file in machines.iter().flat_map(|machine| files.iter().map(move |file| (machine, file))) {
            match File::open(root.join(format!("{directory}/{}/{}", file.0, file.1))) {
                Ok(_) => return Ok(None),
                Err(error) => is_denied |= error.kind() == ErrorKind::PermissionDenied,
            }
        }
    }
    Ok(Some(if is_denied { DENIED.into() } else { "there is no journal".into() }))
}

/// What standard error says when not all could be read (`src/shared/logs-show.c`, `src/journal/journalctl.c`).
fn unreadable(stderr: &str, succeeded: bool) -> Option<String> {
    let denied = ["not seeing messages from other users", "insufficient permissions"];
    if denied.iter().any(|words| stderr.contains(words)) {
        return Some(DENIED.into());
    }
    if stderr.contains("No journal files were found") || stderr.contains("no persistent journal") {
        return Some("there is no journal".into());
    }
    if succeeded {
        return None;
    }
    Some(oneshot::text::tail(stderr.as_bytes(), 256))
}

/// The lines of an output of `journalctl --output=json`; what is no JSON object is passed over.
#[must_use]
pub fn parse(text: &str) -> Vec<Line> {
    text.lines().filter_map(|line| serde_json::from_str::<Raw>(line).ok()).map(Line::from).collect()
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "__MONOTONIC_TIMESTAMP")]
    time: Option<Field>,
    #[serde(rename = "PRIORITY")]
    priority: Option<Field>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field>,
    #[serde(rename = "UNIT")]
    about: Option<Field>,
    #[serde(rename = "_SYSTEMD_UNIT")]
    of: Option<Field>,
    #[serde(rename = "MESSAGE")]
    message: Option<Field>,
}

/// A field is a string, an array of bytes when it is no UTF-8, an array of fields when it was given twice, and null
/// when it is too long for JSON (systemd's "Journal JSON Format").
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Text(String),
    Bytes(Vec<u8>),
    Many(Vec<Field>),
    Other(serde::de::IgnoredAny),
}

impl Field {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Self::Many(fields) => fields.into_iter().next().and_then(Self::text),
            Self::Other(_) => None,
        }
    }
}

impl From<Raw> for Line {
    fn from(raw: Raw) -> Self {
        let text = |field: Option<Field>| field.and_then(Field::text);
        Self {
            time: text(raw.time).and_then(|time| time.parse().ok()).unwrap_or_default(),
            priority: text(raw.priority).and_then(|priority| priority.parse().ok()).unwrap_or(6),
            identifier: text(raw.identifier).unwrap_or_default(),
            unit: text(raw.about).or_else(|| text(raw.of)),
            message: text(raw.message).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_unit_are_its_own_and_those_of_pid_1_about_it() {
        let units = ["user@1000.service".to_owned()];
        let query = Query { units: &units, identifiers: &["login"], priority: 4, most: 10 };
        assert_eq!(
            matches(&query),
            [
                "_SYSTEMD_UNIT=user@1000.service",
                "+",
                "_PID=1",
                "UNIT=user@1000.service",
                "+",
                "SYSLOG_IDENTIFIER=login"
            ]
        );
    }

    #[test]
    fn real_lines_are_read() {
        // systemd 257, shortened by the cursor fields.
        let text = r#"{"__MONOTONIC_TIMESTAMP":"1124295437","_SYSTEMD_UNIT":"init.scope","PRIORITY":"6","UNIT":"user@1000.service","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"Started user@1000.service - User Manager for UID 1000."}"#;
        assert_eq!(
            parse(text),
            [Line {
                time: 1_124_295_437,
                priority: 6,
                identifier: "systemd".into(),
                unit: Some("user@1000.service".into()),
                message: "Started user@1000.service - User Manager for UID 1000.".into(),
            }]
        );
    }

    #[test]
    fn bytes_null_doubled_fields_and_noise_do_not_stop_it() {
        let text = "{\"MESSAGE\":[110,228,10],\"UNIT\":[\"a\",\"b\"]}\n{\"MESSAGE\":null}\nnoise\n{}\n";
        let lines = parse(text);
        let told: Vec<_> = lines.iter().map(|line| (line.message.as_str(), line.unit.as_deref())).collect();
        assert_eq!(told, [("n\u{fffd}\n", Some("a")), ("", None), ("", None)]);
    }

    #[test]
    fn a_host_without_a_system_journal_has_none() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let system = Scope::System;
        assert_eq!(kept_from(&root, &system)?.as_deref(), Some("there is no journal"));
        let machine = tree.path().join("run/log/journal/0123");
        std::fs::create_dir_all(&machine)?;
        assert!(kept_from(&root, &system)?.is_some());
        std::fs::write(machine.join("system.journal"), "")?;
        assert_eq!(kept_from(&root, &system)?, None);
        Ok(())
    }

    #[test]
    fn a_user_needs_no_more_than_the_users_own_file() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let machine = tree.path().join("var/log/journal/0123");
        std::fs::create_dir_all(&machine)?;
        std::fs::write(machine.join("user-1000.journal"), "")?;
        assert_eq!(kept_from(&root, &Scope::user(1000, 100))?, None);
        assert!(kept_from(&root, &Scope::user(1001, 100))?.is_some());
        assert!(kept_from(&root, &Scope::System)?.is_some());
        Ok(())
    }

    #[test]
    fn a_partial_view_is_not_taken_for_the_whole() {
        let hint = "Hint: You are currently not seeing messages from other users and the system.\n";
        assert!(unreadable(hint, true).is_some());
        assert!(
            unreadable("No journal files were opened due to insufficient permissions.\n", false).is_some()
        );
        assert_eq!(
            unreadable("No journal files were found.\n", false).as_deref(),
            Some("there is no journal")
        );
        assert_eq!(unreadable("", true), None);
    }
}
