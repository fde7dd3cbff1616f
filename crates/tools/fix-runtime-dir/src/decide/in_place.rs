//! Repairs that keep the directory and everything in it.

use user_session::directory::{self, Status};
use user_session::limits::Limits;

use crate::facts::Facts;
use crate::step::Step;

/// The XDG base directory specification and systemd agree on it.
const MODE: u32 = 0o700;

/// Owner, primary group and mode. A directory that others can write is closed before it changes hands, so that nobody
/// can put anything into it in between.
pub(super) fn ownership(facts: &Facts, status: &Status) -> Vec<Step> {
    let (uid, gid) = (facts.account.uid, facts.account.gid);
    let wrong_owner = (status.uid, status.gid) != (uid, gid);
    let is_open = status.mode & 0o022 != 0;
    let mut steps = Vec::new();
    if wrong_owner && is_open {
        steps.push(Step::Seal);
    }
    if wrong_owner {
        steps.push(Step::Owner { uid, gid });
    }
    if status.mode != MODE && !(wrong_owner && is_open) {
        steps.push(Step::Mode);
    }
    steps
}

/// Flags of the uppermost mount, and its limits where it has none. A limit that somebody chose is kept.
pub(super) fn remount(facts: &Facts) -> Option<Step> {
    let layer = facts.layers.last()?;
    let flags = !layer.has_flag("nosuid")
        || !layer.has_flag("nodev")
        || layer.has_flag("noexec")
        || layer.has_flag("ro");
    let limits = lacks_limits(facts).then_some(facts.limits);
    (flags || limits.is_some()).then_some(Step::Remount(limits))
}

/// A default tmpfs takes half of the memory and shows neither option. An unlimited one (`size=0`) cannot be limited
/// afterwards (Linux `mm/shmem.c`, `shmem_reconfigure`), so it is left.
fn lacks_limits(facts: &Facts) -> bool {
    let (Some(layer), Some(space)) = (facts.layers.last(), facts.space) else { return false };
    let Limits { size, inodes } = facts.limits;
    let sized = layer.super_option("size").is_some() || is_near(space.size, size);
    let counted = layer.super_option("nr_inodes").is_some() || is_near(space.inodes, inodes);
    !(sized && counted) && space.size != 0 && space.inodes != 0
}

/// The kernel rounds to pages.
fn is_near(actual: u64, wanted: u64) -> bool {
    actual.abs_diff(wanted) <= 65536
}

/// What a live session keeps until it ends.
pub(super) fn left_on_live(facts: &Facts) -> String {
    let directory = directory::path(facts.account.uid);
    format!(
        "{directory} has other mount flags or limits than systemd sets; the session is live, so the next login sets them"
    )
}
