//! Shapes that are named and left alone.

use oneshot::{Exit, Finding};
use user_session::cgroup::Population;
use user_session::directory::{self, Kind, PARENT, Status};
use user_session::{causes, fstab};

use crate::facts::{Facts, Place, Session};

/// Id of the finding that `--take-over` may override.
pub(super) const OWNER: &str = "runtime-dir-owner";

/// RF17 for the parent.
pub(super) fn parent(facts: &Facts) -> Option<Finding> {
    let text = match facts.parent {
        Place::Directory(_) => return None,
        Place::Missing => format!("{PARENT} does not exist"),
        Place::Other(kind) => format!("{PARENT} is {kind}, not a directory"),
    };
    let hint = format!(
        "make it a directory again (systemd does at boot): mv {PARENT} {PARENT}.old; mkdir -m 755 {PARENT}"
    );
    Some(Finding::fail("run-user-parent", text).shape("RF17").hint(hint))
}

/// RF17: something else than a directory.
pub(super) fn not_a_directory(facts: &Facts, kind: Kind) -> Finding {
    let path = directory::path(facts.account.uid);
    Finding::fail("runtime-dir-type", format!("{path} is {kind}, not a directory; it is left as it is"))
        .shape("RF17")
        .compared("a directory", kind)
        .hint(format!("find out who made it, move it away, then run: systemctl restart user-runtime-dir@{0}.service user@{0}.service", facts.account.uid))
}

/// RF17 and RF6: a directory that must not be changed.
pub(super) fn place(facts: &Facts, status: &Status) -> Option<Finding> {
    let path = directory::path(facts.account.uid);
    if let Some(layer) = facts.layers.last() {
        let foreign = if layer.fstype != "tmpfs" {
            Some(format!("a file system of type {} is mounted on {path}", layer.fstype))
        } else if layer.root != "/" {
            Some(format!("{path} is a bind mount of a part of another file system ({})", layer.root))
        } else {
            facts.shown_elsewhere.first().map(|point| format!("{path} shows the same file system as {point}"))
        };
        if let Some(text) = foreign {
            let finding =
                Finding::fail("runtime-dir-fstype", format!("{text}; it is left as it is")).shape("RF17");
            return Some(finding.hint(format!("find out what mounted it (findmnt {path}) and remove that")));
        }
    }
    let uid = facts.account.uid;
    let is_strangers = status.uid != 0 && status.uid != uid;
    is_strangers.then(|| {
        Finding::fail(
            OWNER,
            format!("{path} belongs to uid {}, who is another user; it is left as it is", status.uid),
        )
        .shape("RF6")
        .compared(uid, status.uid)
        .hint(format!(
            "if that user is not logged in here, give it back with: fix-runtime-dir --take-over {uid}"
        ))
    })
}

/// Not refused, but said: everybody could write there.
pub(super) fn strangers(facts: &Facts, session: &Session) -> Finding {
    let path = directory::path(facts.account.uid);
    Finding::warn(
        "runtime-dir-strangers",
        format!("other users put something into {path} while it was open to all: {}", session.strangers.join(", ")),
    )
    .hint("look at it and remove it before the user's session starts, or empty the directory by a logout and a login")
}

/// RF20: the mounts that this process sees are not those of the service manager.
pub(super) fn other_namespace() -> Finding {
    let (text, hints) = causes::other_namespace("fix-runtime-dir");
    Finding::fail("mount-ns", text).shape("RF20").hints(hints).exits(Exit::Config)
}

/// RF18: only systemd-user-sessions.service may take it away, when the host is up.
pub(super) fn nologin() -> Finding {
    Finding::warn(
        "nologin",
        "/run/nologin stands: nobody but root may log in, and a user manager waits until it goes",
    )
    .shape("RF18")
    .hint("see what holds it up: systemctl list-jobs; systemctl status systemd-user-sessions.service")
    .hint("if the host is up and nothing waits, it was left behind (microsoft/WSL#10977): rm /run/nologin")
}

/// RF12.
pub(super) fn foreign_cgroup(session: &Session) -> Option<Finding> {
    let Population::Foreign { path } = &session.population else { return None };
    let (text, hints) = causes::foreign_cgroup(path);
    Some(Finding::fail("cgroup-collision", text).shape("RF12").hints(hints).exits(Exit::Busy))
}

/// Whether a mount point is a runtime directory of this uid, at whatever prefix (`/mnt/wslg`, a chroot).
#[must_use]
pub fn is_runtime_directory(point: &str, uid: u32) -> bool {
    let own = directory::path(uid);
    point.ends_with(&own) || fstab::is_at_or_below(point, &own)
}
