//! `check-unit-provenance`: compares what the configuration says of units, what lies on the unit path and what the
//! manager has loaded, and says what is wrong, who did it and what cures it. It never writes.
//!
//! The way of the data: [`arguments`] → gather → [`provenance::Survey`] → [`decide`] → report.

pub mod allow;
pub mod arguments;
pub mod decide;
pub mod manual;

#[cfg(target_os = "linux")]
mod check;
#[cfg(target_os = "linux")]
mod gather;

#[cfg(target_os = "linux")]
pub use check::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no systemd on other platforms.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "check-unit-provenance works on Linux with systemd only"))
}
