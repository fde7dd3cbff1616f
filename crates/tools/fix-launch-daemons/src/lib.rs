//! `fix-launch-daemons`: has launchd run the jobs that the system's configuration wants, and says of each that does not why
//! not. What is loaded, unchanged and healthy is not touched.
//!
//! launchd is reached through launchctl alone, and below another root through the launchctl of that tree: so all of it runs
//! on every platform.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod manual;
pub mod step;

mod apply;
mod gather;
mod mend;
mod orphan;
mod place;
mod scope;
mod wanted;
mod words;

pub use arguments::Arguments;
pub use manual::MANUAL;
pub use mend::run;
