//! One line that stands still: for a program that waits seldom and must stay small.

use std::io::Write as _;

use crate::Report;
use crate::text::printable;

/// The line; removed from the terminal on drop.
#[derive(Debug)]
pub struct Still {
    is_live: bool,
}

impl Still {
    /// Shows a line, if there is a terminal.
    #[must_use]
    pub fn start(report: &Report, text: &str) -> Self {
        let progress = Self { is_live: report.is_live() };
        progress.say(text);
        progress
    }

    /// Changes the text.
    pub fn say(&self, text: &str) {
        if self.is_live {
            draw(&printable(text));
        }
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        if self.is_live {
            draw("");
        }
    }
}

/// ECMA-48 EL: the line is erased from the cursor on. A terminal that cannot be written to is no error here.
fn draw(text: &str) {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "\r\x1b[K{text}");
    let _ = stderr.flush();
}
