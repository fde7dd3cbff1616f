//! From facts to steps. Reads nothing: no file, no environment, no clock, no uid.

use oneshot::Finding;
use user_session::directory::{self, Status};

use crate::arguments::Wishes;
use crate::facts::{Facts, Place, Session};
use crate::step::Step;

mod in_place;
mod manager;
mod refuse;

pub use manager::{ManagerStep, manager_step};
pub use refuse::is_runtime_directory;

/// `/run/user` as systemd makes it (`src/login/user-runtime-dir.c`, `user_mkdir_runtime_path`).
const PARENT_MODE: u32 = 0o755;

/// Id of the cause that keeps `user-runtime-dir@.service` from making the directory.
pub const OVERRIDE: &str = "runtime-dir-override";

/// What is to be done, and what has to be said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In their order.
    pub steps: Vec<Step>,
    /// Why something is left as it is.
    pub findings: Vec<Finding>,
    /// A word on why nothing is to be done, for `-v`.
    pub idle: Option<String>,
}

/// Whether everything is as systemd would have made it, judged without a look at the session.
#[must_use]
pub fn is_in_order(facts: &Facts, wishes: &Wishes) -> bool {
    if facts.is_elsewhere || !parent_steps(&facts.parent).is_empty() || refuse::parent(facts).is_some() {
        return false;
    }
    if wishes.prepare {
        return true;
    }
    let Place::Directory(status) = facts.place else { return false };
    refuse::place(facts, &status).is_none()
        && in_place::ownership(facts, &status).is_empty()
        && facts.layers.len() == usize::from(facts.may_mount)
        && in_place::remount(facts).is_none()
        && (facts.is_in_own_unit || facts.lost_links.is_empty())
}

/// The steps that bring the directory in order, or the reasons why there are none.
#[must_use]
pub fn plan(facts: &Facts, wishes: &Wishes) -> Plan {
    let mut plan = Plan::default();
    if facts.is_elsewhere {
        plan.findings.push(refuse::other_namespace());
        return plan;
    }
    if let Some(refusal) = refuse::parent(facts) {
        plan.findings.push(refusal);
        return plan;
    }
    plan.steps = parent_steps(&facts.parent);
    let Some(session) = &facts.session else { return plan };
    if wishes.prepare {
        return plan;
    }
    match facts.place {
        Place::Missing => missing(facts, session, wishes, &mut plan),
        Place::Other(kind) => plan.findings.push(refuse::not_a_directory(facts, kind)),
        Place::Directory(status) => standing(facts, session, &status, wishes, &mut plan),
    }
    explain(session, &mut plan);
    plan
}

fn parent_steps(parent: &Place) -> Vec<Step> {
    let Place::Directory(status) = parent else { return Vec::new() };
    let mut steps = Vec::new();
    if (status.uid, status.gid) != (0, 0) {
        steps.push(Step::ParentOwner);
    }
    if status.mode != PARENT_MODE {
        steps.push(Step::ParentMode);
    }
    steps
}

/// RF5. A user who is not logged in has no directory, and a stray one would make `nixos-rebuild switch` fail.
fn missing(facts: &Facts, session: &Session, wishes: &Wishes, plan: &mut Plan) {
    let directory = directory::path(facts.account.uid);
    if !session.is_wanted {
        plan.idle = Some(format!(
            "{directory} does not exist and nobody needs it: {} is not logged in and linger is off",
            facts.account.name
        ));
    } else if let Some(finding) = refuse::foreign_cgroup(session) {
        plan.findings.push(finding);
    } else if facts.is_in_own_unit || session.directory_unit_is_up {
        // systemd's own program ran, or an override in its place, and there is nothing.
        plan.steps.push(Step::Make);
    } else if wishes.start_manager {
        // user@ pulls in user-runtime-dir@, which makes it; this program runs in that unit again.
        plan.idle = Some(format!("{directory} does not exist yet; starting the manager makes it"));
    } else if session.causes.iter().any(|cause| cause.id == OVERRIDE) {
        // Started in vain, now and at every later run.
        plan.findings.push(absent(&directory));
    } else if session.stops_when_unneeded {
        let finding = absent(&directory).hint("user-runtime-dir@.service of this systemd makes it only together with user@.service: run fix-runtime-dir --start-manager");
        plan.findings.push(finding);
    } else {
        plan.steps.push(Step::StartDirectoryUnit);
    }
}

