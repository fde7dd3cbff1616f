//! The repairs.

use std::fmt;

use user_session::limits::Limits;

use crate::facts::Link;

/// One change to the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `/run/user` to root.
    ParentOwner,
    /// `/run/user` to 0755.
    ParentMode,
    /// Close a world-writable directory before it is given away.
    Seal,
    /// The directory to the user.
    Owner {
        /// User.
        uid: u32,
        /// Primary group.
        gid: u32,
    },
    /// The directory to 0700.
    Mode,
    /// Entries that WSL made as root inside to the user.
    Child(&'static str),
    /// Flags of the mount, and limits where it has none.
    Remount(Option<Limits>),
    /// A socket that nobody listens at and that would outlive a boot.
    RemoveSocket(&'static str),
    /// The uppermost of several layers.
    Unmount,
    /// The directory itself.
    Make,
    /// A tmpfs as systemd mounts it.
    Mount(Limits),
    /// A link that WSLg's clients look for.
    Link(Link),
    /// The SELinux label.
    Relabel,
    /// `user-runtime-dir@UID.service`.
    StartDirectoryUnit,
}

impl Step {
    /// Stable word for the kind of change.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ParentOwner | Self::Owner { .. } | Self::Child(_) => "set-owner",
            Self::ParentMode | Self::Seal | Self::Mode => "set-mode",
            Self::Remount(_) => "remount",
            Self::RemoveSocket(_) => "remove-socket",
            Self::Unmount => "unmount",
            Self::Make => "make-directory",
            Self::Mount(_) => "mount",
            Self::Link(_) => "link",
            Self::Relabel => "relabel",
            Self::StartDirectoryUnit => "start-unit",
        }
    }

    /// Whether the mount table or the directory is another one afterwards, so that everything must be looked at again.
    #[must_use]
    pub fn moves_ground(&self) -> bool {
        matches!(self, Self::Unmount | Self::Make | Self::Mount(_) | Self::StartDirectoryUnit)
    }

    /// The sentence for a user's directory.
    #[must_use]
    pub fn sentence(&self, directory: &str) -> String {
        Sentence { step: self, directory }.to_string()
    }
}

struct Sentence<'a> {
    step: &'a Step,
    directory: &'a str,
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory;
        match self.step {
            Step::ParentOwner => write!(out, "chown /run/user to 0:0"),
            Step::ParentMode => write!(out, "chmod /run/user to 0755"),
            Step::Seal => write!(out, "chmod {directory} to 0700 before it changes hands"),
            Step::Owner { uid, gid } => write!(out, "chown {directory} to {uid}:{gid}"),
            Step::Mode => write!(out, "chmod {directory} to 0700"),
            Step::Child(name) => write!(out, "chown {directory}/{name}, which root made, to the user"),
            Step::Remount(None) => write!(out, "remount {directory} nosuid,nodev,exec"),
            Step::Remount(Some(limits)) => write!(
                out,
                "remount {directory} nosuid,nodev,exec,size={},nr_inodes={}",
                limits.size, limits.inodes
            ),
            Step::RemoveSocket(name) => write!(out, "remove {directory}/{name}, at which nobody listens"),
            Step::Unmount => write!(out, "unmount the upper layer of {directory}"),
            Step::Make => write!(out, "make {directory}"),
            Step::Mount(limits) => {
                write!(
                    out,
                    "mount a tmpfs with size={},nr_inodes={} on {directory}",
                    limits.size, limits.inodes
                )
            }
            Step::Link(link) => write!(out, "link {directory}/{} to {}", link.name, link.target),
            Step::Relabel => write!(out, "restore the SELinux label of {directory}"),
            Step::StartDirectoryUnit => write!(out, "start the unit that makes {directory}"),
        }
    }
}
