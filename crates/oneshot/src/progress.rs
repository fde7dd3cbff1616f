//! A live line on standard error while a program waits; nothing unless a terminal is there.
//!
//! Without the feature `progress` the same names do nothing, so that programs need no `cfg`.

#[cfg(feature = "progress")]
#[path = "progress/live.rs"]
mod imp;
#[cfg(not(feature = "progress"))]
#[path = "progress/silent.rs"]
mod imp;

pub use imp::Progress;
