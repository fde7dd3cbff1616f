//! A directory on which exactly one mount stands, proven by asking for that mount (statmount(2)) and for the device of
//! every other (listmount(2)). The mount table says the same and more, but then the kernel writes out all of it, and it has
//! to be read again.
//!
//! Nothing is concluded here but "exactly one, and this is what it is". Wherever that is not certain the table decides:
//! [`crate::MountTable`].

use crate::Mount;

#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
pub use linux::look;

/// The one mount at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoleMount {
    /// As the table has it, but without its source.
    pub mount: Mount,
    /// Where else its file system, or a part of it, is mounted.
    pub others: Vec<String>,
}
