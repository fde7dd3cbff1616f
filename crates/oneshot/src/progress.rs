//! A line on standard error while a program waits; nothing unless a terminal is there.
//!
//! Two types and not one with two bodies: features add up over a workspace, and a program that must stay small would get
//! the large body because another one wants it. What a program does not name, its linker leaves out.

#[cfg(feature = "progress")]
mod lines;
#[cfg(feature = "progress")]
mod live;
mod still;

#[cfg(feature = "progress")]
pub use lines::Lines;
#[cfg(feature = "progress")]
pub use live::Live;
pub use still::Still;
