//! A live line on standard error while a program waits; nothing unless a terminal is there.
//!
//! Without the feature `progress` the line stands still, which costs no thread and a seventh of the size; the names are

#[cfg(feature = "progress")]
#[path = "progress/live.rs"]
mod imp;
#[cfg(not(feature = "progress"))]
#[path = "progress/still.rs"]
mod imp;

pub use imp::Progress;
