//! The exit codes of launchctl, in one table.
//!
//! launchctl ends with the error of launchd: an errno below 107, and from there on the codes whose texts `launchctl error`
//! prints. The constants stand in `xpc_private.h` of ProcursusTeam/launchctl; where a code was seen in the field, the
//! issue is named beside it.

use std::fmt;

use oneshot::command::Outcome;
use oneshot::text::tail;

/// How much of what launchctl said is kept.
const WORDS: usize = 1024;

/// What an answer means for the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Done.
    Done,
    /// The job is loaded already; what was wanted is true.
    AlreadyLoaded,
    /// No such job is loaded.
    NotLoaded,
    /// Something is on its way, most often a job's end after `bootout`: asking again soon may help.
    Transient,
    /// An umbrella over many causes: nothing may be concluded from it alone.
    Ambiguous,
    /// The job is disabled by an override.
    Disabled,
    /// The caller may not, whatever the job.
    Permission,
    /// The definition's owner or mode is wrong.
    Ownership,
    /// The definition itself is wrong.
    Definition,
    /// Background Task Management does not let the job start: a switch in System Settings is off.
    Blocked,
    /// There is no such domain, or none that takes such a request; of a graphical one: nobody is logged in at the screen.
    NoDomain,
    /// The job is not for this type of session (`LimitLoadToSessionType`).
    SessionType,
    /// The host does not let it run now: hardware, boot environment, quarantine, on-demand only.
    Host,
    /// launchctl or launchd could not do what was asked, which is no fault of the job.
    Request,
    /// A code that is not in the table.
    Unknown,
}

/// Code, class, and what it says.
pub const TABLE: [(i32, Class, &str); 35] = [
    (0, Class::Done, "done"),
    (1, Class::Permission, "not permitted: not root, or protected by the system (EPERM)"),
    (3, Class::NotLoaded, "no such process: the job is not loaded (ESRCH)"),
    // snx-rs#241, headroom#1289 and openbase#15 tell of three of its causes.
    (5, Class::Ambiguous, "an input/output error, which stands for many causes (EIO)"),
    (17, Class::AlreadyLoaded, "there is one already (EEXIST)"),
    (22, Class::Request, "bad request (EINVAL)"),
    (36, Class::Transient, "in progress: the job is being taken down (EINPROGRESS)"),
    (37, Class::AlreadyLoaded, "the job is loaded already (EALREADY)"),
    (107, Class::Definition, "the bundle is malformed"),
    (108, Class::Definition, "the path is invalid"),
    (109, Class::Definition, "the property list is invalid"),
    (110, Class::Definition, "the label is missing or invalid"),
    (111, Class::Definition, "Program or ProgramArguments is missing or invalid"),
    (112, Class::NoDomain, "there is no such domain"),
    (113, Class::NotLoaded, "there is no such job in the domain"),
    (114, Class::Definition, "its user does not exist"),
    (115, Class::Definition, "its group does not exist"),
    (118, Class::Request, "launchd answered with something else"),
    (119, Class::Disabled, "the job is disabled"),
    (121, Class::Definition, "the path is not one that is searched for jobs"),
    (122, Class::Ownership, "the definition has a wrong owner or mode"),
    (124, Class::Transient, "the domain is being taken down"),
    (125, Class::NoDomain, "the domain does not support that action"),
    (126, Class::Request, "the request is no longer supported"),
    (133, Class::Ambiguous, "several errors"),
    // Of launchctl. A shell says 134 of a process that SIGABRT killed (nix-darwin#1758).
    (134, Class::SessionType, "the job is not for this type of session"),
    (138, Class::Host, "the job is not for this hardware"),
    (139, Class::Host, "the job cannot be executed at present"),
    (140, Class::Definition, "the name is bad"),
    (144, Class::Permission, "an entitlement is missing"),
    (146, Class::Host, "the domain starts jobs on demand only at present"),
    (150, Class::Permission, "System Integrity Protection forbids it"),
    (152, Class::Host, "the job is not for this boot environment"),
    (155, Class::Host, "the job is quarantined"),
    // nudge#515
    (161, Class::Blocked, "Background Task Management blocks the job"),
];

/// The class of a code.
#[must_use]
pub fn class(code: i32) -> Class {
    TABLE.iter().find(|(number, ..)| *number == code).map_or(Class::Unknown, |(_, class, _)| *class)
}

/// What a code says; `None` for one that is not in the table.
#[must_use]
pub fn text(code: i32) -> Option<&'static str> {
    TABLE.iter().find(|(number, ..)| *number == code).map(|(.., text)| *text)
}

/// What launchctl answered: its code with the words that came with it, never one without the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The end of what it said, on one line.
    pub words: String,
}

impl Reply {
    /// The answer of a launchctl that has ended. What it said on standard output counts only where it failed silently.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let code = outcome.status.code();
        let words = if code == Some(0) { tail(&outcome.stderr, WORDS) } else { outcome.words() };
        Self { code, words }
    }

    /// What it means. One that a signal ended is unknown.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code.map_or(Class::Unknown, class)
    }

    /// Whether it was done; no other answer is a success.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.class() == Class::Done
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            None => out.write_str("ended by a signal")?,
            Some(code) => write!(out, "exit {code}, {}", text(code).unwrap_or("which is in no table"))?,
        }
        if self.words.is_empty() { Ok(()) } else { write!(out, ": {}", oneshot::text::quoted(&self.words)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_rise_and_only_zero_is_done() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (code, class, text) in TABLE {
            assert_eq!((class == Class::Done, class == Class::Unknown), (code == 0, false), "{text}");
        }
    }

    #[test]
    fn a_code_of_no_table_is_unknown_and_keeps_its_words() {
        let reply = Reply { code: Some(99), words: "Bootstrap failed: 99".to_owned() };
        assert_eq!((reply.class(), reply.is_done()), (Class::Unknown, false));
        assert_eq!(reply.to_string(), "exit 99, which is in no table: \"Bootstrap failed: 99\"");
        let killed = Reply { code: None, words: String::new() };
        assert_eq!((killed.class(), killed.to_string().as_str()), (Class::Unknown, "ended by a signal"));
    }
}
