//! Facts about the activation of a whole host: whether the system that its profile says runs, whether what that needs is
//! there, and whether launchd has the jobs that it wants. The domain of this crate is the comparison, so that it stands on
//! the crates that know the parts, [`nix_host`] and [`launchd`].
//!
//! Everything here reads. [`gather`](gather()) looks, [`judge`](judge()) is pure and gives typed troubles; programs give them
//! ids, words and exit codes. What a shell asks at its start is [`link`] alone: a few system calls and no process.

pub mod facts;
pub mod files;
pub mod gather;
pub mod ground;
pub mod job;
pub mod jobs;
pub mod judge;
pub mod link;
pub mod own;
pub mod shape;
pub mod trouble;

pub use facts::Facts;
pub use gather::{Person, Request, gather};
pub use job::Job;
pub use judge::judge;
pub use shape::Shape;
pub use trouble::Trouble;
