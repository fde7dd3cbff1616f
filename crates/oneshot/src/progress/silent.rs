//! A program that never waits draws nothing.

use crate::Report;

/// The line; draws nothing.
#[derive(Debug)]
pub struct Progress;

impl Progress {
    /// Starts a line, if there is a terminal.
    #[must_use]
    pub fn start(_report: &Report, _text: &str) -> Self {
        Self
    }

    /// Changes the text.
    pub fn say(&self, _text: &str) {}
}
