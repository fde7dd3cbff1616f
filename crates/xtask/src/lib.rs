//! What is made from the programs instead of being written: man pages, completions, and the archive that is shipped.

pub mod completions;
pub mod distribution;
pub mod executable;
pub mod man;
pub mod programs;

mod files;
