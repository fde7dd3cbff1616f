//! A launchd for tests, which keeps its domains and jobs in a file of a tree and answers as launchctl is documented to.
//!
//! It is no program: the test binary itself is linked into the tree under the names of Apple's tools, and answers as one of
//! them when it is started by such a name. So nothing of it can come into an archive. A test file that uses it has
//! `harness = false`, a `main` that calls [`run`], and its tests by name:
//!
//! ```text
//! fn main() -> std::process::ExitCode {
//!     launchd_stand_in::run(launchd_stand_in::trials![a_job_is_loaded, a_job_is_left_alone])
//! }
//! ```
//!
//! What it does is taken from launchctl(1), launchd.plist(5), the constants of ProcursusTeam/launchctl and the issues that
//! `launchd` (the crate of facts) names. Nothing of it was compared with a Mac.

mod answer;
mod definition;
mod handle;
mod job;
mod other;
mod print;
mod state;

#[cfg(feature = "trials")]
mod trials;

pub use answer::answer;
pub use handle::Launchd;
pub use state::{Job, State};
#[cfg(feature = "trials")]
pub use trials::{Outcome, Test, run};

/// The tools of macOS that it answers for: where each stands in a tree.
pub const TOOLS: [&str; 5] = [
    "bin/launchctl",
    "usr/bin/sfltool",
    "usr/bin/sudo",
    "usr/bin/osascript",
    "System/Library/Filesystems/apfs.fs/Contents/Resources/apfs.util",
];
