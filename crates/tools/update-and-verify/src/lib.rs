//! `update-and-verify`: runs `podman auto-update`, has stacks renewed that it cannot update, and says of every container
//! that was touched whether it really works.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod manual;
pub mod matter;
pub mod rollbacks;
pub mod words;

#[cfg(target_os = "linux")]
mod gather;
#[cfg(target_os = "linux")]
mod places;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod stacks;

#[cfg(target_os = "linux")]
pub use run::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no systemd on other platforms, and podman's containers run in a virtual machine.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "update-and-verify works on Linux with systemd only"))
}
