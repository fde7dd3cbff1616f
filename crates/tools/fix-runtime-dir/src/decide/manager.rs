//! Whether `user@UID.service` needs a push, once the directory is in order (RF10, RF11, RF13).

use oneshot::Finding;

use super::refuse;
use crate::facts::{Facts, Manager, Session};

/// What is done about the manager.
#[derive(Debug, PartialEq, Eq)]
pub enum ManagerStep {
    /// It runs and its bus answers.
    Nothing,
    /// Nobody needs it: the reason.
    Unneeded(String),
    /// Start it without waiting for the job, after `reset-failed` of the units named.
    Start {
        /// Units in the failed state.
        failed: Vec<String>,
    },
    /// It is on its way: only wait.
    Wait,
    /// It runs, but its bus socket is gone or dead.
    RestartBus,
    /// It cannot work from here.
    Refuse(Box<Finding>),
}

/// The step for the manager of `facts.account`.
#[must_use]
pub fn manager_step(facts: &Facts, session: &Session) -> ManagerStep {
    if let Some(finding) = refuse::foreign_cgroup(session) {
        return ManagerStep::Refuse(Box::new(finding));
    }
    let uid = facts.account.uid;
    match session.manager {
        Manager::Active if session.bus => ManagerStep::Nothing,
        Manager::Active => ManagerStep::RestartBus,
        Manager::Activating | Manager::Queued => ManagerStep::Wait,
        Manager::Inactive if !session.is_wanted => ManagerStep::Unneeded(format!(
            "{} is not logged in and linger is off, so there is no manager to start (see fix-linger)",
            facts.account.name
        )),
        Manager::Failed | Manager::Inactive | Manager::Unknown => {
            let mut failed = Vec::new();
            if session.directory_unit_has_failed {
                failed.push(format!("user-runtime-dir@{uid}.service"));
            }
            if session.manager == Manager::Failed {
                failed.push(format!("user@{uid}.service"));
            }
            ManagerStep::Start { failed }
        }
    }
}
