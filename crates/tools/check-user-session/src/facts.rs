//! What the findings are made from: plain values, no descriptors.

use std::path::PathBuf;

use systemd::files::Overrides;
use systemd::journal::Journal;
use systemd::login;
use systemd::manager::Manager;
use systemd::unit::Unit;
use user_session::bus::Answer;
use user_session::causes::Host;
use user_session::cgroup::Population;
use user_session::fstab::Entry;
use user_session::limits::Limits;
use user_session::namespace::MountNamespace;
use user_session::policy::Verdict;
use user_session::wslg::Link;
use user_session::{Account, Mount};

pub use user_session::directory::Place;

/// A fact, or why it could not be had here.
pub type Looked<T> = Result<T, String>;

/// All that is known of one user's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose session it is.
    pub account: Account,
    /// Whether the caller is that user.
    pub is_own: bool,
    /// NixOS, WSL.
    pub host: Host,
    /// What PID 1 says of itself.
    pub manager: Looked<Manager>,
    /// Whether the mounts seen here are those of PID 1.
    pub namespace: MountNamespace,
    /// The directory and its mounts.
    pub directory: Directory,
    /// Root causes in files.
    pub causes: Causes,
    /// What runs.
    pub units: Looked<Units>,
    /// Processes in the control group of `user@UID.service`.
    pub population: Population,
    /// Files that keep users from logging in, `/run/nologin` and `/etc/nologin`.
    pub nologin: Vec<&'static str>,
    /// Warnings of this boot; `None` while waiting, where it is not looked at.
    pub journal: Option<Looked<Journal>>,
    /// Sockets of the session.
    pub sockets: Sockets,
    /// The caller's environment, where the caller is the user.
    pub environment: Option<Environment>,
    /// logind and linger.
    pub linger: Linger,
    /// Where this is WSL.
    pub wsl: Option<WslSession>,
}

/// `/run/user` and `/run/user/UID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// `/run/user`.
    pub parent: Looked<Place>,
    /// `/run/user/UID`.
    pub place: Looked<Place>,
    /// Mounts at `/run/user`, lowest first.
    pub parent_layers: Vec<Mount>,
    /// Mounts at `/run/user/UID`, lowest first.
    pub layers: Vec<Mount>,
    /// Mount points that show the same superblock: on WSL the twin below `/mnt/wslg`.
    pub twins: Vec<String>,
    /// Type of the file system that the path ends on.
    pub fstype: String,
    /// What logind would allow.
    pub limits: Limits,
    /// What statfs(2) says is allowed, in bytes and inodes; `None` where nothing is mounted or it cannot be asked.
    pub space: Option<Limits>,
    /// Whether this host lets systemd mount at all; a container may not, and then a plain directory is right.
    pub may_mount: bool,
}

/// What stands in files and breaks the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// Entries of `/etc/fstab` in the way.
    pub stray: Vec<Entry>,
    /// What a switch would do to them; `None` where there is no next system.
    pub next: Option<Next>,
    /// What stands beyond systemd's own `user-runtime-dir@.service`.
    pub overrides: Overrides,
}

/// The system that a switch would bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where it stands.
    pub system: PathBuf,
    /// Whether it is the running one.
    pub is_running: bool,
    /// Entries of its fstab in the way.
    pub stray: Vec<Entry>,
}

/// Units of the system manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// `user-runtime-dir@UID.service`.
    pub directory: Unit,
    /// `user@UID.service`.
    pub manager: Unit,
    /// `systemd-user-sessions.service`, behind which every `user@` waits.
    pub sessions: Unit,
}

/// What answers below the runtime directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// `bus`.
    pub bus: Answer,
    /// `systemd/private`.
    pub private: Answer,
    /// Whether the host has a `dbus.socket` for users at all.
    pub has_bus_unit: bool,
}

/// Two variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `$XDG_RUNTIME_DIR`.
    pub runtime_directory: Option<String>,
    /// `$DBUS_SESSION_BUS_ADDRESS`.
    pub bus: Option<String>,
}

/// Who keeps the manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linger {
    /// What logind knows of the user.
    pub user: Looked<Option<login::User>>,
    /// Whether its file exists.
    pub is_declared: bool,
    /// What a NixOS configuration says.
    pub policy: Option<Verdict>,
    /// Linger files of names that nobody has.
    pub unknown: Vec<String>,
}

/// What WSL adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WslSession {
    /// `/bin/login`, which WSL runs for every user.
    pub has_login: bool,
    /// Whether WSLg is there (`guiApplications`).
    pub has_gui: bool,
    /// Links in the runtime directory that are missing or lead nowhere.
    pub lost_links: Looked<Vec<Link>>,
    /// WSLg's own sockets, by name, and what connect(2) said.
    pub servers: Vec<(&'static str, Answer)>,
    /// Whether X11's socket stands where its clients look; `None` where WSLg offers none.
    pub has_x11: Option<bool>,
}

impl Facts {
    /// Whether anybody has a use for a manager: a session, linger, a shell of the user's own, or WSL, which logs its
    /// users in at each start. Root's shells come by sudo(8) or a unit and have none.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        let has_session = self
            .linger
            .user
            .as_ref()
            .is_ok_and(|user| user.as_ref().is_some_and(|user| !user.sessions.is_empty()));
        let is_person = self.account.uid != 0;
        has_session || self.linger.is_declared || (is_person && (self.is_own || self.wsl.is_some()))
    }

    /// Whether the manager runs, as far as can be told: by its unit, or by its own socket.
    #[must_use]
    pub fn is_up(&self) -> bool {
        match &self.units {
            Ok(units) => units.manager.is_up(),
            Err(_) => self.sockets.private.listens(),
        }
    }
}
