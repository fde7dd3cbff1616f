//! One run: look, judge, tell; with `--wait` until all is in order or the time is up.

use std::time::Duration;

use anyhow::{Context, Result};
use oneshot::progress::Live;
use oneshot::{Backoff, Deadline, Finding, Report, Root, Status};
use systemd::manager;
use user_session::{Account, Target, account, wsl};

use crate::arguments::Arguments;
use crate::decide::{self, PARENT};
use crate::drawing;
use crate::facts::Facts;
use crate::gather::{Request, gather};

/// Checks the session of one user.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    if let Some(finding) = not_applicable(&root)? {
        report.finding(finding);
        return Ok(());
    }
    let target = arguments.user.clone().unwrap_or_else(caller);
    let Some(account) = account::find(&root, &target)? else {
        report.finding(Finding::skip(
            "account",
            format!("{target} has no account, so there is no session to check"),
        ));
        return Ok(());
    };
    let (facts, findings) = look(arguments, &root, &account, report)?;
    for finding in findings {
        if finding.id == PARENT {
            report.drawing(&drawing::mounts(&facts));
        }
        report.finding(finding);
    }
    Ok(())
}

/// RF19: nothing of this exists without systemd, and WSL 1 has none.
fn not_applicable(root: &Root) -> Result<Option<Finding>> {
    if wsl::detect(root)?.is_some_and(|wsl| wsl.is_wsl1) {
        return Ok(Some(
            Finding::skip("systemd-pid1", "WSL 1 has no systemd, so there are no user sessions")
                .shape("RF19"),
        ));
    }
    if manager::is_running(root)? {
        return Ok(None);
    }
    let finding = Finding::skip("systemd-pid1", "systemd is not PID 1 here, so there are no user sessions")
        .shape("RF19");
    Ok(Some(finding.hint("on WSL it is switched on in /etc/wsl.conf: [boot] systemd=true")))
}

/// The user whose session is meant when none is named: sudo(8) leaves the caller's uid.
fn caller() -> Target {
    let own = nix::unistd::getuid().as_raw();
    let behind_sudo = std::env::var("SUDO_UID").ok().filter(|_| own == 0);
    Target::Uid(behind_sudo.and_then(|uid| uid.parse().ok()).unwrap_or(own))
}

fn look(
    arguments: &Arguments,
    root: &Root,
    account: &Account,
    report: &Report,
) -> Result<(Facts, Vec<Finding>)> {
    let next = arguments
        .next
        .as_deref()
        .map(std::path::absolute)
        .transpose()
        .context("reading the path of --next")?;
    let mut request = Request { root, account, next: next.as_deref(), with_journal: false };
    if let Some(seconds) = arguments.wait {
        let deadline = Deadline::after(Duration::from_secs(u64::from(seconds)));
        let progress = Live::start(report, &format!("waiting for the session of {}", account.name));
        let mut backoff = Backoff::default();
        while let Some(first) = first_failure(&decide::findings(&gather(&request)?)) {
            progress.say(&format!("waiting for {}: {}", first.id, first.text));
            if !backoff.pause(&deadline) {
                break;
            }
        }
    }
    request.with_journal = true;
    let facts = gather(&request)?;
    let findings = decide::findings(&facts);
    Ok((facts, findings))
}

fn first_failure(findings: &[Finding]) -> Option<Finding> {
    findings.iter().find(|finding| finding.status == Status::Fail).cloned()
}
