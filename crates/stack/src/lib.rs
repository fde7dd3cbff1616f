//! Bringing a compose project up, and watching containers until each is settled.
//!
//! Two things that are kept apart: [`watch`] looks at any containers and judges each by a rule, and knows of no project;
//! [`up`] has a provider change a project's containers and watches the services of that project. The judgement itself is
//! [`judge`], which is pure and compiles everywhere.
//!
//! Unlike a facts crate this one acts: it runs the provider and removes containers. It prints nothing.

pub mod expected;
pub mod judge;
pub mod portable;
pub mod sight;
pub mod stale;

#[cfg(target_os = "linux")]
pub mod apply;
#[cfg(target_os = "linux")]
pub mod logs;
#[cfg(target_os = "linux")]
pub mod memory;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
pub mod project;
#[cfg(target_os = "linux")]
pub mod require;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
pub mod up;
#[cfg(target_os = "linux")]
mod wake;
#[cfg(target_os = "linux")]
pub mod watch;

#[cfg(target_os = "linux")]
pub use signals::{asked_to_end, catch_ends};

#[cfg(target_os = "linux")]
mod signals {
    use anyhow::{Context, Result};

    use crate::sys;

    /// From now on a signal that asks this process to end is remembered, so that a provider can be ended first.
    pub fn catch_ends() -> Result<()> {
        sys::catch_ends().context("catching SIGTERM")
    }

    /// The name of the signal that asked this process to end, if one did.
    #[must_use]
    pub fn asked_to_end() -> Option<&'static str> {
        sys::asked_to_end().map(nix::sys::signal::Signal::as_str)
    }
}
