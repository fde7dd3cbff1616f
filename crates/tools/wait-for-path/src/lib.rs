//! `wait-for-path`: waits until paths are there, with a deadline, and then executes a command in its own place. What a
//! shell line with Apple's wait4path does for a job of launchd, for any job on both systems.

pub mod arguments;
pub mod manual;

mod execute;
mod run;
mod sys;
mod words;

pub use arguments::Arguments;
pub use manual::MANUAL;
pub use run::run;
