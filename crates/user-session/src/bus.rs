//! Whether somebody answers at a socket. Environment variables prove nothing: WSL exports them even for a session
//! that failed (WSL `src/linux/init/init.cpp`), so a checker connects.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::ask;

/// The session bus below the runtime directory.
pub const BUS: &str = "bus";

/// The user manager's own socket, which works without a bus.
pub const PRIVATE: &str = "systemd/private";

/// What connect(2) said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Somebody listens; the uid is that of the listener (unix(7), `SO_PEERCRED`).
    Listens {
        /// Whose process called listen(2).
        uid: u32,
    },
    /// There is a socket and nobody behind it: it is left over.
    Refuses,
    /// There is nothing at the path.
    Missing,
    /// Anything else, such as a denied permission.
    Fails(nix::Error),
}

impl Answer {
    /// Whether somebody listens.
    #[must_use]
    pub fn listens(self) -> bool {
        matches!(self, Self::Listens { .. })
    }
}
