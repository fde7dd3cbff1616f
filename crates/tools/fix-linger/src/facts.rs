//! What the decision is made from: plain values.

use systemd::login;
use systemd::unit::Unit;
use user_session::policy::Verdict;

/// All that the decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether logind's file exists.
    pub is_declared: bool,
    /// What a NixOS configuration does to this user; `None` where there is none that does.
    pub policy: Option<Verdict>,
    /// What logind says.
    pub logind: Logind,
}

/// The daemon and what it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logind {
    /// It does not run: a file is all it needs, which it reads when it starts.
    Down,
    /// It runs.
    Up(Box<Session>),
}

/// The user as the running system has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What logind knows; `None` when the user neither lingers nor has a session.
    pub user: Option<login::User>,
    /// `user-runtime-dir@UID.service`, which comes before the manager.
    pub directory: Unit,
    /// `user@UID.service`.
    pub manager: Unit,
}