fn absent(directory: &str) -> Finding {
    Finding::fail("runtime-dir-exists", format!("{directory} does not exist")).shape("RF5")
}

fn standing(facts: &Facts, session: &Session, status: &Status, wishes: &Wishes, plan: &mut Plan) {
    if let Some(finding) = refuse::place(facts, status).or_else(|| refuse::foreign_cgroup(session)) {
        let may_take_over = finding.id == refuse::OWNER && wishes.take_over;
        if !may_take_over || session.is_live() || session.other_is_live {
            plan.findings.push(finding);
            return;
        }
    }
    if facts.layers.len() > 1 {
        if !session.is_live() || (!session.bus && lower_is_systemds(facts)) {
            plan.steps.push(Step::Unmount);
            return;
        }
        plan.findings.push(
            Finding::warn("runtime-dir-layers", format!("{} mounts cover each other", facts.layers.len()))
                .shape("RF3")
                .hint("the live session uses the upper one, so nothing is unmounted; log out and in again"),
        );
    }
    let before = plan.steps.len();
    plan.steps.extend(in_place::ownership(facts, status));
    if status.uid == 0 || !plan.steps.is_empty() {
        plan.steps.extend(session.root_owned_children.iter().copied().map(Step::Child));
    }
    if !session.strangers.is_empty() {
        plan.findings.push(refuse::strangers(facts, session));
    }
    if facts.layers.is_empty() {
        plain(facts, session, plan);
    } else if let Some(remount) = in_place::remount(facts) {
        if session.is_live() {
            plan.idle = Some(in_place::left_on_live(facts));
        } else {
            plan.steps.push(remount);
        }
    }
    if session.selinux && plan.steps.len() > before {
        plan.steps.push(Step::Relabel);
    }
    if session.is_live() && !facts.is_in_own_unit {
        plan.steps.extend(facts.lost_links.iter().cloned().map(Step::Link));
    }
    // A mount covers what the other steps work on.
    plan.steps.sort_by_key(Step::moves_ground);
}

/// RF4: a plain directory where a tmpfs should be.
fn plain(facts: &Facts, session: &Session, plan: &mut Plan) {
    if session.is_live() {
        return;
    }
    if facts.backing != "tmpfs" {
        plan.steps.extend(session.stale_sockets.iter().copied().map(Step::RemoveSocket));
    }
    if facts.may_mount {
        plan.steps.push(Step::Mount(facts.limits));
    }
}

/// Whether the layer under the uppermost one is a tmpfs that was made for this user.
fn lower_is_systemds(facts: &Facts) -> bool {
    let lower = facts.layers.len().checked_sub(2).and_then(|below| facts.layers.get(below));
    lower.is_some_and(|lower| {
        let owner = facts.account.uid.to_string();
        // Root's own uid is the default and is not shown.
        lower.fstype == "tmpfs" && lower.super_option("uid").unwrap_or("0") == owner
    })
}

/// Root causes belong to a repair or a refusal; a directory in order needs no lecture.
fn explain(session: &Session, plan: &mut Plan) {
    if plan.steps.is_empty() && !plan.findings.iter().any(|finding| finding.status == oneshot::Status::Fail) {
        return;
    }
    plan.findings.extend(causes(session));
}

/// RF18: not the directory's fault, and at boot, where the unit of the directory runs, no fault at all.
#[must_use]
pub fn held_up(facts: &Facts) -> Option<Finding> {
    (facts.nologin && !facts.is_in_own_unit && !facts.is_elsewhere).then(refuse::nologin)
}

/// The root causes as findings; they do not change the exit code, because what was mended works now.
pub fn causes(session: &Session) -> impl Iterator<Item = Finding> {
    session.causes.iter().map(|cause| {
        let finding = Finding::warn(cause.id, format!("cause: {}", cause.text)).shape(cause.shape);
        finding.hints(cause.hints.iter().cloned())
    })
}

#[cfg(test)]
mod tests;
