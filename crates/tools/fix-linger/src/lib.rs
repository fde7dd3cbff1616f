//! `fix-linger`: keeps users' service managers running without a session: through logind where it runs, by its file
//! where it does not, and read back afterwards. Never disables, and never fights a NixOS configuration.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod manual;

#[cfg(target_os = "linux")]
mod apply;
#[cfg(target_os = "linux")]
mod gather;
#[cfg(target_os = "linux")]
mod mend;
#[cfg(target_os = "linux")]
mod words;

#[cfg(target_os = "linux")]
pub use mend::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no logind on other platforms.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "fix-linger works on Linux with systemd only"))
}
