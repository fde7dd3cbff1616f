//! What the owner tells the supervisor and the init: one line of JSON on their standard input.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::wsl::Wsl;

/// A machine to be booted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) lower: Lower,
    /// The cgroup of the machine, as the host sees it.
    pub(crate) cgroup: PathBuf,
    pub(crate) hostname: String,
    pub(crate) wsl: Option<Wsl>,
    /// The environment of PID 1.
    pub(crate) environment: Vec<(String, String)>,
    /// Folders of the host, and where they are seen inside.
    pub(crate) binds: Vec<(PathBuf, PathBuf)>,
    /// Folders that are a tmpfs of their own, and no part of the overlay.
    pub(crate) memory: Vec<PathBuf>,
    /// Put into the upper layer in this order.
    pub(crate) payload: Vec<Payload>,
    /// Run in this order when everything is mounted, before systemd.
    pub(crate) before_systemd: Vec<Vec<String>>,
}

/// What lies beneath the tmpfs that a machine writes to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Lower {
    /// A whole root file system.
    Root(PathBuf),
    /// The host's `/usr`, and what its login needs of its `/etc`.
    HostUsr,
}

/// One thing put into the upper layer before systemd starts. Paths are absolute and the machine's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Payload {
    File { path: PathBuf, contents: Vec<u8>, mode: u32 },
    Copy { host: PathBuf, path: PathBuf },
    Link { path: PathBuf, target: PathBuf },
    Directory { path: PathBuf, mode: u32, uid: u32, gid: u32 },
}

impl Payload {
    /// Where it goes.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File { path, .. }
            | Self::Copy { path, .. }
            | Self::Link { path, .. }
            | Self::Directory { path, .. } => path,
        }
    }
}

/// The supervisor's answer on its standard output, when the init has been started.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    /// PID 1 of the machine, in the owner's PID namespace.
    pub(crate) pid: i32,
}
