//! What is to be done, from the facts alone.

use std::fmt;

use systemd::unit::{Active, Load};
use user_session::policy::Verdict;
use user_session::{Account, linger};

use crate::facts::{Facts, Logind};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call logind, which writes its file and starts the manager at once.
    Enable {
        /// Whom.
        name: String,
        /// By what logind is told.
        uid: u32,
    },
    /// Create logind's file while it does not run.
    Declare {
        /// The file.
        path: String,
    },
    /// Start `user@UID.service`, which logind does only once for a user.
    Start {
        /// Whose manager.
        uid: u32,
    },
}

impl Step {
    /// Stable word for the report.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Enable { .. } => "enable-linger",
            Self::Declare { .. } => "create-file",
            Self::Start { .. } => "start-unit",
        }
    }

    /// What is changed.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Enable { name, .. } => name.clone(),
            Self::Declare { path } => path.clone(),
            Self::Start { uid } => format!("user@{uid}.service"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enable { name, uid } => write!(out, "enable linger of {name} (uid {uid}) through logind"),
            Self::Declare { path } => write!(out, "create {path} for the next start of logind"),
            Self::Start { uid } => write!(out, "start user@{uid}.service, which lingers but does not run"),
        }
    }
}

/// Where a user stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The user lingers, and the manager is up (or comes with logind's next start).
    InOrder,
    /// One change brings it nearer.
    Do(Step),
    /// On its way: looking again will tell.
    Wait,
    /// The configuration would undo it, or may.
    Undone,
    /// The user lingers, but the manager failed: that is another fault than linger.
    ManagerFailed,
    /// The manager's unit is masked or missing.
    NoManager,
}

/// Decides on one user. `until_next_switch`: enable even what the configuration undoes.
#[must_use]
pub fn decide(account: &Account, facts: &Facts, until_next_switch: bool) -> Plan {
    // What a script that is not understood leaves in order is left in order; beyond that it is not fought either.
    let is_undone = matches!(facts.policy, Some(Verdict::Disables | Verdict::Unknown));
    let may_enable = !is_undone || until_next_switch;
    let session = match &facts.logind {
        Logind::Down if facts.is_declared => return Plan::InOrder,
        Logind::Down if may_enable => {
            return Plan::Do(Step::Declare { path: linger::path(&account.name) });
        }
        Logind::Down => return Plan::Undone,
        Logind::Up(session) => session,
    };
    // Up to systemd 255 a manager that fails takes its directory with it, and then logind forgets the user: telling it
    // anew would only try the same again.
    if facts.is_declared && session.manager.active == Active::Failed && !session.manager.is_moving() {
        return Plan::ManagerFailed;
    }
    // logind's own word counts: of a file that came after its start it knows only where it knows the user already.
    let Some(user) = session.user.as_ref().filter(|user| user.linger) else {
        return if may_enable {
            Plan::Do(Step::Enable { name: account.name.clone(), uid: account.uid })
        } else {
            Plan::Undone
        };
    };
    match &session.manager.active {
        _ if session.manager.is_moving() || session.directory.is_moving() => Plan::Wait,
        Active::Active | Active::Reloading if user.is_present() => Plan::InOrder,
        Active::Inactive if session.manager.load == Load::Loaded => {
            Plan::Do(Step::Start { uid: account.uid })
        }
        Active::Inactive => Plan::NoManager,
        _ => Plan::Wait,
    }
}

#[cfg(test)]
mod tests;
