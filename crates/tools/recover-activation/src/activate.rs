//! How nix-darwin's `activate` ended, by its exit code and its words. Pure.
//!
//! 2 is what the checks end with, and 1 what fails over a right that macOS keeps or over `/run` (nix-darwin
//! `modules/system/checks.nix`, `etc.nix`, `applications.nix`, `base.nix`, `modules/users/default.nix`). A shell gives 134
//! for a program that ended by SIGABRT, as `launchctl load` does without a session at the screen (nix-darwin#1758); the 134
//! of launchctl itself is another thing.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;

use oneshot::command::Outcome;
use oneshot::text;

/// What stands before the list of files.
const LIST: &str = "The following files have unrecognized content";

/// SIGABRT by way of a shell.
const ABORTED: i32 = 128 + 6;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With 0.
    Well,
    /// Files of `/etc` that are not the system's keep it from beginning (LF9).
    Files(Vec<PathBuf>),
    /// Another check failed: its words.
    Check(String),
    /// macOS does not let it change applications.
    AppManagement,
    /// macOS does not let it change users.
    SysAdminFiles,
    /// `/run` is not the link that it needs (LF11).
    NoRun,
    /// A program that it ran was aborted, as launchctl is without a session: its words.
    Aborted(String),
    /// Something else: how, and its last words.
    Otherwise(String, String),
}

/// Reads the end of a run.
pub(crate) fn read(outcome: &Outcome) -> Ended {
    let said = String::from_utf8_lossy(&outcome.stderr);
    let words = outcome.words();
    let has = |text: &str| said.contains(text);
    let is_aborted = outcome.status.signal() == Some(6);
    match outcome.status.code() {
        Some(0) => Ended::Well,
        Some(2) => match files(&said) {
            files if files.is_empty() => Ended::Check(words),
            files => Ended::Files(files),
        },
        Some(1) if has("permission denied when trying to update apps") => Ended::AppManagement,
        Some(1) if has("without Full Disk Access") || has("permission denied when trying to") => {
            Ended::SysAdminFiles
        }
        Some(1) if has("failed to symlink /run") => Ended::NoRun,
        Some(ABORTED) => Ended::Aborted(words),
        None if is_aborted => Ended::Aborted(words),
        _ => Ended::Otherwise(outcome.status.to_string(), words),
    }
}

/// The files of the list, which ends at an empty line.
fn files(said: &str) -> Vec<PathBuf> {
    let after = said.lines().skip_while(|line| !line.contains(LIST)).skip(1);
    let listed = after.skip_while(|line| line.trim().is_empty()).map(str::trim);
    listed.take_while(|line| line.starts_with("/etc/")).map(|line| text::printable(line).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitStatus;

    /// As `etc.nix` prints it.
    const FILES: &str = "\u{1b}[1;31merror: Unexpected files in /etc, aborting activation\u{1b}[0m\n\
        The following files have unrecognized content and would be overwritten:\n\n  /etc/bashrc\n  \
        /etc/nix/nix.conf\n\nPlease check there is nothing critical in these files, rename them by adding \
        .before-nix-darwin to the end, and then try again.\n";

    fn ended(status: i32, said: &str) -> Ended {
        let status = ExitStatus::from_raw(status);
        read(&Outcome { status, stdout: Vec::new(), stderr: said.as_bytes().to_vec() })
    }

    #[test]
    fn each_end_is_told_apart() {
        let code = |code: i32| code << 8;
        let own = |text: &str| text.to_owned();
        for (status, said, expected) in [
            (code(0), FILES, Ended::Well),
            (code(2), FILES, Ended::Files(vec!["/etc/bashrc".into(), "/etc/nix/nix.conf".into()])),
            (code(2), "error: Determinate detected", Ended::Check(own("error: Determinate detected"))),
            (
                code(1),
                "error: permission denied when trying to update apps, aborting activation\n",
                Ended::AppManagement,
            ),
            (
                code(1),
                "error: permission denied when trying to update apps over SSH, aborting activation\nApps could \
                 not be updated as `darwin-rebuild` requires Full Disk Access to work over SSH.\n",
                Ended::AppManagement,
            ),
            (code(1), "error: permission denied when trying to create user x, abor", Ended::SysAdminFiles),
            (
                code(1),
                "error: users cannot be created over SSH without Full Disk Access",
                Ended::SysAdminFiles,
            ),
            (code(1), "error: apfs.util failed to symlink /run, aborting activation", Ended::NoRun),
            (code(1), "oops", Ended::Otherwise(own("exit status: 1"), own("oops"))),
            (code(134), "Abort trap: 6", Ended::Aborted(own("Abort trap: 6"))),
            (6, "", Ended::Aborted(String::new())),
            (code(127), "x: not found", Ended::Otherwise(own("exit status: 127"), own("x: not found"))),
        ] {
            assert_eq!(ended(status, said), expected, "{said}");
        }
    }
}
