//! `check-user-session`: looks at everything that a user's session rests on and says what is wrong, why, and what cures
//! it. It never writes.
//!
//! The way of the data: [`arguments`] → gather → [`facts`] → [`decide`] → report.

pub mod arguments;
pub mod decide;
pub mod drawing;
pub mod facts;
pub mod manual;

#[cfg(target_os = "linux")]
mod check;
#[cfg(target_os = "linux")]
mod gather;

#[cfg(target_os = "linux")]
pub use check::run;

pub use arguments::Arguments;
pub use manual::MANUAL;

/// There is no `/run/user` and no systemd on other platforms.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &Arguments, _: &mut oneshot::Report) -> anyhow::Result<()> {
    Err(oneshot::refuse(oneshot::Exit::Unavailable, "check-user-session works on Linux with systemd only"))
}
