//! What every program of mendutils stands on: arguments, exit codes, the report and its three shapes (terminal,
//! journal, JSON), the lock, deadlines, running a command, and paths below a root.
//!
//! This crate knows no domain: nothing here knows what a runtime directory or a unit is.

pub mod arguments;
pub mod clock;
pub mod command;
pub mod deadline;
pub mod exit;
pub mod keep;
pub mod link;
pub mod lock;
pub mod log;
pub mod manual;
pub mod program;
pub mod progress;
pub mod report;
pub mod resolve;
#[cfg(target_os = "linux")]
pub mod rights;
pub mod root;
pub mod text;

mod stream;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

pub use arguments::{Common, Limit, Wait, Write};
pub use deadline::{Backoff, Deadline};
pub use exit::{Exit, Refusal, refuse};
pub use log::Log;
pub use program::{Arguments, run};
pub use report::{Finding, Report, Status, StepState};
pub use resolve::Resolver;
pub use root::Root;
