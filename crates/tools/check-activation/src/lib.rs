//! `check-activation`: says whether the system of the profile runs, whether what it needs is there, whether launchd has the
//! jobs that it wants, and what mends what is not so. It never writes.
//!
//! The way of the data: [`arguments`] → gather → [`activation::Facts`] → [`activation::judge()`] → [`decide`] → report. What
//! a shell asks at its start goes a shorter way ([`brief`]), and most often none at all ([`snippet`]).

pub mod arguments;
pub mod brief;
pub mod decide;
pub mod evidence;
pub mod manual;
pub mod snippet;

mod check;
mod gather;

pub use arguments::Arguments;
pub use check::run;
pub use manual::MANUAL;
