//! `fix-current-system`: waits for the store, links `/run/current-system` to the system of the profile and the root of the
//! garbage collector to that link, and reads both back. It activates nothing, and asks nobody for a permission.
//!
//! The way of the data: [`arguments`] → `wait` → `gather` → [`facts`] → [`decide`] → [`step`] → `apply` → `gather` again.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod manual;
pub mod step;

mod apply;
mod gather;
mod kickstart;
mod mend;
mod wait;
mod words;

pub use arguments::Arguments;
pub use manual::MANUAL;
pub use mend::run;
