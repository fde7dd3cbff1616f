//! Connecting, with the flags that only Linux has.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket};

use super::Answer;

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
