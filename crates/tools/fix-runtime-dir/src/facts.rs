//! What the decision is made from: plain values, no descriptors.

use user_session::cgroup::Population;
use user_session::limits::Limits;
use user_session::{Account, Mount};

pub use user_session::directory::Place;
pub use user_session::wslg::Link;

/// All that is known of one user's runtime directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose directory it is.
    pub account: Account,
    /// `/run/user`.
    pub parent: Place,
    /// `/run/user/UID`.
    pub place: Place,
    /// The mounts at that path, lowest first.
    pub layers: Vec<Mount>,
    /// Mount points that show the same superblock and are no runtime directory of this user.
    pub shown_elsewhere: Vec<String>,
    /// Type of the file system that a plain directory stands on.
    pub backing: String,
    /// What logind would allow it.
    pub limits: Limits,
    /// What the mounted file system allows now, `None` where it is no mount.
    pub space: Option<Space>,
    /// Whether this process may mount (`CAP_SYS_ADMIN`): a container may not, and systemd then leaves a plain directory.
    pub may_mount: bool,
    /// WSLg links that are missing or lead nowhere; empty where there is no WSLg.
    pub lost_links: Vec<Link>,
    /// Whether this process belongs to `user-runtime-dir@UID.service`, that is runs before `user@UID.service`.
    pub is_in_own_unit: bool,
    /// Whether the above was seen in another mount namespace than that of PID 1.
    pub is_elsewhere: bool,
    /// `/run/nologin` stands (RF18): a manager waits at the barrier, whatever its directory looks like.
    pub nologin: bool,
    /// Looked at only where the above is not in order.
    pub session: Option<Session>,
}

/// Limits of a mounted tmpfs, as statfs(2) tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes, 0 for no limit.
    pub size: u64,
    /// Inodes, 0 for no limit.
    pub inodes: u64,
}

/// What is known of the user's session, and of why it may be broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Somebody listens at `bus`.
    pub bus: bool,
    /// Somebody listens at `systemd/private`.
    pub private: bool,
    /// Processes in the control group of `user@UID.service`.
    pub population: Population,
    /// `user@UID.service`.
    pub manager: Manager,
    /// Why `user@UID.service` failed, in systemd's word.
    pub result: String,
    /// `user-runtime-dir@UID.service` counts as started.
    pub directory_unit_is_up: bool,
    /// `user-runtime-dir@UID.service` is in the failed state.
    pub directory_unit_has_failed: bool,
    /// `StopWhenUnneeded=` of that unit (systemd up to 255): alone it goes away at once.
    pub stops_when_unneeded: bool,
    /// logind knows the user, linger is on, or the unit above is up: the directory should exist.
    pub is_wanted: bool,
    /// The uid that owns the directory now, if it is another user's, has a live manager.
    pub other_is_live: bool,
    /// Root-owned entries of the fixed list that WSL made inside.
    pub root_owned_children: Vec<&'static str>,
    /// Entries of third users, put there while everybody could write.
    pub strangers: Vec<String>,
    /// Sockets of the fixed list that nobody listens at any more.
    pub stale_sockets: Vec<&'static str>,
    /// SELinux is on, so that what was changed needs its label.
    pub selinux: bool,
    /// Root causes that this program must not touch.
    pub causes: Vec<Cause>,
}

/// State of `user@UID.service`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manager {
    /// The manager of the system could not be asked.
    #[default]
    Unknown,
    /// Runs.
    Active,
    /// On its way.
    Activating,
    /// Down, with a job that waits for its turn: always so while the unit of its directory starts.
    Queued,
    /// Never started, or stopped.
    Inactive,
    /// Failed.
    Failed,
}

/// A root cause and its cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Stable id of the finding.
    pub id: &'static str,
    /// Known failure shape.
    pub shape: &'static str,
    /// What it is.
    pub text: String,
    /// How to be rid of it.
    pub hints: Vec<String>,
}

impl Session {
    /// Whether anything says that the session lives: then nothing is unmounted or restarted.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.bus
            || self.private
            || self.population == Population::Local
            || matches!(self.manager, Manager::Active | Manager::Activating)
    }
}
