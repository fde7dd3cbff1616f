//! The lab: a throwaway real systemd in its own namespaces and its own cgroup, with real logind and real user
//! managers, and the tests that cross programs.
//!
//! A [`Machine`] is booted from a [`Release`], is reached by [`Machine::root`], [`Machine::user`] and
//! [`Machine::login`], and is gone when it is dropped. Three processes make one:
//!
//! 1. the owner (a test) holds the write end of a pipe, and nothing else that must be given back;
//! 2. the supervisor (`lab machine-supervise`) makes the cgroup, starts the third and waits. When the pipe closes,
//!    however the owner ended, it kills the machine and removes the cgroup;
//! 3. the init (`lab machine-init`) unshares, builds the root file system, and executes systemd as PID 1.
//!
//! Nothing of a machine is mounted in the host's mount namespace, and its upper layer is a tmpfs there.

mod accounts;
mod builder;
pub mod cgroup;
mod containers;
pub mod crowd;
pub mod generation;
pub mod host;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere.rs")]
mod inner;
mod inside;
mod login;
mod machine;
pub mod mountinfo;
pub mod podman;
mod programs;
pub mod project;
pub mod registry;
mod release;
pub mod report;
pub mod root;
pub mod session;
pub mod skip;
mod spec;
mod squatter;
#[cfg(feature = "trials")]
mod trials;
mod wsl;

pub use accounts::{ANN, ODD, TIM, USERS, User};
pub use builder::Builder;
pub use generation::Generation;
pub use inside::{Inside, Output};
pub use login::Login;
pub use machine::{Machine, wait_until};
pub use podman::Podman;
pub use programs::{have_programs, have_programs_in, programs};
pub use project::Project;
pub use registry::Registry;
pub use release::Release;
pub use report::Report;
pub use session::Session;
pub use skip::{skip, strict};
pub use squatter::Squatter;
#[cfg(feature = "trials")]
pub use trials::{Trials, trials};

/// What the hidden subcommands of the `lab` program run.
#[doc(hidden)]
pub mod stage {
    pub use crate::inner::{enter, init, supervise};
}
