//! `restart-and-verify`: restarts units in one transaction, and says of each whether it really works. The judgement is
//! that of the crate `unit-restart`, and so are its words; this is its command line, and lint.

pub mod arguments;
pub mod manual;
pub mod words;

#[cfg(target_os = "linux")]
mod lint;
#[cfg(target_os = "linux")]
mod verify;
#[cfg(target_os = "linux")]
mod whose;

#[cfg(target_os = "linux")]
pub use verify::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no systemd on other platforms.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "restart-and-verify works on Linux with systemd only"))
}
