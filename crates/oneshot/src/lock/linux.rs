//! `/run` is root's alone, and its files are gone with the next boot.

pub(super) const DIRECTORY: &str = crate::keep::RUNTIME;
