//! One command of a unit and how it ended, as `systemctl show` prints each entry of `ExecStart=` and its kin.
//!
//! `{ path=… ; argv[]=… ; ignore_errors=no ; start_time=[…] ; stop_time=[…] ; pid=1 ; code=exited ; status=0 }`
//! (`print_exec_status_info()`, src/systemctl/systemctl-show.c). The arguments are joined by spaces and neither quoted
//! nor escaped, so that an entry is read from its end, where every field has a form of its own.

use serde::Serialize;

/// How a process ended (waitid(2), `CLD_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Code {
    /// By itself, with an exit status.
    Exited,
    /// By a signal.
    Killed,
    /// By a signal, and it left a core.
    Dumped,
}

/// One command, and its last run in the unit's last start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exec {
    /// The executable.
    pub path: String,
    /// All arguments, the zeroth included, joined by spaces; no more than text to look at.
    pub argv: String,
    /// Whether systemd passes over its failure: the prefix `-` (systemd.service(5)).
    pub ignores_failure: bool,
    /// The process; `None` when it has not run.
    pub pid: Option<u32>,
    /// How it ended; `None` while it runs, and when it has not run.
    pub code: Option<Code>,
    /// Exit status or signal number.
    pub status: i32,
}

impl Exec {
    /// Reads one entry with its braces. Both forms do: `ignore_errors=` of `ExecStart` and `flags=` of `ExecStartEx`.
    #[must_use]
    pub fn parse(entry: &str) -> Option<Self> {
        let rest = entry.strip_prefix("{ path=")?.strip_suffix(" }")?;
        let (rest, status) = rest.rsplit_once(" ; status=")?;
        let (rest, code) = rest.rsplit_once(" ; code=")?;
        let (rest, pid) = rest.rsplit_once(" ; pid=")?;
        let (rest, _) = rest.rsplit_once(" ; stop_time=[")?;
        let (rest, _) = rest.rsplit_once(" ; start_time=[")?;
        let (rest, ignores_failure) =
            match (rest.rsplit_once(" ; ignore_errors="), rest.rsplit_once(" ; flags=")) {
                (Some((rest, word @ ("yes" | "no"))), _) => (rest, word == "yes"),
                (_, Some((rest, flags))) => (rest, flags.split(' ').any(|flag| flag == "ignore-failure")),
                _ => return None,
            };
        let (path, argv) = rest.split_once(" ; argv[]=")?;
        // A signal has its name behind a slash.
        let number = status.split_once('/').map_or(status, |(number, _)| number);
        Some(Self {
            path: path.to_owned(),
            argv: argv.to_owned(),
            ignores_failure,
            pid: Some(pid.parse().ok()?).filter(|pid| *pid != 0),
            code: match code {
                "exited" => Some(Code::Exited),
                "killed" => Some(Code::Killed),
                "dumped" => Some(Code::Dumped),
                "(null)" => None,
                _ => return None,
            },
            status: number.parse().ok()?,
        })
    }

    /// Whether it ran to its end and that was not exit status 0.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.code.is_some_and(|code| code != Code::Exited || self.status != 0)
    }

    /// `exit status 3` or `signal 15`.
    #[must_use]
    pub fn end(&self) -> String {
        match self.code {
            Some(Code::Exited) => format!("exit status {}", self.status),
            Some(Code::Killed) => format!("signal {}", self.status),
            Some(Code::Dumped) => format!("signal {} and a core", self.status),
            None => "not ended".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: &str = "start_time=[Fri 2026-11-20 12:39:22 UTC] ; stop_time=[Fri 2026-11-20 12:39:22 UTC]";

    #[test]
    fn both_forms_of_a_real_entry_tell_the_same() {
        let plain = format!(
            "{{ path=/bin/false ; argv[]=/bin/false ; ignore_errors=yes ; {TIMES} ; pid=119 ; code=exited ; status=1 }}"
        );
        let ex = plain.replace("ignore_errors=yes", "flags=privileged ignore-failure");
        let exec = Exec::parse(&plain);
        assert_eq!(exec, Exec::parse(&ex));
        let exec = exec.unwrap();
        assert!(exec.ignores_failure && exec.is_bad());
        assert_eq!((exec.pid, exec.end().as_str()), (Some(119), "exit status 1"));
    }

    #[test]
    fn arguments_may_hold_the_words_of_an_entry_and_newlines() {
        let argv = "/bin/sh -c x ; ignore_errors=yes ; status=0 }\n\nResult=odd";
        let text = format!(
            "{{ path=/bin/sh ; argv[]={argv} ; ignore_errors=no ; {TIMES} ; pid=7 ; code=killed ; status=15/TERM }}"
        );
        let exec = Exec::parse(&text).unwrap();
        assert_eq!((exec.argv.as_str(), exec.ignores_failure, exec.status), (argv, false, 15));
        assert_eq!((exec.code, exec.end().as_str()), (Some(Code::Killed), "signal 15"));
    }

    #[test]
    fn what_has_not_run_or_still_runs_did_not_end_badly() {
        for pid in ["0", "90"] {
            let text = format!(
                "{{ path=/a ; argv[]=/a ; flags= ; start_time=[n/a] ; stop_time=[n/a] ; pid={pid} ; code=(null) ; status=0/0 }}"
            );
            let exec = Exec::parse(&text).unwrap();
            assert!(!exec.is_bad() && exec.code.is_none());
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for text in
            ["", "{ }", "{ path=/a }", "{ path=/a ; argv[]=/a ; flags= ; pid=x ; code=exited ; status=0 }"]
        {
            assert_eq!(Exec::parse(text), None, "{text}");
        }
    }
}
