//! `fix-unit-provenance`: puts the links of units back as the current generation ships them, keeps what stood there, has
//! the manager read its files once, and reads everything back. It starts, stops and resets nothing, but for a restart that
//! `--restart` asks for.

pub mod arguments;
pub mod decide;
pub mod manual;
pub mod step;

#[cfg(target_os = "linux")]
mod apply;
#[cfg(target_os = "linux")]
mod folder;
#[cfg(target_os = "linux")]
mod held;
#[cfg(target_os = "linux")]
mod mend;
#[cfg(target_os = "linux")]
mod restart;

#[cfg(target_os = "linux")]
pub use mend::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no systemd on other platforms.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "fix-unit-provenance works on Linux with systemd only"))
}
