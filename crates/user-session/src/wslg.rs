//! The links from the runtime directory to WSLg's sockets (WSL `src/linux/init/init.cpp`, `wslg-session.service`).

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::lost;

/// What `wslg-session.service` links.
pub const NAMES: [&str; 4] = ["wayland-0", "wayland-0.lock", "pulse/native", "pulse/pid"];

/// A link that WSLg's clients look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Name below the runtime directory.
    pub name: &'static str,
    /// Where it must lead.
    pub target: String,
}
