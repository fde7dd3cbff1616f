//! `apply-and-verify`: brings a compose project up and ends when every service of it is proven good or bad, with an exit
//! code that says which, whatever the compose provider said.
//!
//! The way of the data: [`arguments`] → gather → [`facts`] → [`decide`] → steps → apply → watch → report.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod manual;
pub mod step;

#[cfg(target_os = "linux")]
mod gather;
#[cfg(target_os = "linux")]
mod keep;
#[cfg(target_os = "linux")]
mod rollback;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod tell;
#[cfg(target_os = "linux")]
mod words;

#[cfg(target_os = "linux")]
pub use run::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// Containers of rootless podman live under systemd here.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "apply-and-verify works on Linux with systemd only"))
}
