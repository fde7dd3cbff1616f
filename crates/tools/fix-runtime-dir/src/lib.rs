//! `fix-runtime-dir`: brings `/run/user/UID` into the state that systemd would have made, in place.
//!
//! The way of the data: [`arguments`] → [`gather`] → [`decide`] → [`step`] → [`apply`] → [`gather`] again.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod manual;
pub mod step;

#[cfg(target_os = "linux")]
mod apply;
#[cfg(target_os = "linux")]
mod gather;
#[cfg(target_os = "linux")]
mod holders;
#[cfg(target_os = "linux")]
mod links;
#[cfg(target_os = "linux")]
mod manager;
#[cfg(target_os = "linux")]
mod repair;
#[cfg(target_os = "linux")]
mod session;
#[cfg(target_os = "linux")]
mod sockets;

#[cfg(target_os = "linux")]
pub use repair::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no `/run/user` and no systemd on other platforms.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "fix-runtime-dir works on Linux with systemd only"))
}
