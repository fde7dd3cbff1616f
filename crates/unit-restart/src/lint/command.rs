//! A command of a unit, from its file or as it was loaded.

use std::path::PathBuf;

use systemd::files::Setting;
use systemd::unit::Exec;

use super::{Flaw, Trap};

/// The prefixes of a command (systemd.service(5), "Command lines").
const PREFIXES: [char; 6] = ['@', '-', ':', '+', '!', '|'];

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its list, such as `ExecStart`.
    pub(crate) list: String,
    /// The command line without its prefixes.
    pub(crate) line: String,
    /// Whether it has the prefix `-`.
    pub(crate) ignores_failure: bool,
    /// Where it stands.
    pub(crate) place: Option<(PathBuf, usize)>,
}

impl Command {
    /// `None` for another setting.
    pub(crate) fn of_setting(set: &Setting) -> Option<Self> {
        if set.section != "Service" || !set.key.starts_with("Exec") || set.key.starts_with("ExecSearch") {
            return None;
        }
        let line = set.value.trim_start_matches(PREFIXES);
        let prefix = set.value.strip_suffix(line).unwrap_or_default();
        Some(Self {
            list: set.key.clone(),
            line: line.to_owned(),
            ignores_failure: prefix.contains('-'),
            place: Some((set.file.clone(), set.line)),
        })
    }

    pub(crate) fn of_loaded((list, exec): &(String, Exec)) -> Self {
        Self {
            list: list.clone(),
            line: exec.argv.clone(),
            ignores_failure: exec.ignores_failure,
            place: None,
        }
    }

    pub(super) fn flaw(&self, trap: Trap) -> Flaw {
        let dash = if self.ignores_failure { "-" } else { "" };
        Flaw { trap, place: self.place.clone(), says: format!("{}={dash}{}", self.list, self.line) }
    }
}
