//! The evidence file: what one run of a program of the suite proved, in its own words.
//!
//! A unit's state is no proof. `reset-failed` without a unit name turns a failure into success while it is still on its
//! way, and an inactive unit that nothing refers to is forgotten with all that happened to it. A file that the program
//! wrote itself survives both. It stands in the runtime directory, one folder a unit, one file an invocation
//! (`$INVOCATION_ID`, systemd.exec(5)), and is gone with the next boot.
//!
//! Unlike a facts crate this one writes too: the place and the form belong together.

mod own;
mod place;
mod record;

pub use own::{leave, own_unit, started_by};
pub use place::Place;
pub use record::{Record, of_unit};
