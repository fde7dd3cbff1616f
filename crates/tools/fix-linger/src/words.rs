//! How each end is told.

use anyhow::Result;
use oneshot::text::{printable, quoted};
use oneshot::{Exit, Finding, Root};
use systemd::unit::Load;
use user_session::cgroup::{self, Population};
use user_session::directory::{self, Found};
use user_session::policy::Verdict;
use user_session::{Account, causes, linger};

use crate::decide::Step;
use crate::facts::{Facts, Logind};

/// Id of the finding on linger itself.
const LINGER: &str = "linger";
/// Id of the finding on `user@UID.service`.
const MANAGER: &str = "user-manager";

pub(crate) fn in_order(account: &Account, facts: &Facts) -> Finding {
    let name = printable(&account.name);
    let text = match &facts.logind {
        Logind::Down => format!("{} exists; logind reads it when it starts", linger::path(&account.name)),
        Logind::Up(_) => format!("{name} lingers and user@{}.service is up", account.uid),
    };
    Finding::ok(LINGER, text).about(&account.name)
}

/// The configuration says no, or cannot be read; nothing was done.
pub(crate) fn undone(account: &Account, facts: &Facts) -> Finding {
    let name = printable(&account.name);
    let text = if facts.policy == Some(Verdict::Unknown) {
        format!(
            "linger-users.service may disable the linger of {name} (its script is unknown), so nothing is done"
        )
    } else {
        format!("the NixOS configuration disables the linger of {name}, so nothing is done")
    };
    Finding::fail(LINGER, text)
        .about(&account.name)
        .shape("RF15")
        .exits(Exit::Config)
        .hints(causes::linger_undone(&account.name))
        .hint("for this boot alone: fix-linger --until-next-switch")
}

/// What will become of a linger that is in order now.
pub(crate) fn policy(account: &Account, facts: &Facts) -> Option<Finding> {
    let name = printable(&account.name);
    match facts.policy? {
        Verdict::Enables | Verdict::LeavesAlone => None,
        Verdict::Disables => Some(
            Finding::warn(
                "linger-policy",
                format!("the next boot or switch of NixOS disables the linger of {name}"),
            )
            .about(&account.name)
            .shape("RF15")
            .hints(causes::linger_undone(&account.name)),
        ),
        Verdict::Unknown => Some(
            Finding::warn(
                "linger-policy",
                format!("linger-users.service may disable the linger of {name}: its script is unknown"),
            )
            .about(&account.name),
        ),
    }
}

/// The step was taken without an error, and the state says otherwise.
pub(crate) fn contradicted(account: &Account, step: &Step) -> Finding {
    let text = format!("it had no lasting effect to {step}; something undoes it");
    Finding::fail(LINGER, text)
        .about(&account.name)
        .exits(Exit::Contradicted)
        .hint("journalctl -b -u systemd-logind.service tells who")
}

/// Time is up while it is still on its way.
pub(crate) fn undecided(account: &Account, facts: &Facts) -> Finding {
    let text = match &facts.logind {
        Logind::Up(session) => format!(
            "time is up: user@{uid}.service is {}, user-runtime-dir@{uid}.service is {}, logind calls the user {}",
            session.manager.summary(),
            session.directory.summary(),
            session.user.as_ref().map_or("unknown", |user| &user.state),
            uid = account.uid,
        ),
        Logind::Down => "time is up".to_owned(),
    };
    Finding::fail(MANAGER, text)
        .about(&account.name)
        .exits(Exit::Undecided)
        .hint(format!("what it waits for: systemctl list-jobs; then check-user-session {}", account.uid))
}

/// The user lingers, but the manager cannot run: the cause, as far as it shows.
pub(crate) fn no_manager(account: &Account, facts: &Facts, root: &Root) -> Result<Finding> {
    let uid = account.uid;
    let Logind::Up(session) = &facts.logind else { return Ok(in_order(account, facts)) };
    let manager = &session.manager;
    let told =
        format!("{} lingers, but user@{uid}.service is {}", printable(&account.name), manager.summary());
    if manager.load != Load::Loaded {
        let text = format!("{told}, because its unit file is {}", manager.load);
        let hint = match manager.load {
            Load::Masked => format!("systemctl unmask user@{uid}.service"),
            _ => "install the user manager of systemd (on Debian: libpam-systemd)".to_owned(),
        };
        return Ok(Finding::fail(MANAGER, text).about(&account.name).exits(Exit::Config).hint(hint));
    }
    if let Population::Foreign { path } = cgroup::of_manager(root, uid)? {
        let (cause, hints) = causes::foreign_cgroup(&path);
        return Ok(Finding::fail(MANAGER, format!("{told}: {cause}"))
            .about(&account.name)
            .shape("RF12")
            .hints(hints));
    }
    let finding = match directory_fault(account, root)? {
        Some(fault) => Finding::fail(MANAGER, format!("{told}: {fault}")),
        None => Finding::fail(MANAGER, told).shape("RF10"),
    };
    Ok(finding
        .about(&account.name)
        .fixable()
        .hint(format!("fix-runtime-dir --start-manager {uid}"))
        .hint(format!("check-user-session {uid} names the cause")))
}

/// What pam_systemd and others object to in the runtime directory.
fn directory_fault(account: &Account, root: &Root) -> Result<Option<String>> {
    let path = directory::path(account.uid);
    let found = match directory::open_parent(root)? {
        Found::Directory(parent) => directory::open_in(&parent, &account.uid.to_string())?,
        other => other,
    };
    let good = format!("{}:{} 0700", account.uid, account.gid);
    Ok(match found {
        Found::Missing => Some(format!("{path} is missing")),
        Found::Other(kind) => Some(format!("{} is {kind}", quoted(&path))),
        Found::Directory(directory) => {
            let actual = directory.status.to_string();
            (actual != good).then(|| format!("{path} is {actual} instead of {good}"))
        }
    })
}
