//! `recover-activation`: brings back what a boot of a Mac with nix-darwin left undone, from the smallest step to the
//! largest, and stops as soon as all is in order: the store, the link, the jobs, a full activation.
//!
//! The way of the data: [`arguments`] → `gather` → [`facts`] → [`decide`] → [`step`] → `apply` → `gather` again. The steps
//! are other programs, which are run as root by exact command lines and through nothing else.

pub mod arguments;
pub mod decide;
pub mod facts;
pub mod grants;
pub mod level;
pub mod manual;
pub mod step;
pub mod sudoers;
pub mod trust;

mod activate;
mod apply;
mod ask;
mod clause;
mod gather;
mod mend;
mod notify;
mod privilege;
mod reply;
mod stamp;
mod words;

pub use arguments::Arguments;
pub use manual::MANUAL;
pub use mend::run;
