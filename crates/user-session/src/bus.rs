//! Whether somebody answers at a socket. Environment variables prove nothing: WSL exports them even for a session
//! that failed (WSL `src/linux/init/init.cpp`), so a checker connects.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket};

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

/// Connects once, without waiting, and sends nothing.
#[must_use]
pub fn ask(path: &Path) -> Answer {
    match try_connect(path) {
        Ok(socket) => match getsockopt(&socket, PeerCredentials) {
            Ok(peer) => Answer::Listens { uid: peer.uid() },
            Err(error) => Answer::Fails(error),
        },
        Err(nix::Error::ECONNREFUSED) => Answer::Refuses,
        Err(nix::Error::ENOENT | nix::Error::ENOTDIR) => Answer::Missing,
        Err(error) => Answer::Fails(error),
    }
}

fn try_connect(path: &Path) -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_listener_a_left_over_socket_and_nothing_are_told_apart() -> anyhow::Result<()> {
        let tree = tempfile::tempdir()?;
        let path = tree.path().join("bus");
        assert_eq!(ask(&path), Answer::Missing);
        let listener = UnixListener::bind(&path)?;
        assert_eq!(ask(&path), Answer::Listens { uid: nix::unistd::getuid().as_raw() });
        drop(listener);
        assert_eq!(ask(&path), Answer::Refuses);
        assert_eq!(ask(&tree.path().join("x".repeat(200))), Answer::Fails(nix::Error::ENAMETOOLONG));
        Ok(())
    }
}
